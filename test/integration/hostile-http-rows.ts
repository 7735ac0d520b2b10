// Bad HTTP as a table: what is sent, and what answers it. Requests are made out of the shapes by which one server is led
// to see two requests where another one sees a single one; the second, where it is hidden, would open a tunnel.

/** What is sent on one connection, as the end of a sentence that begins with "a client that sends". */
export type HttpRow = readonly [what: string, text: string];

/** A request that may be read only as bytes of the one in front of it, or not at all: whoever heeds it opens a tunnel. */
export const HIDDEN = 'POST /open/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n';

const CHUNKED = 'Transfer-Encoding: chunked';

/** A request that would open a tunnel itself, with these header lines behind its Host. */
function opening(headers: string, behind = '', version = '1.1'): string {
  return `POST /open/1 HTTP/${version}\r\nHost: h\r\n${headers}\r\n\r\n${behind}`;
}

/** A GET of the start page. */
function get(version: string): string {
  return `GET / ${version}\r\nHost: h\r\n\r\n`;
}

/** A key as RFC 6455 1.3 has it. */
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** An upgrade to a WebSocket, and a request behind it. */
function upgrade(methodAndPath: string, key: string, version = 13): string {
  const headers = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: ${version}\r\n${key}`;
  return `${methodAndPath} HTTP/1.1\r\nHost: h\r\n${headers}\r\n${HIDDEN}`;
}

/** Bodies whose length is in doubt. */
const LENGTHS: readonly HttpRow[] = [
  ['two lengths', opening(`Content-Length: 0\r\nContent-Length: ${HIDDEN.length}`, HIDDEN)],
  ['two equal lengths', opening('Content-Length: 1\r\nContent-Length: 1', 'x')],
  ['a list of lengths', opening('Content-Length: 1, 1', 'x')],
  ['a length of +1', opening('Content-Length: +1', `x${HIDDEN}`)],
  ['a length of -1', opening('Content-Length: -1', HIDDEN)],
  ['a length in hex', opening('Content-Length: 0x1', 'x')],
  ['a length of 2^64', opening('Content-Length: 18446744073709551616', HIDDEN)],
  ['an empty length', opening('Content-Length:', HIDDEN)],
  [
    'a length behind which a chunked body comes',
    opening(`Content-Length: 3\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`),
  ],
  ['a chunked body and a length', opening(`${CHUNKED}\r\nContent-Length: 3`, `0\r\n\r\n${HIDDEN}`)],
];

/** Codings that one knows and another does not. */
const CODINGS: readonly HttpRow[] = [
  ['chunked, identity', opening('Transfer-Encoding: chunked, identity', `0\r\n\r\n${HIDDEN}`)],
  ['identity, chunked', opening('Transfer-Encoding: identity, chunked', `0\r\n\r\n${HIDDEN}`)],
  ['gzip, chunked', opening('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${HIDDEN}`)],
  ['xchunked', opening('Transfer-Encoding: xchunked', `0\r\n\r\n${HIDDEN}`)],
  ['identity', opening('Transfer-Encoding: identity', HIDDEN)],
  ['chunked twice', opening(`${CHUNKED}\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`)],
  [
    'chunked, and identity beneath',
    opening(`${CHUNKED}\r\nTransfer-Encoding: identity`, `0\r\n\r\n${HIDDEN}`),
  ],
  [
    'identity, and chunked beneath',
    opening(`Transfer-Encoding: identity\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`),
  ],
  ['chunked behind a control character', opening('Transfer-Encoding: \vchunked', `0\r\n\r\n${HIDDEN}`)],
  ['chunked in HTTP/1.0', opening(`Connection: keep-alive\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`, '1.0')],
];

/** Chunked bodies that are broken. */
const CHUNKS: readonly HttpRow[] = [
  ['a chunk of 17 digits', opening(CHUNKED, `FFFFFFFFFFFFFFFFF\r\n${HIDDEN}`)],
  ['a chunk of -1', opening(CHUNKED, `-1\r\n${HIDDEN}`)],
  ['a chunk of 0x1', opening(CHUNKED, 'x\r\n0x1\r\nx\r\n0\r\n\r\n')],
  ['a chunk without a size', opening(CHUNKED, `\r\n${HIDDEN}`)],
  ['a space behind a size', opening(CHUNKED, `1 \r\nx\r\n0\r\n\r\n${HIDDEN}`)],
  ['a chunk longer than it says', opening(CHUNKED, `1\r\nxx0\r\n\r\n${HIDDEN}`)],
  ['chunks that end in LF alone', opening(CHUNKED, `1\nx\n0\n\n${HIDDEN}`)],
  ['an extension that ends in LF alone', opening(CHUNKED, `1;a\nx\r\n0\r\n\r\n${HIDDEN}`)],
  ['an extension without end', opening(CHUNKED, `1;${'a'.repeat(70_000)}\r\nx\r\n0\r\n\r\n`)],
  ['a length in a trailer', opening(CHUNKED, `0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`)],
];

/** Heads that one reads otherwise than another. */
const HEADS: readonly HttpRow[] = [
  ['lines that end in LF alone', 'POST /open/1 HTTP/1.1\nHost: h\nContent-Length: 0\n\n'],
  ['one line that ends in LF alone', opening('A: b\nContent-Length: 0')],
  ['one line that ends in CR alone', opening('A: b\rContent-Length: 0')],
  ['a head that ends in LF alone', `POST /open/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\n${HIDDEN}`],
  ['a folded line', opening('A: b\r\n c\r\nContent-Length: 0')],
  ['a folded length', opening(`Content-Length:\r\n ${HIDDEN.length}`, HIDDEN)],
  ['a folded coding', opening('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${HIDDEN}`)],
  ['a first line that is folded', `POST /open/1 HTTP/1.1\r\n Host: h\r\nContent-Length: 0\r\n\r\n`],
  ['a space in front of a colon', opening(`Content-Length : ${HIDDEN.length}`, HIDDEN)],
  [
    'a coding with a space in front of its colon',
    opening('Transfer-Encoding : chunked', `0\r\n\r\n${HIDDEN}`),
  ],
  ['a NUL in a name', opening('A\0: b\r\nContent-Length: 0')],
  ['a NUL in a value', opening('A: b\0c\r\nContent-Length: 0')],
  ['a header without a name', opening(': b\r\nContent-Length: 0')],
  ['a line without a colon', opening('Content-Length 0')],
  ['no Host', `POST /open/1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n${HIDDEN}`],
  ['two Hosts', opening('Host: other.example\r\nContent-Length: 0', HIDDEN)],
];

/** What is no request of HTTP/1.1. */
const NO_REQUESTS: readonly HttpRow[] = [
  ['no HTTP behind a capital letter', 'HELLO\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/0.9 by name', get('HTTP/0.9')],
  ['HTTP/1.2', get('HTTP/1.2')],
  ['HTTP/2.0', get('HTTP/2.0') + HIDDEN],
  ['HTTP/3.0', get('HTTP/3.0')],
  ['HTTP/1.10', get('HTTP/1.10')],
  ['http/1.1 in small letters', get('http/1.1')],
  ['a method that is none', 'BREW / HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a space in its path', 'GET /a b HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['bytes over 127 in its path', 'GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['CONNECT', `CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n${HIDDEN}`],
  ['CONNECT to a path', `CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n${HIDDEN}`],
];

/** All that is refused as malformed: one answer of 400, and the connection's end. */
export const MALFORMED: readonly HttpRow[] = [...LENGTHS, ...CODINGS, ...CHUNKS, ...HEADS, ...NO_REQUESTS];

/** Heads that are too large: one answer of 431, and the connection's end. */
export const OVERSIZED: readonly HttpRow[] = [
  ['a line of 70,000 characters', opening(`A: ${'a'.repeat(70_000)}`, HIDDEN)],
  ['a path of 70,000 characters', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: h\r\n\r\n`],
  ['10,000 lines', opening(`${'a:b\r\n'.repeat(10_000)}Content-Length: ${HIDDEN.length}`, HIDDEN)],
  ['10,000 lines that differ', opening(Array.from({ length: 10_000 }, (_, n) => `a${n}:b`).join('\r\n'))],
  ['a megabyte of lines', opening(`A: ${'a'.repeat(1000)}\r\n`.repeat(1000))],
];

/** Requests that are understood and not heeded: the status of their answer, and the counter that goes up. */
export const UNHEEDED: readonly (readonly [...HttpRow, statusCode: number, counter: string | null])[] = [
  [
    'a send to nobody',
    'POST /send/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
    'tunnel-session-unknown',
  ],
  [
    'an idle to nobody',
    'POST /idle/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx',
    404,
    'tunnel-session-unknown',
  ],
  [
    'a close to nobody',
    'POST /close/AAAAAAAAAAAAAAAAAAAAAA/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    404,
    'tunnel-session-unknown',
  ],
  ['the wrong method', 'GET /open/1 HTTP/1.1\r\nHost: h\r\n\r\n', 404, null],
  ['an unknown path', 'POST /elsewhere HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n', 404, null],
  ['a path that is none', 'POST /idle/%zz/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n', 404, null],
  ['a path that climbs', 'GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n', 404, null],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: h\r\nCookie: secret\r\n\r\n', 404, null],
  ['OPTIONS of everything', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', 404, null],
  [
    'the URL of another host',
    'GET http://other.example/elsewhere HTTP/1.1\r\nHost: other.example\r\n\r\n',
    404,
    null,
  ],
  [
    'a request as the body of another one',
    `POST /elsewhere HTTP/1.1\r\nHost: h\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    404,
    null,
  ],
  [
    'a request in a chunk of another one',
    `POST /elsewhere HTTP/1.1\r\nHost: h\r\n${CHUNKED}\r\n\r\n${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    404,
    null,
  ],
  [
    'a request in the body of a GET',
    `GET /elsewhere HTTP/1.1\r\nHost: h\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    404,
    null,
  ],
];

/** Requests that expect what nobody can do: one answer of 417, and the connection's end. */
export const EXPECTING: readonly HttpRow[] = [
  ['no body', opening('Expect: the-best\r\nContent-Length: 0', HIDDEN)],
  ['a body', opening('Expect: the-best\r\nContent-Length: 1', `x${HIDDEN}`)],
  ['a request as its body', opening(`Expect: the-best\r\nContent-Length: ${HIDDEN.length}`, HIDDEN)],
];

/** The same with what is refused in other requests: one answer of 400, and the connection's end. */
export const EXPECTING_MALFORMED: readonly HttpRow[] = [
  ['gzip, chunked', opening('Expect: the-best\r\nTransfer-Encoding: gzip, chunked', `0\r\n\r\n${HIDDEN}`)],
  ['no Host', `POST /open/1 HTTP/1.1\r\nExpect: the-best\r\nContent-Length: 0\r\n\r\n${HIDDEN}`],
];

/** Upgrades that are refused: the status of the answer, and the counter that goes up; the connection ends. */
export const UPGRADES: readonly (readonly [...HttpRow, statusCode: number, counter: string])[] = [
  ['without a key', upgrade('GET /rtmp', ''), 400, 'websocket-handshake-refused'],
  [
    'with a key that is none',
    upgrade('GET /rtmp', 'Sec-WebSocket-Key: short\r\n'),
    400,
    'websocket-handshake-refused',
  ],
  ['of version 7', upgrade('GET /rtmp', KEY, 7), 400, 'websocket-handshake-refused'],
  ['by POST', upgrade('POST /rtmp', KEY), 405, 'websocket-handshake-refused'],
  ['on the start page', upgrade('GET /', KEY), 404, 'websocket-path-unknown'],
  ['on the tunnel', upgrade('POST /open/1', KEY), 404, 'websocket-path-unknown'],
];
