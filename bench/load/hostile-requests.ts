// The bytes of hostile requests: heads, targets and bodies such as no client of the tunnel sends.

import type { SeededRandom } from './seeded-random.ts';

/** The cap of a body by default, bytes. */
export const BODY_CAP_BYTES: number = 16 * 1024 * 1024;

const ID_CHARS = 22;
const SMALL_BODY_BYTES = 32;
/** Where a sequence number stands; none of them is the next one. */
const ABSURD_NUMBERS = [
  '-1',
  '-9223372036854775808',
  '0x1f',
  'deadbeef',
  '1e9',
  'NaN',
  '9999999999',
  '4294967296',
  '18446744073709551616',
  '7'.repeat(40),
  '0'.repeat(40),
  '9'.repeat(1500),
  '%31',
  '1.5',
  "1'--",
  '..',
] as const;
/** Targets that are nothing of the tunnel's, or name no session. */
const BAD_TARGETS = [
  '/send',
  '/send/',
  '/send//1',
  '/idle//',
  '/close',
  '/close/1',
  '/fcs/nothing',
  '/send/a/b/c/d',
  '/open/1/2/3',
  '/idle/%zz/1',
  '/idle/%00/1',
  '/send/..%2f..%2fetc/1',
  `/idle/${'a'.repeat(64)}/1`,
  `/send/${'b'.repeat(3000)}/1`,
  'http://elsewhere.example/idle/abc/1',
  '/SEND/abc/1',
] as const;

/** A request with a body of declared length; its head says what `headers` add. */
export function requestBytes(target: string, body: Buffer, headers = ''): Buffer {
  const head = `POST ${target} HTTP/1.1\r\nHost: gateway.example\r\n${headers}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** A request whose body comes in chunks of HTTP. */
export function chunkedRequestBytes(target: string, chunks: readonly Buffer[]): Buffer[] {
  const head = `POST ${target} HTTP/1.1\r\nHost: gateway.example\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const pieces = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return [Buffer.from(head), ...pieces, Buffer.from('0\r\n\r\n')];
}

/** A head alone, of a body that does not come. */
export function declaringBytes(target: string, declared: string): Buffer {
  return Buffer.from(
    `POST ${target} HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: ${declared}\r\n\r\n`,
  );
}

/** The id of a session that is not there. */
export function unknownId(random: SeededRandom): string {
  return random.idText(random.oneIn(8) ? random.between(1, 31) : ID_CHARS);
}

/** A number that no client would send. */
export function absurdNumber(random: SeededRandom): string {
  return random.oneOf(ABSURD_NUMBERS);
}

/** A target that names nothing. */
export function badTarget(random: SeededRandom): string {
  return random.oneOf(BAD_TARGETS);
}

/** `send`, `idle` or `close`. */
export function verb(random: SeededRandom): string {
  return random.oneOf(['send', 'idle', 'idle', 'close']);
}

/** A body of few bytes. */
export function smallBody(random: SeededRandom): Buffer {
  return random.bytes(random.between(1, SMALL_BODY_BYTES));
}

/** Requests that no HTTP server takes, each for a connection of its own. */
export function brokenHead(random: SeededRandom): Buffer {
  const host = 'Host: gateway.example\r\n';
  const [first, second] = [random.between(1, 9), random.between(10, 99)];
  return Buffer.from(
    random.oneOf([
      `POST /idle/abc/1 HTTP/9.${first}\r\n${host}\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n${host}${host}\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n${host}Content-Length: ${first}\r\nContent-Length: ${second}\r\n\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n${host}Content-Length: -${first}\r\n\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n${host}Content-Length: ${first}, ${second}\r\n\r\n`,
      `POST /send/abc/1 HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /send/abc/1 HTTP/1.1\r\n${host}Transfer-Encoding: gzip, gzip\r\n\r\n`,
      `POST /send/abc/1 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc`,
      `POST /idle/a\u0000c/1 HTTP/1.1\r\n${host}\r\n`,
      `POST /idle/abc/1 HTTP/1.1\r\n${host}X: ${'y'.repeat(70_000)}\r\n\r\n`,
      `POST  /idle/abc/1 HTTP/1.1\r\n${host}Bad Name: ${first}\r\n\r\n`,
      `PO\u0001ST /idle/abc/1 HTTP/1.1\r\n${host}\r\n`,
      `POST /idle/abc/1\r\n\r\n`,
    ]),
    'latin1',
  );
}
