// Kinds of hostile requests that need no session: ids that nobody has, targets and numbers that make no sense, heads that
// are broken, bodies that are too large. Kinds with sessions are in hostile-session-kinds.ts.

import {
  absurdNumber,
  BODY_CAP_BYTES,
  badTarget,
  brokenHead,
  chunkedRequestBytes,
  declaringBytes,
  requestBytes,
  smallBody,
  unknownId,
  verb,
} from './hostile-requests.ts';
import type { Scene } from './hostile-scene.ts';
import { REFUSED } from './hostile-scene.ts';

/** A kind of hostile request. */
export type HostileKind = {
  /** What is sent, in words. */
  readonly name: string;
  /** How often it comes beside the others. */
  readonly weight: number;
  readonly run: (scene: Scene) => Promise<void>;
};

const MOST_AT_ONCE = 32;
const LARGE_BODY_BYTES = 64 * 1024;
const NO_BODY = Buffer.alloc(0);
/** Lengths that are told and are too long; those that no parser takes among them. */
const TOO_LONG = [
  String(BODY_CAP_BYTES + 1),
  '99999999999',
  '9007199254740993',
  '18446744073709551615',
  '9'.repeat(40),
];
/** Pieces in which a large body comes. */
const PIECE = Buffer.alloc(1024 * 1024, 0x5a);
const PIECES_TO_CAP = BODY_CAP_BYTES / PIECE.length;

const TOO_LARGE: ReadonlySet<number> = new Set([413]);
const TOO_LARGE_OR_BROKEN: ReadonlySet<number> = new Set([400, 413]);
const BROKEN: ReadonlySet<number> = new Set([400, 404, 429, 431]);
const OPENED: ReadonlySet<number> = new Set([200, 429, 503]);

/** All of them. */
export const PLAIN_KINDS: readonly HostileKind[] = [
  {
    name: 'unknown ids',
    weight: 300,
    run: (scene) =>
      burst(scene, ({ random }) =>
        requestBytes(`/${verb(random)}/${unknownId(random)}/${random.below(1000)}`, smallBody(random)),
      ),
  },
  {
    name: 'absurd numbers',
    weight: 120,
    run: (scene) =>
      burst(scene, ({ random }) =>
        requestBytes(`/${verb(random)}/${unknownId(random)}/${absurdNumber(random)}`, smallBody(random)),
      ),
  },
  {
    name: 'empty bodies',
    weight: 80,
    run: (scene) =>
      burst(scene, ({ random }) => emptyRequest(`/${verb(random)}/${unknownId(random)}/1`, random.oneIn(2))),
  },
  {
    name: 'bad targets',
    weight: 80,
    run: (scene) => burst(scene, ({ random }) => requestBytes(badTarget(random), smallBody(random)), BROKEN),
  },
  {
    name: 'ended sessions',
    weight: 80,
    run: (scene) =>
      burst(scene, ({ random, ended }) =>
        requestBytes(`/${verb(random)}/${ended.any(random)}/${random.below(20)}`, smallBody(random)),
      ),
  },
  {
    name: 'bodies for nobody',
    weight: 20,
    run: ({ random, fire }) => {
      const body = random.bytes(random.between(1, LARGE_BODY_BYTES));
      const target = `/send/${unknownId(random)}/1`;
      const cut = random.below(body.length);
      const pieces = random.oneIn(2)
        ? [requestBytes(target, body)]
        : chunkedRequestBytes(
            target,
            [body.subarray(0, cut), body.subarray(cut)].filter(({ length }) => length > 0),
          );
      return fire({ pieces, requestCount: 1, allowed: REFUSED }).then(ignore);
    },
  },
  {
    name: 'opens with absurd numbers',
    weight: 1,
    run: ({ random, fire }) => {
      const pieces = [requestBytes(`/open/${absurdNumber(random)}`, smallBody(random))];
      return fire({ pieces, requestCount: 1, allowed: OPENED }).then(ignore);
    },
  },
  {
    name: 'broken heads',
    weight: 30,
    run: ({ random, fire, drop }) => {
      drop();
      const shot = { pieces: [brokenHead(random)], requestCount: 1, allowed: BROKEN, mayEnd: true };
      return fire(shot).then(drop);
    },
  },
  {
    name: 'no HTTP',
    weight: 10,
    run: async ({ random, fire, drop }) => {
      drop();
      const bytes = random.bytes(random.between(1, 3000));
      await fire({ pieces: [bytes], requestCount: 1, allowed: BROKEN, isLeft: true });
    },
  },
  {
    name: 'cut off',
    weight: 15,
    run: async ({ random, fire }) => {
      const whole = requestBytes(`/send/${unknownId(random)}/1`, random.bytes(500));
      const pieces = [whole.subarray(0, random.between(1, whole.length - 1))];
      await fire({ pieces, requestCount: 1, allowed: REFUSED, isLeft: true });
    },
  },
  {
    name: 'too long, declared',
    weight: 15,
    run: ({ random, fire, drop }) => {
      const pieces = [declaringBytes(`/send/${unknownId(random)}/1`, random.oneOf(TOO_LONG))];
      return fire({ pieces, requestCount: 1, allowed: TOO_LARGE_OR_BROKEN, mayEnd: true }).then(drop);
    },
  },
  {
    name: 'too long, in chunks',
    weight: 0.1,
    run: async ({ random, fire, drop }) => {
      const chunks = [...Array<Buffer>(PIECES_TO_CAP).fill(PIECE), PIECE.subarray(0, 1)];
      const pieces = chunkedRequestBytes(`/send/${unknownId(random)}/1`, chunks);
      await fire({ pieces, requestCount: 1, allowed: TOO_LARGE, mayEnd: true });
      drop();
    },
  },
  {
    name: 'as long as may be, for nobody',
    weight: 0.1,
    run: async ({ random, fire }) => {
      const target = `/send/${unknownId(random)}/1`;
      const body = Array<Buffer>(PIECES_TO_CAP).fill(PIECE);
      const pieces = [declaringBytes(target, String(BODY_CAP_BYTES)), ...body];
      await fire({ pieces, requestCount: 1, allowed: REFUSED });
    },
  },
];

/** Many requests at once on one connection. */
async function burst(
  scene: Scene,
  make: (scene: Scene) => Buffer,
  allowed: ReadonlySet<number> = REFUSED,
): Promise<void> {
  const requestCount = scene.random.between(1, MOST_AT_ONCE);
  const pieces = Array.from({ length: requestCount }, () => make(scene));
  await scene.fire({ pieces: [Buffer.concat(pieces)], requestCount, allowed });
}

function emptyRequest(target: string, isDeclared: boolean): Buffer {
  if (isDeclared) return requestBytes(target, NO_BODY);
  return Buffer.from(`POST ${target} HTTP/1.1\r\nHost: gateway.example\r\n\r\n`);
}

function ignore(): void {
  // What was answered has been counted.
}
