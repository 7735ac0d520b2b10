import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOT_FOUND, replyHead, replyOf, startTunnel } from './tunnel-harness.ts';

const LIMIT = { timeout: 10_000 };

describe('rtmptPlugin, what clients send', LIMIT, () => {
  const HEADERS: readonly (readonly [string, string])[] = [
    ['no content type', ''],
    ['a form content type', 'Content-Type: application/x-www-form-urlencoded\r\n'],
    ['a JSON content type', 'content-type: application/json\r\n'],
    ['a text content type with a charset', 'CONTENT-TYPE: text/plain; charset=utf-8\r\n'],
    ['a malformed content type', 'Content-Type: garbage\r\n'],
    ['an empty content type', 'Content-Type:\r\n'],
    ['a content type that is a slash', 'Content-Type: /\r\n'],
    ['multipart without a boundary', 'Content-Type: multipart/form-data\r\n'],
    [
      'a block of headers three times',
      'User-Agent: Shockwave Flash\r\nContent-Type: application/x-fcs\r\n'.repeat(3),
    ],
    ['a hundred headers', Array.from({ length: 100 }, (_, index) => `X-${index}: x\r\n`).join('')],
    ['Icy-MetaData', 'Icy-MetaData: 1\r\nContent-type: application/x-fcs\r\n'],
  ];
  for (const [name, headers] of HEADERS) {
    it(`takes ${name} as a body of bytes`, async (t) => {
      const harness = await startTunnel(t);
      const client = await harness.client();
      const id = await client.open();
      assert.equal(await client.ask(`/send/${id}/1`, '\x00{"a', headers), replyOf('\x01'));
      assert.equal(await client.ask(`/send/${id}/2`, '', headers), replyOf('\x01'));
      assert.deepEqual(harness.endpoints[0]?.received, ['\x00{"a']);
    });
  }

  it('takes lower-case names, a chunked body, and a body without a length as empty', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    client.send(`POST /send/${id}/0 HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nab`);
    client.send(
      `POST /send/${id}/1 HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n`,
    );
    client.send(`POST /send/${id}/2 HTTP/1.1\r\nhost: h\r\n\r\n`);
    for (let count = 0; count < 3; count++) assert.equal(await client.reply(), replyOf('\x01'));
    assert.deepEqual(harness.endpoints[0]?.received, ['ab', 'cd']);
  });

  it('routes an absolute-form target, a query and a trailing slash [tunnel point 14]', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const opened = await client.ask('http://example.invalid:80/open/1');
    const id = opened.slice(-23).trimEnd();
    assert.equal(
      await client.ask(`http://example.invalid:80/send/${id}/0`, 'a', 'Content-Type: garbage\r\n'),
      replyOf('\x01'),
    );
    assert.equal(await client.ask(`/send/${id}/1/`, 'b'), replyOf('\x01'));
    assert.equal(await client.ask(`/send/${id}?n=1`, 'c'), replyOf('\x01'));
    assert.deepEqual(harness.endpoints[0]?.received, ['a', 'b', 'c']);
  });

  it('keeps an HTTP/1.0 connection that asks for it, and closes one that does not [tunnel point 14]', async (t) => {
    const client = await (await startTunnel(t)).client();
    const open = 'POST /open/1 HTTP/1.0\r\nContent-Length: 1\r\n';
    client.send(`${open}Connection: Keep-Alive\r\n\r\n\x00`);
    assert.equal((await client.reply()).slice(0, -23), replyHead(23));
    client.send(`${open}\r\n\x00`);
    assert.equal((await client.reply()).slice(0, -23), replyHead(23).replace('Keep-Alive', 'close'));
    await client.closed();
  });

  it('answers pipelined requests in order, a held idle among them [tunnel point 4]', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    const endpoint = harness.endpoints[0];
    assert.ok(endpoint);
    endpoint.onReceive = (text) => endpoint.queue(`re:${text}`);
    client.post(`/send/${id}/1`, 'C2');
    client.post(`/send/${id}/2`, 'connect');
    client.post(`/idle/${id}/3`);
    client.post(`/send/${id}/4`, 'play');
    client.post(`/close/${id}/5`);
    const bodies: string[] = [];
    for (let count = 0; count < 5; count++) bodies.push((await client.reply()).split('\r\n\r\n')[1] ?? '');
    assert.deepEqual(bodies, ['\x01re:C2', '\x01re:connect', '\x01', '\x01re:play', '\x00']);
  });

  it('feeds a body only when it is whole, however it comes [tunnel point 3]', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    client.send(`POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n`);
    client.send('ab');
    // Another connection's request passes through the same server, so the halves above have been read by then.
    const other = await harness.client();
    await other.open();
    assert.deepEqual(harness.endpoints[0]?.received, []);
    client.send('cd');
    assert.equal(await client.reply(), replyOf('\x01'));
    assert.deepEqual(harness.endpoints[0]?.received, ['abcd']);
  });

  it('forgets a body that breaks off, and carries its retry on another connection', async (t) => {
    const harness = await startTunnel(t);
    const first = await harness.client();
    const id = await first.open();
    first.send(`POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab`);
    first.socket.destroy();
    const second = await harness.client();
    assert.equal(await second.ask(`/send/${id}/0`, 'abcd'), replyOf('\x01'));
    assert.deepEqual(harness.endpoints[0]?.received, ['abcd']);
    assert.deepEqual(harness.caught, []);
  });

  it('takes a body at the cap, and ends the session on one beyond it [tunnel point 3] [tunnel point 11]', async (t) => {
    const harness = await startTunnel(t, { maxBodyBytes: 100 });
    const client = await harness.client();
    const id = await client.open();
    assert.equal(await client.ask(`/send/${id}/0`, 'x'.repeat(100)), replyOf('\x01'));
    client.send(`POST /send/${id}/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n`);
    const tooLarge = NOT_FOUND.replace('404 Not Found', '413 Payload Too Large').replace(
      'Keep-Alive',
      'close',
    );
    assert.equal(await client.reply(), tooLarge);
    await client.closed();
    assert.deepEqual(harness.endpoints[0]?.ends, [
      'failed tunnel-body-too-large',
      'closed tunnel-body-too-large',
    ]);
    assert.equal(await (await harness.client()).ask(`/idle/${id}/2`), NOT_FOUND);
  });

  it('takes a body in many pieces as one', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    const pieces = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
    client.send(`POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (const piece of pieces) client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    client.send('0\r\n\r\n');
    assert.equal(await client.reply(), replyOf('\x01'));
    assert.deepEqual(harness.endpoints[0]?.received, [pieces.join('')]);
  });

  it('refuses an oversized chunked body and an oversized open', async (t) => {
    const harness = await startTunnel(t, { maxBodyBytes: 100 });
    const chunked = await harness.client();
    chunked.send(
      `POST /open/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n${'x'.repeat(101)}\r\n`,
    );
    assert.match(await chunked.reply(), /^HTTP\/1\.1 413 /);
    const declared = await harness.client();
    declared.send('POST /open/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n');
    assert.match(await declared.reply(), /^HTTP\/1\.1 413 /);
    assert.equal(harness.links.length, 0);
    assert.deepEqual(harness.counts, ['tunnel-body-too-large', 'tunnel-body-too-large']);
  });
});
