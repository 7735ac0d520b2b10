// A tiny HTTP server for tests of the emulated clients: it reads requests to the byte, keeps them, and answers with
// whatever bytes the test gives, so that a client can be shown a reply that breaks the real one.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Cleaner } from '../programs.ts';
import { type Address, PATIENCE_MS } from './raw-http.ts';

/** One request as it came. */
export type ScriptedRequest = {
  /** Which connection it came on, from 1. */
  readonly connectionNumber: number;
  /** `POST /open/1 HTTP/1.1` */
  readonly requestLine: string;
  /** `/open/1` */
  readonly path: string;
  /** Header lines in order, as they were written. */
  readonly headerLines: readonly string[];
  readonly body: Buffer;
};

/** What is done with a request: bytes are written as they are; `silence` answers nothing, `hang-up` ends the connection. */
export type ScriptedAnswer = Uint8Array | 'silence' | 'hang-up' | { readonly last: Uint8Array };

/** A running server. */
export type ScriptedServer = Address & {
  /** All requests so far, in the order they came. */
  readonly requests: readonly ScriptedRequest[];
  /** Resolves when there are so many requests; rejects where they do not come in time. */
  requestsReached(count: number): Promise<void>;
  /** Resolves when every connection there has been is closed, and what came on it was answered. */
  connectionsOver(): Promise<void>;
  /** Ends all connections. */
  hangUp(): void;
};

/** Starts a server on a free port of the loopback; `answer` is called for each whole request, in order. */
export async function startScriptedServer(
  cleaner: Cleaner,
  answer: (request: ScriptedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const sockets = new Set<Socket>();
  const watchers = new Set<() => void>();
  let connectionCount = 0;
  const serve = async (socket: Socket): Promise<void> => {
    const connectionNumber = ++connectionCount;
    let unread: Buffer = Buffer.alloc(0);
    for await (const part of piecesOf(socket)) {
      unread = Buffer.concat([unread, part]);
      for (let found = takeRequest(unread, connectionNumber); found !== null; ) {
        unread = found.rest;
        requests.push(found.request);
        for (const watch of watchers) watch();
        if (!obey(socket, await answer(found.request))) return;
        found = takeRequest(unread, connectionNumber);
      }
    }
  };
  const failures: unknown[] = [];
  const servings: Promise<void>[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    const serving = serve(socket).catch((error: unknown) => {
      failures.push(error);
      socket.destroy();
    });
    servings.push(serving);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  cleaner.after(() => {
    hangUp();
    server.close();
    // An error of the script is the test's error.
    if (failures.length > 0) throw failures[0];
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server without a port');
  const requestsReached = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        watchers.delete(watch);
        reject(new Error(`${requests.length} requests came within ${PATIENCE_MS} ms; waited for ${count}`));
      }, PATIENCE_MS);
      const watch = (): void => {
        if (requests.length < count) return;
        clearTimeout(limit);
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
  const connectionsOver = async (): Promise<void> => {
    await Promise.all(servings);
  };
  return { host: '127.0.0.1', port: address.port, requests, requestsReached, connectionsOver, hangUp };
}

/** What a client sends, to its end; a reset is an end. */
async function* piecesOf(socket: Socket): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece);
    wake();
  });
  socket.on('close', () => {
    isOver = true;
    wake();
  });
  for (;;) {
    const piece = pieces.shift();
    if (piece !== undefined) {
      yield piece;
      continue;
    }
    if (isOver) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

function obey(socket: Socket, answer: ScriptedAnswer): boolean {
  if (answer === 'silence') return true;
  if (answer === 'hang-up') {
    socket.destroySoon();
    return false;
  }
  if (answer instanceof Uint8Array) {
    socket.write(answer);
    return true;
  }
  socket.end(answer.last);
  return false;
}

function takeRequest(
  bytes: Buffer,
  connectionNumber: number,
): { request: ScriptedRequest; rest: Buffer } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [requestLine = '', ...headerLines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const lengthLine = headerLines.find((line) => /^content-length:/i.test(line));
  const lengthBytes = lengthLine === undefined ? 0 : Number(lengthLine.slice(lengthLine.indexOf(':') + 1));
  const bodyAt = headEnd + 4;
  if (bytes.length < bodyAt + lengthBytes) return null;
  const body = bytes.subarray(bodyAt, bodyAt + lengthBytes);
  const path = requestLine.split(' ')[1] ?? '';
  const request = { connectionNumber, requestLine, path, headerLines, body };
  return { request, rest: bytes.subarray(bodyAt + lengthBytes) };
}
