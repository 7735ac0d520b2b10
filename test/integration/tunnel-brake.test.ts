// A client that is held back for longer than HTTP gives it for a request: it is not its fault that the rest does not come.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { sleep } from '../support/programs.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const RATE = 20;
const REQUESTS = 4 * RATE;
const HTTP_TIMEOUT_MS = 1000;
const LIMIT_MS = 10_000;

describe('A tunnel that is held back [tunnel point 6] [tunnel point 13]', () => {
  it('outlives the times of HTTP with half a request on its way', async (t) => {
    const { port, gateway } = await startTestGateway(t, {
      tunnel: { maxRequestsPerSecond: RATE },
      http: { headersTimeoutMs: HTTP_TIMEOUT_MS, requestTimeoutMs: HTTP_TIMEOUT_MS },
    });
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    const replies = (): number => received.split('HTTP/1.1 ').length - 1;
    const until = async (count: number): Promise<void> => {
      const limitMs = performance.now() + LIMIT_MS;
      while (replies() < count && performance.now() < limitMs) await sleep(20);
      assert.equal(replies(), count);
    };

    const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n0`;
    socket.write(post('/open/1'));
    await until(1);
    const id = received.trimEnd().split('\r\n\r\n')[1] ?? '';
    const idles = Array.from({ length: REQUESTS }, (_, number) => post(`/idle/${id}/${number}`));
    const [head, tail] = [
      post(`/idle/${id}/${REQUESTS}`).slice(0, 20),
      post(`/idle/${id}/${REQUESTS}`).slice(20),
    ];
    socket.write(idles.join('') + head);
    await sleep(2 * HTTP_TIMEOUT_MS);
    assert.ok(replies() < 1 + REQUESTS, 'it is held back still');
    socket.write(tail);
    await until(2 + REQUESTS);
    assert.equal(received.split('HTTP/1.1 200 OK').length - 1, 2 + REQUESTS);
    assert.equal(gateway.counters.get('http-timeout'), undefined);
  });
});
