import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HANDSHAKE, NOT_FOUND, replyHead, replyOf, startTunnel } from './tunnel-harness.ts';

const LIMIT = { timeout: 10_000 };

describe('rtmptPlugin, replies to the byte', LIMIT, () => {
  it('answers ident with an empty 404 that keeps the connection', async (t) => {
    const client = await (await startTunnel(t)).client();
    assert.equal(await client.ask('/fcs/ident2'), NOT_FOUND);
    assert.equal(await client.ask('/fcs/ident', ''), NOT_FOUND);
    client.send('GET /fcs/ident/ HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal(await client.reply(), NOT_FOUND);
  });

  it('answers ident with a text where the operator wants one', async (t) => {
    const client = await (await startTunnel(t, { ident: { text: '10.0.0.1' } })).client();
    const expected = replyOf('10.0.0.1').replace('application/x-fcs', 'text/plain');
    assert.equal(await client.ask('/fcs/ident2'), expected);
    client.send('GET /fcs/ident HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.equal(await client.reply(), expected);
  });

  it('opens with 22 characters and one LF, without a polling byte [tunnel point 1] [tunnel point 7]', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const reply = await client.ask('/open/1');
    assert.equal(reply.slice(0, -23), replyHead(23));
    assert.match(reply.slice(-23), /^[A-Za-z0-9_-]{22}\n$/);
    assert.notEqual((await client.ask('/open', '')).slice(-23), reply.slice(-23));
    assert.equal(harness.links.length, 2);
  });

  it('sends a reply of one byte in 121 bytes [tunnel point 2]', async (t) => {
    const client = await (await startTunnel(t)).client();
    const id = await client.open();
    const reply = await client.ask(`/send/${id}/0`, HANDSHAKE);
    t.diagnostic(`a reply of one byte:\n${reply}`);
    assert.equal(reply, replyOf('\x01'));
    assert.equal(reply.length, 121);
  });

  it('puts what is pending behind the polling byte, part for part', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    harness.endpoints[0]?.queue('S0S1S2');
    harness.endpoints[0]?.queue('\xff\x00\x80');
    assert.equal(await client.ask(`/send/${id}/0`, 'C0C1'), replyOf('\x01S0S1S2\xff\x00\x80'));
    assert.deepEqual(harness.endpoints[0]?.received, ['C0C1']);
  });

  it('carries bodies of megabytes both ways', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    const body = 'ab'.repeat(2 * 1024 * 1024);
    harness.endpoints[0]?.queue(body);
    assert.equal(await client.ask(`/send/${id}/0`, body), replyOf(`\x01${body}`));
    assert.equal(harness.endpoints[0]?.received[0], body);
  });

  it('takes the content type of its replies from the configuration [tunnel point 2]', async (t) => {
    const client = await (await startTunnel(t, { contentType: 'application/octet-stream' })).client();
    assert.match(await client.ask('/open/1'), /\r\nContent-Type: application\/octet-stream\r\n/);
  });

  it('answers close with a zero byte, tells the endpoint, and knows the session no more [tunnel point 7] [tunnel point 12]', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    assert.equal(await client.ask(`/close/${id}`, ''), replyOf('\x00'));
    for (const path of [`/close/${id}/1`, `/idle/${id}/2`, `/send/${id}/3`, '/close/2']) {
      assert.equal(await client.ask(path), NOT_FOUND);
    }
    assert.deepEqual(harness.endpoints[0]?.ends, ['closed peer-closed']);
    assert.equal(harness.wheel.pendingCount, 0);
  });

  it('answers 404 to sessions and paths that it does not know, and counts them', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const paths = [
      '/send/none/1',
      '/idle/%3Chtml%3E/0',
      '/close/none',
      '/send',
      '/idle/',
      '/open/1/2/3',
      '/fcs/x',
    ];
    for (const path of paths) assert.equal(await client.ask(path), NOT_FOUND, path);
    assert.deepEqual(harness.counts, [
      ...Array<string>(3).fill('tunnel-session-unknown'),
      ...Array<string>(4).fill('tunnel-path-unknown'),
    ]);
  });

  it('answers 503 to an open that nobody takes in', async (t) => {
    const refusals = [
      await startTunnel(t, {}, (link) => link.close({ code: 'done', message: 'full' })),
      await startTunnel(t, {}, () => undefined),
      await startTunnel(t, {}, () => {
        throw new Error('broken');
      }),
    ];
    for (const harness of refusals) {
      const client = await harness.client();
      assert.equal(
        await client.ask('/open/1'),
        NOT_FOUND.replace('404 Not Found', '503 Service Unavailable'),
      );
      assert.deepEqual(harness.counts, ['tunnel-opened', 'tunnel-ended']);
    }
  });

  it('answers 500 where answering itself is broken, and lives on', async (t) => {
    const harness = await startTunnel(t, {
      ident: {
        get text(): string {
          throw new Error('broken');
        },
      },
    });
    const client = await harness.client();
    const reply = await client.ask('/fcs/ident2');
    assert.equal(
      reply,
      NOT_FOUND.replace('404 Not Found', '500 Internal Server Error').replace('Keep-Alive', 'close'),
    );
    await client.closed();
    assert.deepEqual(harness.caught, ['broken']);
    await (await harness.client()).open();
  });

  it('tells a link who its peer is', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    await client.ask('/open/1', '\x00', `User-Agent: ${'Shockwave Flash'.padEnd(300, '!')}\r\n`);
    assert.deepEqual(harness.links[0]?.facts, {
      transport: 'rtmpt',
      remoteAddress: '127.0.0.1',
      remotePort: client.socket.localPort,
      proxyAddress: null,
      localPort: harness.port,
      tlsVersion: null,
      userAgent: 'Shockwave Flash'.padEnd(256, '!'),
    });
  });

  it('leaves its neighbours alone', async (t) => {
    const client = await (await startTunnel(t)).client();
    client.send('GET /page HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(await client.reply(), /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain/);
  });
});

describe('rtmptPlugin, other origins', LIMIT, () => {
  const ORIGIN = 'Origin: https://player.example\r\n';

  it('allows any origin on every answer, errors too, and only where there is an Origin [tunnel point 3]', async (t) => {
    const client = await (await startTunnel(t, { maxBodyBytes: 100 })).client();
    const opened = await client.ask('/open/1', '\x00', ORIGIN);
    assert.match(opened, /\r\nAccess-Control-Allow-Origin: \*\r\nContent-Length: 23\r\n/);
    assert.match(
      await client.ask('/idle/none/0', '\x00', ORIGIN),
      /^HTTP\/1\.1 404 .*\r\nAccess-Control-Allow-Origin: \*\r\n/s,
    );
    assert.doesNotMatch(await client.ask('/idle/none/0'), /Access-Control/);
    assert.match(
      await client.ask('/open/1', 'x'.repeat(101), ORIGIN),
      /^HTTP\/1\.1 413 .*\r\nAccess-Control-Allow-Origin: \*\r\n/s,
    );
  });

  it('answers OPTIONS on every route [tunnel point 3]', async (t) => {
    const client = await (await startTunnel(t)).client();
    for (const path of ['/open/1', '/send/x/1', '/idle/x/1', '/close/x', '/fcs/ident2']) {
      client.send(
        `OPTIONS ${path} HTTP/1.1\r\nHost: h\r\n${ORIGIN}Access-Control-Request-Method: POST\r\n\r\n`,
      );
      assert.equal(
        await client.reply(),
        'HTTP/1.1 200 OK\r\nAllow: POST, GET, OPTIONS\r\nConnection: Keep-Alive\r\nAccess-Control-Allow-Origin: *\r\n' +
          'Access-Control-Allow-Methods: POST, GET, OPTIONS\r\nAccess-Control-Allow-Headers: *\r\n' +
          'Access-Control-Max-Age: 86400\r\nContent-Length: 0\r\n\r\n',
      );
    }
    client.send('OPTIONS /open/1 HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.doesNotMatch(await client.reply(), /Access-Control/);
  });
});
