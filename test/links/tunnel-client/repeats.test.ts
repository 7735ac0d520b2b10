// Requests whose connection fails before their reply has come. The server here answers or cuts; that a gateway gives a
// repeated request the reply of the first is shown in test/integration/tunnel-client.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { openLink, pass, reply, ScriptedServer, type SeenRequest, say, sayFour } from './tunnel-rig.ts';

/** Takes the connection of a request down. */
function cut({ response }: SeenRequest): void {
  response.socket?.resetAndDestroy();
}

/** Cuts the first `count` requests that `isMeant`, and answers all others. */
function cutting(count: number, isMeant: (request: SeenRequest) => boolean): (request: SeenRequest) => void {
  let left = count;
  return (request) => {
    if (left > 0 && isMeant(request)) {
      left--;
      cut(request);
    } else reply(request, request.verb === 'send' ? '\x01heard' : '\x01');
  };
}

describe('a lost request of a tunnel', () => {
  for (const connections of [1, 2] as const) {
    it(`is repeated with its number and body, over a new connection, with ${connections} connections`, async (t) => {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server, { connections, keepsReplies: true });
      await sayFour(open, server);
      server.answer = cutting(2, ({ body }) => body.startsWith('lost'));
      say(open, 'lost');
      await until(() => open.end.text === 'heard');
      const lost = server.of('send').filter(({ body }) => body === 'lost');
      assert.equal(lost.length, 3);
      assert.equal(new Set(lost.map(({ url }) => url)).size, 1);
      assert.equal(new Set(lost.map(({ connection }) => connection)).size, 3);
      assert.equal(open.link.diagnostics().repeatedRequests, 2);
      assert.deepEqual(open.end.ends, []);
      assert.deepEqual(open.caught, []);
    });

    it(`is repeated where it was an idle, with ${connections} connections`, async (t) => {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server, { connections, keepsReplies: true });
      await sayFour(open, server);
      server.answer = cutting(1, ({ verb }) => verb === 'idle');
      await until(() => open.link.diagnostics().repeatedRequests === 1);
      await pass(150);
      assert.deepEqual(open.end.ends, []);
      const urls = server.of('idle').map(({ url }) => url);
      assert.equal(urls.length, new Set(urls).size + 1);
    });
  }

  it('ends the Link when it was lost four times', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    server.answer = cutting(100, ({ verb }) => verb === 'send');
    const startMs = performance.now();
    say(open, 'lost');
    await until(() => open.end.ends.length === 1);
    assert.ok(performance.now() - startMs > 900, 'it waits between its tries');
    assert.equal(server.of('send').filter(({ body }) => body === 'lost').length, 4);
    const [end] = open.end.ends;
    assert.equal(end?.code, 'peer-reset');
    assert.match(
      end?.message ?? '',
      /^expected a reply to a request of the tunnel, found after 3 repetitions: /,
    );
    assert.doesNotMatch(end?.message ?? '', /S3cret/);
  });

  it('is not repeated as one of the first three, which no server knows again', async (t) => {
    for (const number of [0, 1, 2]) {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server);
      server.answer = cutting(1, ({ sequenceNumber }) => sequenceNumber === number);
      say(open, 'first');
      await until(() => open.end.ends.length === 1);
      assert.equal(server.requests.filter(({ sequenceNumber }) => sequenceNumber === number).length, 1);
      assert.equal(open.end.ends[0]?.code, 'peer-reset');
    }
  });

  it('is not repeated at a server that would take it in twice', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server, { connections: 1 });
    await sayFour(open, server);
    server.answer = cutting(1, ({ verb }) => verb === 'send');
    say(open, 'lost');
    await until(() => open.end.ends.length === 1);
    assert.equal(server.of('send').filter(({ body }) => body === 'lost').length, 1);
  });

  it('ends the Link at a server that is gone', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    server.stop();
    await until(() => open.end.ends.length === 1);
    assert.equal(open.end.ends[0]?.code, 'peer-reset');
    assert.match(open.end.ends[0]?.message ?? '', /ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET/);
    assert.deepEqual(open.caught, []);
  });

  it('ends the Link at a server that is silent, after the time for a reply and its repetitions', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server, { replyTimeoutMs: 200 });
    await sayFour(open, server);
    server.answer = () => undefined;
    say(open, 'anybody?');
    await until(() => open.end.ends.length === 1);
    assert.match(open.end.ends[0]?.message ?? '', /no reply within 200 ms$/);
    const tries = server.of('send').filter(({ body }) => body === 'anybody?');
    assert.equal(tries.length <= 4, true);
    assert.deepEqual(open.caught, []);
  });

  it('is given up at once by a Link that has ended: nothing is sent and nothing is told any more', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    server.answer = cutting(100, ({ verb }) => verb === 'send');
    say(open, 'lost');
    await until(() => open.link.diagnostics().repeatedRequests >= 1);
    for (let time = 0; time < 2; time++) open.link.fail({ code: 'done', message: 'enough' });
    // What had left already may still come.
    await pass(50);
    const { length } = server.requests;
    await pass(400);
    assert.equal(server.requests.length, length);
    assert.equal(open.end.ends.length, 1);
  });

  for (const statusCode of [502, 503, 504]) {
    it(`is repeated where a proxy answers ${statusCode} for a server that knows it again`, async (t) => {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server);
      await sayFour(open, server);
      let faults = 2;
      server.answer = (request) => {
        if (request.body === 'lost' && faults-- > 0) reply(request, '<html>', statusCode);
        else reply(request, request.verb === 'send' ? '\x01heard' : '\x01');
      };
      say(open, 'lost');
      await until(() => open.end.text === 'heard');
      assert.equal(server.of('send').filter(({ body }) => body === 'lost').length, 3);
      assert.deepEqual(open.end.ends, []);
    });

    it(`ends the Link where ${statusCode} comes for one that would be taken in twice`, async (t) => {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server, { connections: 1 });
      await sayFour(open, server);
      server.answer = (request) => reply(request, '', statusCode);
      say(open, 'lost');
      await until(() => open.end.ends.length === 1);
      assert.match(open.end.ends[0]?.message ?? '', new RegExp(`found: status ${statusCode}$`));
      assert.equal(server.of('send').filter(({ body }) => body === 'lost').length, 1);
    });
  }

  it('takes the others with it where it ends the Link: none is repeated behind that', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server, { replyTimeoutMs: 200 });
    await sayFour(open, server);
    server.answer = () => undefined;
    const isLast = (): boolean => {
      const urls = server.of('idle').map(({ url }) => url);
      return urls.filter((url) => url === urls.at(-1)).length === 4;
    };
    await until(isLast);
    say(open, 'behind');
    await until(() => server.of('send').some(({ body }) => body === 'behind'));
    // The process stands still until both are overdue.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await until(() => open.end.ends.length === 1);
    const { length } = server.requests;
    await pass(300);
    assert.equal(server.requests.length, length);
    assert.deepEqual(open.caught, []);
  });
});
