// What a browser gets beside the tunnel: a page with the headers of one, of which nothing reaches the tunnel's replies.

import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { startTestGateway } from '../support/test-gateway.ts';

type Answer = { readonly statusCode: number; readonly headers: IncomingHttpHeaders; readonly body: string };

/** LIMIT: of a tunnel's reply of one byte, head and all. */
const REPLY_BUDGET_BYTES = 140;

function ask(port: number, method: string, path: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () =>
        resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on('error', reject).end();
  });
}

/** Names of headers that helmet sets and the tunnel must not. */
function securityHeadersOf({ headers }: Answer): string[] {
  return Object.keys(headers).filter((name) =>
    /^(x-|content-security|cross-origin|referrer|origin-)/.test(name),
  );
}

async function portOf(t: TestContext): Promise<number> {
  return (await startTestGateway(t)).port;
}

describe('the pages of a gateway', () => {
  it('tell at / where to publish and play, by the name that was asked for', async (t) => {
    const port = await portOf(t);
    const page = await ask(port, 'GET', '/', { Host: 'live.example.com:8080' });
    assert.equal(page.statusCode, 200);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    for (const url of ['rtmp://', 'rtmpt://', 'ws://']) {
      assert.ok(page.body.includes(`${url}live.example.com:8080/`), url);
    }
  });

  it('repeat no host that is none', async (t) => {
    const port = await portOf(t);
    const page = await ask(port, 'GET', '/', { Host: 'x"><script>alert(1)</script>' });
    assert.equal(page.statusCode, 200);
    assert.doesNotMatch(page.body, /<script|alert/);
    assert.match(page.body, /rtmp:\/\/HOST\//);
  });

  it('have the headers of helmet, which nothing else has', async (t) => {
    const port = await portOf(t);
    const page = await ask(port, 'GET', '/');
    assert.match(String(page.headers['content-security-policy']), /^default-src 'none';style-src 'sha256-/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(page.headers['strict-transport-security'], undefined);
    const others = [
      await ask(port, 'POST', '/open/1'),
      await ask(port, 'POST', '/idle/AAAAAAAAAAAAAAAAAAAAAA/1'),
      await ask(port, 'GET', '/fcs/ident2'),
      await ask(port, 'GET', '/elsewhere'),
    ];
    for (const answer of others) assert.deepEqual(securityHeadersOf(answer), []);
  });

  it('say at the path of the WebSocket what is missing, where a request asks for none', async (t) => {
    const answer = await ask(await portOf(t), 'GET', '/rtmp');
    assert.equal(answer.statusCode, 426);
    assert.equal(answer.headers.upgrade, 'websocket');
    assert.match(answer.body, /a proxy on the way/);
  });

  it('leave the tunnel a reply of few bytes', async (t) => {
    const port = await portOf(t);
    const { body } = await ask(port, 'POST', '/open/1');
    const { headers, body: byte } = await ask(port, 'POST', `/idle/${body.trim()}/0`);
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const lengthBytes = `HTTP/1.1 200 OK\r\n${head.join('')}\r\n${byte}`.length;
    t.diagnostic(`${lengthBytes} bytes: ${JSON.stringify(headers)}`);
    assert.equal(byte, '\x01');
    assert.ok(lengthBytes <= REPLY_BUDGET_BYTES, `${lengthBytes} bytes`);
  });
});
