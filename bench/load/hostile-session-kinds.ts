// Kinds of hostile requests to sessions that the client opened itself: what comes there instead of RTMP, and numbers that
// no order makes sense of. Some sessions are closed, some forgotten.

import type { AnyReply } from './any-reply-reader.ts';
import type { HostileKind } from './hostile-kinds.ts';
import { absurdNumber, BODY_CAP_BYTES, declaringBytes, requestBytes, smallBody } from './hostile-requests.ts';
import type { Scene } from './hostile-scene.ts';
import { C0_C1, PACKET_BYTES } from './rtmp-bytes.ts';
import type { SeededRandom } from './seeded-random.ts';

/** C0, C1 and C2 at once: the server does not look at what C2 repeats. */
export const HANDSHAKE: Buffer = Buffer.concat([C0_C1, C0_C1.subarray(1, 1 + PACKET_BYTES)]);

const NO_BODY = Buffer.alloc(0);
const OPENED: ReadonlySet<number> = new Set([200, 429, 503]);
/** The session lives, or has ended by what was sent. */
const SESSIONS_OWN: ReadonlySet<number> = new Set([200, 404, 429]);
const TOO_LARGE: ReadonlySet<number> = new Set([413]);
const MOST_GARBAGE_BYTES = 4000;
/** A chunk's header that declares a video message of nearly as many bytes as a message may have. */
const LONG_MESSAGE_HEADER = Buffer.from('060000007380000901000000', 'hex');
const HUGE_GARBAGE = Buffer.alloc(BODY_CAP_BYTES - HANDSHAKE.length, 0xc6);
/** Requests that go up by one: so many and the session counts as numbered. */
const NUMBERED_FROM = 4;

/** All of them. */
export const SESSION_KINDS: readonly HostileKind[] = [
  { name: 'no handshake but noise', weight: 120, run: noise },
  { name: 'noise behind the handshake', weight: 120, run: noiseBehindHandshake },
  { name: 'forgotten opens', weight: 20, run: forgottenOpens },
  { name: 'polls at once', weight: 20, run: pollsAtOnce },
  { name: 'absurd numbers of a session', weight: 40, run: absurdNumbers },
  { name: 'retries with other bodies', weight: 50, run: otherRetries },
  { name: 'numbers far ahead', weight: 50, run: farAhead },
  { name: 'numbers ahead, then gone', weight: 6, run: aheadAndGone },
  { name: 'too long, declared, of a session', weight: 10, run: tooLong },
  { name: 'as long as may be, of a session', weight: 0.2, run: hugeNoise },
];

/** Opens a session; null where a cap forbids it. */
async function open({ fire, random }: Scene): Promise<string | null> {
  const pieces = [requestBytes('/open/1', smallBody(random))];
  const [reply] = await fire({ pieces, requestCount: 1, allowed: OPENED });
  return idOf(reply);
}

/** The id in a reply to /open; null where it refuses. */
export function idOf(reply: AnyReply | undefined): string | null {
  return reply?.statusCode === 200 ? reply.body.trimEnd() : null;
}

/** Sends bodies to a session, all at once, numbered from `from`. */
function sendAll(
  { fire }: Scene,
  id: string,
  bodies: readonly Buffer[],
  from: number,
): Promise<readonly AnyReply[]> {
  const pieces = bodies.map((body, index) => requestBytes(`/send/${id}/${from + index}`, body));
  return fire({ pieces: [Buffer.concat(pieces)], requestCount: bodies.length, allowed: SESSIONS_OWN });
}

/** Closes one of two sessions; the other is forgotten. */
async function leave({ fire, random, ended }: Scene, id: string): Promise<void> {
  if (random.oneIn(2)) return;
  const pieces = [requestBytes(`/close/${id}/${random.below(100)}`, NO_BODY)];
  await fire({ pieces, requestCount: 1, allowed: SESSIONS_OWN });
  ended.add(id);
}

function garbage(random: SeededRandom): Buffer[] {
  return Array.from({ length: random.between(1, 4) }, () =>
    random.bytes(random.between(1, MOST_GARBAGE_BYTES)),
  );
}

async function noise(scene: Scene): Promise<void> {
  const id = await open(scene);
  if (id === null) return;
  await sendAll(scene, id, garbage(scene.random), 0);
  await leave(scene, id);
}

async function noiseBehindHandshake(scene: Scene): Promise<void> {
  const id = await open(scene);
  if (id === null) return;
  const bodies = garbage(scene.random);
  if (scene.random.oneIn(3)) bodies.unshift(LONG_MESSAGE_HEADER);
  await sendAll(scene, id, [HANDSHAKE, ...bodies], 0);
  await leave(scene, id);
}

async function forgottenOpens(scene: Scene): Promise<void> {
  const count = scene.random.between(1, 4);
  const pieces = Array<Buffer>(count).fill(requestBytes('/open/1', NO_BODY));
  await scene.fire({ pieces, requestCount: count, allowed: OPENED });
}

async function pollsAtOnce(scene: Scene): Promise<void> {
  const id = await open(scene);
  if (id === null) return;
  const count = scene.random.between(2, 32);
  const pieces = Array.from({ length: count }, (_, index) => requestBytes(`/idle/${id}/${index}`, NO_BODY));
  await scene.fire({ pieces: [Buffer.concat(pieces)], requestCount: count, allowed: SESSIONS_OWN });
  await leave(scene, id);
}

async function absurdNumbers(scene: Scene): Promise<void> {
  const { random } = scene;
  const id = await open(scene);
  if (id === null) return;
  const targets = Array.from({ length: random.between(1, 16) }, () => `/send/${id}/${absurdNumber(random)}`);
  const pieces = [Buffer.concat(targets.map((target) => requestBytes(target, NO_BODY)))];
  await scene.fire({ pieces, requestCount: targets.length, allowed: SESSIONS_OWN });
  await leave(scene, id);
}

/** Opens a session and has it take its requests for numbered; gives its id and the next number. */
async function openNumbered(scene: Scene): Promise<{ readonly id: string; readonly next: number } | null> {
  const id = await open(scene);
  if (id === null) return null;
  await sendAll(scene, id, [HANDSHAKE, ...Array<Buffer>(NUMBERED_FROM).fill(NO_BODY)], 0);
  return { id, next: NUMBERED_FROM + 1 };
}

/** WHY: what is repeated as it was gets the answer of the first; with other bytes it is taken as it comes. */
async function otherRetries(scene: Scene): Promise<void> {
  const { random } = scene;
  const session = await openNumbered(scene);
  if (session === null) return;
  const { id, next } = session;
  const same = Array.from({ length: random.between(2, 8) }, () =>
    requestBytes(`/send/${id}/${next}`, NO_BODY),
  );
  const shot = { pieces: [Buffer.concat(same)], requestCount: same.length, allowed: SESSIONS_OWN };
  const [first, ...others] = await scene.fire(shot);
  if (others.some(({ statusCode, body }) => statusCode !== first?.statusCode || body !== first.body)) {
    scene.fault('what was repeated as it was got another answer');
  }
  const pieces = Array.from({ length: random.between(1, 8) }, () =>
    requestBytes(`/send/${id}/${next}`, random.bytes(100)),
  );
  await scene.fire({ pieces, requestCount: pieces.length, allowed: SESSIONS_OWN });
  await leave(scene, id);
}

async function farAhead(scene: Scene): Promise<void> {
  const { random } = scene;
  const session = await openNumbered(scene);
  if (session === null) return;
  const { id, next } = session;
  const ahead = random.between(1, 15);
  const numbers = [
    ...(random.oneIn(2) ? [next + 17, 9_999_999_999] : []),
    ...Array.from({ length: ahead }, (_, index) => next + ahead - index),
    next,
  ];
  const pieces = numbers.map((number) => requestBytes(`/send/${id}/${number}`, smallBody(random)));
  await scene.fire({ pieces: [Buffer.concat(pieces)], requestCount: numbers.length, allowed: SESSIONS_OWN });
  await leave(scene, id);
}

/** Leaves a gap for good, and much behind it. */
async function aheadAndGone(scene: Scene): Promise<void> {
  const { random } = scene;
  const session = await openNumbered(scene);
  if (session === null) return;
  const { id, next } = session;
  const pieces = Array.from({ length: 8 }, (_, index) =>
    requestBytes(`/send/${id}/${next + 2 + index}`, random.bytes(MOST_GARBAGE_BYTES)),
  );
  await scene.fire({ pieces, requestCount: pieces.length, allowed: SESSIONS_OWN, isLeft: true });
}

async function tooLong(scene: Scene): Promise<void> {
  const id = await open(scene);
  if (id === null) return;
  const pieces = [declaringBytes(`/send/${id}/0`, String(BODY_CAP_BYTES + 1))];
  await scene.fire({ pieces, requestCount: 1, allowed: TOO_LARGE });
  scene.ended.add(id);
}

async function hugeNoise(scene: Scene): Promise<void> {
  const id = await open(scene);
  if (id === null) return;
  const pieces = [declaringBytes(`/send/${id}/0`, String(BODY_CAP_BYTES)), HANDSHAKE, HUGE_GARBAGE];
  await scene.fire({ pieces, requestCount: 1, allowed: SESSIONS_OWN });
  await leave(scene, id);
}
