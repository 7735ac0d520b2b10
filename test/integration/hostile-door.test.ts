// What speaks nothing that is known, or nothing at all, at listeners of each kind: every first byte there is, alone and
// with junk behind it. Each connection is closed or refused, for a reason that is counted, and viewers beside miss nothing.

import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { SeededRandom } from '../../fuzz/support/seeded-random.ts';
import type { ListenerKind } from '../../src/config/listener.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { Scope } from '../support/programs.ts';
import { exchange } from './hostile-door-client.ts';
import { DoorRig, KINDS } from './hostile-door-rig.ts';

const SETTINGS = {
  CULVERT_LISTENERS_FIRST_BYTE_TIMEOUT: '700ms',
  CULVERT_TLS_HANDSHAKE_TIMEOUT: '700ms',
  CULVERT_RTMP_HANDSHAKE_TIMEOUT: '700ms',
  CULVERT_HTTP_HEADERS_TIMEOUT: '1s',
  CULVERT_HTTP_REQUEST_TIMEOUT: '1s',
};

const TLS_RECORD = 0x16;
const PROXY_V2_START = 0x0d;
const SPACE = 0x20;

/** Letters that a method begins with: Node's parser knows those of RTSP too, FLUSH among them. */
const METHOD_LETTERS = new Set([...METHODS, 'FLUSH'].map((method) => method.charCodeAt(0)));

const JUNK = Buffer.from('0102ff0a0d20007f', 'hex');
const SEED = 7;
const RANDOM_COUNT = 300;
/** LIMIT: more would make whole handshakes of RTMP. */
const MAX_RANDOM_BYTES = 1000;

/** What a connection is refused for. */
type Refusal = { readonly code: ErrorCode; readonly statusCode: 400 | 408 | null };

function refusal(code: ErrorCode, statusCode: Refusal['statusCode'] = null): Refusal {
  return { code, statusCode };
}

/** What becomes of bytes that begin so and mean nothing; `isAlone` where nothing follows the first one. */
function refusalOf(kind: ListenerKind, first: number, isAlone: boolean): Refusal {
  if (first === TLS_RECORD) {
    if (kind === 'plain') return refusal('connection-tls-on-plain');
    return refusal(isAlone ? 'connection-tls-timeout' : 'connection-tls-failed');
  }
  const isLetter = first >= 0x41 && first <= 0x5a;
  if (first >= SPACE && !isLetter) return refusal('connection-unknown-protocol');
  if (isAlone && (first === PROXY_V2_START || first === 0x50)) return refusal('connection-silent');
  if (kind === 'tls') return refusal('connection-plain-on-tls', isLetter ? 400 : null);
  if (!isLetter) return refusal('rtmp-handshake-timeout');
  const isWaitedFor = isAlone && METHOD_LETTERS.has(first);
  return isWaitedFor ? refusal('http-timeout', 408) : refusal('http-malformed', 400);
}

describe('the door, with viewers who miss nothing', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, SETTINGS);
  });
  after(() => scope.close());

  /** Sends all of them at the same time, and asserts what becomes of each. */
  async function assertRefused(kind: ListenerKind, starts: readonly Uint8Array[]): Promise<void> {
    const told = new Map<ErrorCode, number>();
    const refuse = async (bytes: Uint8Array): Promise<void> => {
      const { code, statusCode } = refusalOf(kind, bytes[0] ?? 0, bytes.length === 1);
      const { received, wasClosed } = await exchange({ port: rig.portOf(kind) }, bytes);
      const what = Buffer.from(bytes).toString('hex');
      assert.ok(wasClosed, what);
      if (statusCode === null) assert.equal(received.length, 0, what);
      else
        assert.match(
          received.toString('latin1'),
          new RegExp(`^HTTP/1\\.1 ${statusCode} [^\\0]+\\r\\n\\r\\n$`),
          what,
        );
      told.set(code, (told.get(code) ?? 0) + 1);
    };
    await Promise.all(starts.map(refuse));
    await rig.assertTold(kind, Object.fromEntries(told));
  }

  for (const kind of KINDS) {
    it(`ends each first byte that nothing follows, on a listener of kind ${kind}`, async () => {
      await assertRefused(
        kind,
        Array.from({ length: 256 }, (_, first) => Uint8Array.of(first)),
      );
    });

    it(`ends each first byte that junk follows, on a listener of kind ${kind}`, async () => {
      await assertRefused(
        kind,
        Array.from({ length: 256 }, (_, first) => Uint8Array.of(first, ...JUNK)),
      );
    });

    it(`ends bytes without sense, on a listener of kind ${kind}`, async () => {
      const random = new SeededRandom(SEED);
      const blob = () =>
        Uint8Array.from({ length: 2 + random.below(MAX_RANDOM_BYTES) }, () => random.below(256));
      await assertRefused(kind, Array.from({ length: RANDOM_COUNT }, blob));
    });
  }

  it('has counted each by its reason, and nothing else', () => rig.assertCounted());
});
