// The Link against a server that answers as each test wants: order, pauses, polling and ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialTunnel } from '../../../src/links/tunnel-client/dial-tunnel.ts';
import { until } from '../../support/until.ts';
import {
  LinkEnd,
  linkDeps,
  openLink,
  pass,
  reply,
  ScriptedServer,
  type SeenRequest,
  say,
  sayFour,
} from './tunnel-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;

describe('a tunnel client', () => {
  it('numbers sends, idles and the close in one count from 0 on, and closes behind its last words', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    say(open, 'hello');
    await until(() => server.of('idle').length >= 2);
    open.end.queue('bye');
    open.link.close(DONE);
    await until(() => open.end.ends.length === 1);
    const numbered = server.requests.filter(({ verb }) => verb !== 'open').toSorted(byNumber);
    assert.deepEqual(
      numbered.map(({ sequenceNumber }) => sequenceNumber),
      numbered.map((_, index) => index),
    );
    const last = numbered.slice(-2).map(({ verb, body }) => [verb, body]);
    assert.deepEqual(last, [
      ['send', 'bye'],
      ['close', '\0'],
    ]);
    assert.deepEqual(open.end.ends, [DONE]);
    assert.equal(open.end.failures.length, 0);
  });

  it('asks nothing before the client has spoken', async (t) => {
    const server = await ScriptedServer.start(t);
    await openLink(t, server);
    await pass(150);
    assert.deepEqual(
      server.requests.map(({ verb }) => verb),
      ['open'],
    );
  });

  it('sends all that waits in one body, and nothing more while that is under way', async (t) => {
    const server = await ScriptedServer.start(t);
    const held: SeenRequest[] = [];
    server.answer = (request) => void held.push(request);
    const open = await openLink(t, server);
    say(open, 'a');
    await until(() => held.length === 1);
    for (const text of ['b', 'c', 'd']) say(open, text);
    await pass(100);
    assert.equal(held.length, 1);
    server.answer = (request) => reply(request, '\x01');
    for (const request of held) reply(request, '\x01');
    await until(() => server.of('send').length === 2);
    assert.deepEqual(
      server.of('send').map(({ body }) => body),
      ['a', 'bcd'],
    );
  });

  it('holds a body to its cap, which grows', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server, { maxBodyBytes: 128 * 1024 });
    for (let index = 0; index < 40; index++) open.end.queue('x'.repeat(16 * 1024));
    open.link.wake();
    await until(() => server.of('send').reduce((sum, { body }) => sum + body.length, 0) === 640 * 1024);
    const lengths = server.of('send').map(({ body }) => body.length / 1024);
    assert.deepEqual(lengths, [64, 128, 128, 128, 128, 64]);
  });

  it('keeps requests one at a time until four are answered, and sends beside a held idle from then on', async (t) => {
    const server = await ScriptedServer.start(t);
    let underWay = 0;
    server.answer = (request) => {
      underWay++;
      assert.ok(underWay === 1 || request.sequenceNumber >= 4, `${request.verb} ${request.sequenceNumber}`);
      setTimeout(() => {
        underWay--;
        reply(request, '\x01');
      }, 20);
    };
    const open = await openLink(t, server);
    await sayFour(open, server);
    await until(() => open.link.diagnostics().requests >= 5 && underWay === 0);
    const held: SeenRequest[] = [];
    server.answer = (request) => {
      if (request.verb === 'idle') held.push(request);
      else reply(request, '\x01');
    };
    await until(() => held.length === 1);
    const [idle] = held;
    say(open, 'beside');
    await until(() => server.of('send').at(-1)?.body === 'beside');
    assert.equal(held.length, 1);
    assert.notEqual(server.of('send').at(-1)?.connection, idle?.connection);
    if (idle !== undefined) reply(idle, '\x01');
  });

  it('delivers replies in the order of the numbers, however they come', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    const held: SeenRequest[] = [];
    server.answer = (request) => {
      if (request.verb === 'idle') held.push(request);
      else reply(request, `\x01[${request.sequenceNumber}]`);
    };
    await until(() => held.length === 1);
    const [idle] = held;
    assert.ok(idle !== undefined);
    for (const text of ['x', 'y', 'z']) {
      const sends = server.of('send').length;
      say(open, text);
      await until(() => server.of('send').length === sends + 1);
      await pass(20);
    }
    assert.equal(open.end.text, '');
    // Three are ahead of it: what a server keeps of its replies does not reach further.
    say(open, 'late');
    await pass(100);
    assert.equal(server.of('send').at(-1)?.body, 'z');
    const first = idle.sequenceNumber;
    reply(idle, '\x01[idle]');
    await until(() => server.of('send').at(-1)?.body === 'late');
    const expected = `[idle][${first + 1}][${first + 2}][${first + 3}]`;
    await until(() => open.end.text.length >= expected.length);
    assert.equal(open.end.text.slice(0, expected.length), expected);
  });

  it('has one request under way at a time on one connection: a send where something waits, an idle elsewhere', async (t) => {
    const server = await ScriptedServer.start(t);
    let underWay = 0;
    server.answer = (request) => {
      assert.equal(++underWay, 1);
      setTimeout(() => {
        underWay--;
        reply(request, '\x01.');
      }, 15);
    };
    const open = await openLink(t, server, { connections: 1 });
    for (let index = 0; index < 20; index++) {
      say(open, 'x');
      await pass(20);
    }
    await until(() => server.of('idle').length > 3);
    assert.deepEqual([...new Set(server.requests.map(({ connection }) => connection))], [0]);
    assert.equal(
      server
        .of('send')
        .map(({ body }) => body)
        .join(''),
      'x'.repeat(20),
    );
  });

  it('does not flood a server that answers empty idles at once', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    say(open, 'hello');
    await pass(1500);
    const idles = server.of('idle').length;
    assert.ok(idles >= 4 && idles <= 50, `${idles} idles in 1.5 s`);
    assert.equal(open.link.diagnostics().emptyIdles > 3, true);
  });

  it('asks again at once as long as idles bring bytes', async (t) => {
    const server = await ScriptedServer.start(t);
    let left = 200;
    server.answer = (request) => {
      if (request.verb === 'send' || left === 0) reply(request, '\x21');
      else {
        left--;
        reply(request, '\x21x');
      }
    };
    const open = await openLink(t, server);
    const startMs = performance.now();
    say(open, 'hello');
    await until(() => open.end.text.length === 200);
    // With the pause that the polling byte asks for, it would be 200 times half a second.
    assert.ok(performance.now() - startMs < 5000);
  });

  it('takes an empty body for a reply that brings nothing', async (t) => {
    const server = await ScriptedServer.start(t);
    server.answer = (request) => reply(request, request.verb === 'idle' ? '' : '\x01ok');
    const open = await openLink(t, server);
    say(open, 'hello');
    await until(() => server.of('idle').length === 3);
    assert.equal(open.end.text, 'ok');
    assert.equal(open.end.ends.length, 0);
  });

  for (const connections of [1, 2] as const) {
    it(`delivers nothing while it is paused, and what was under way behind it, with ${connections} connections`, async (t) => {
      const server = await ScriptedServer.start(t);
      const held: SeenRequest[] = [];
      const open = await openLink(t, server, { connections });
      await sayFour(open, server);
      server.answer = (request) => {
        if (request.verb === 'idle') held.push(request);
        else reply(request, '\x01<send>');
      };
      await until(() => held.length === 1);
      open.link.pause();
      open.link.pause();
      for (const request of held) reply(request, '\x01<idle>');
      say(open, 'up');
      await until(() => server.of('send').at(-1)?.body === 'up');
      await pass(150);
      assert.equal(open.end.text, '');
      assert.equal(held.length, 1, 'an idle was sent while it was paused');
      open.link.resume();
      assert.match(open.end.text, /^<idle>(<send>)?$/);
      await until(() => open.end.text === '<idle><send>' && held.length === 2);
      for (const request of held.slice(1)) reply(request, '\x01');
    });
  }

  it('gives and takes for another endpoint once it was handed over, and tells only that one of its end', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    say(open, 'first');
    await until(() => server.of('send').length === 1);
    const second = new LinkEnd();
    open.link.handOver(second);
    server.answer = (request) => reply(request, '\x01!');
    second.queue('second');
    open.link.wake();
    await until(() => second.text.length > 3);
    assert.equal(server.of('send').at(-1)?.body, 'second');
    open.link.close(DONE);
    await until(() => second.ends.length === 1);
    assert.deepEqual([open.end.text, open.end.ends], ['', []]);
  });

  it('sends nothing either once a paused Link keeps a megabyte of replies', async (t) => {
    const server = await ScriptedServer.start(t);
    server.answer = (request) => {
      reply(request, request.verb === 'send' ? `\x01${'r'.repeat(200 * 1024)}` : '\x01');
    };
    const open = await openLink(t, server);
    open.link.pause();
    for (let number = 0; number < 10; number++) {
      say(open, String(number));
      await pass(20);
    }
    assert.equal(server.of('send').length, 6);
    assert.equal(open.end.text, '');
    open.link.resume();
    await until(
      () =>
        server
          .of('send')
          .map(({ body }) => body)
          .join('') === '0123456789',
    );
  });
});

describe('the end of a tunnel client', () => {
  const ENDS = [
    {
      says: '404',
      answer: (request: SeenRequest) => reply(request, '', 404),
      code: 'peer-closed',
      text: /404/,
    },
    {
      says: '500',
      answer: (request: SeenRequest) => reply(request, '\x01', 500),
      code: 'peer-reset',
      text: /expected status 200 .*, found 500/,
    },
    {
      says: 'the closing byte',
      answer: (request: SeenRequest) => reply(request, '\x00'),
      code: 'peer-closed',
      text: /closed the tunnel/,
    },
    {
      says: 'more than is taken',
      answer: (request: SeenRequest) => reply(request, `\x01${'x'.repeat(5000)}`),
      code: 'tunnel-body-too-large',
      text: /at most 4096 bytes/,
    },
  ] as const;
  for (const { says, answer, code, text } of ENDS) {
    for (const connections of [1, 2] as const) {
      it(`comes once when the server says ${says}, with ${connections} connections`, async (t) => {
        const server = await ScriptedServer.start(t);
        const open = await openLink(t, server, { connections, maxReplyBytes: 4096 });
        await sayFour(open, server);
        server.answer = answer;
        say(open, 'more');
        await until(() => open.end.ends.length > 0);
        await pass(100);
        const [end] = open.end.ends;
        assert.equal(open.end.ends.length, 1);
        assert.equal(end?.code, code);
        assert.match(end?.message ?? '', text);
        assert.equal(server.of('close').length, 0);
        assert.deepEqual(open.caught, []);
      });
    }
  }

  it('is seen while it is paused too, where nothing that was kept stands in front of it', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    open.link.pause();
    server.answer = (request) => reply(request, '', 404);
    say(open, 'more');
    await until(() => open.end.ends.length === 1);
  });

  it('comes behind the bytes that were kept, and nothing is asked meanwhile', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    await sayFour(open, server);
    open.link.pause();
    server.answer = (request) => reply(request, '\x01last');
    say(open, 'ask');
    await pass(50);
    server.answer = (request) => reply(request, '', 404);
    for (let number = 0; number < 5; number++) {
      say(open, 'again');
      await pass(20);
    }
    const sends = server.of('send').filter(({ body }) => body.startsWith('again'));
    assert.equal(sends.length, 1);
    assert.equal(open.end.ends.length, 0);
    open.link.resume();
    assert.equal(open.end.text.endsWith('last'), true);
    assert.deepEqual(
      open.end.ends.map((end) => end.code),
      ['peer-closed'],
    );
  });

  for (const connections of [1, 2] as const) {
    it(`leaves two seconds to a server that holds everything, with ${connections} connections`, async (t) => {
      const server = await ScriptedServer.start(t);
      const open = await openLink(t, server, { connections });
      await sayFour(open, server);
      server.answer = () => undefined;
      await until(() => server.requests.at(-1)?.verb === 'idle');
      await pass(300);
      open.end.queue('last words');
      const startMs = performance.now();
      open.link.close(DONE);
      await until(() => open.end.ends.length === 1);
      assert.ok(performance.now() - startMs < 2500);
      assert.equal(server.of('send').at(-1)?.body, 'last words');
      assert.deepEqual(open.end.ends, [DONE]);
    });
  }

  it('gives up a held idle that is in the way of a close on the only connection', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server, { connections: 1 });
    say(open, 'hello');
    await until(() => server.of('idle').length > 0);
    const answered = server.of('idle').length;
    server.answer = (request) => {
      if (request.verb === 'send') reply(request, '\x01');
    };
    await until(() => server.of('idle').length > answered);
    open.end.queue('last words');
    open.link.close(DONE);
    await until(() => open.end.ends.length === 1);
    assert.equal(server.of('send').at(-1)?.body, 'last words');
    assert.equal(server.of('close').length, 1);
  });

  it('says the endpoint its failure first when what it received throws, and carries its goodbye out', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    open.end.onReceive = () => {
      throw new Error('a bug of ours');
    };
    server.answer = (request) => reply(request, '\x01bytes');
    open.end.failed = (reason) => {
      open.end.failures.push(reason);
      open.end.queue('goodbye');
    };
    say(open, 'hello');
    await until(() => open.end.ends.length === 1);
    assert.deepEqual(
      open.end.failures.map(({ code }) => code),
      ['internal-error'],
    );
    assert.deepEqual(
      open.end.ends.map(({ code }) => code),
      ['internal-error'],
    );
    assert.equal(open.caught.length, 1);
    assert.equal(server.of('send').at(-1)?.body, 'goodbye');
    assert.equal(server.of('close').length, 1);
  });

  it('does without an endpoint: a Link that nobody wants is closed at the server all the same', async (t) => {
    const server = await ScriptedServer.start(t);
    const { wheel, guard } = linkDeps(t);
    const link = await dialTunnel(
      { host: '127.0.0.1', port: server.port, isSecure: false },
      { wheel, guard },
    );
    link.close(DONE);
    await until(() => server.of('close').length === 1);
    assert.equal(server.of('close')[0]?.sequenceNumber, 0);
  });
});

function byNumber(left: SeenRequest, right: SeenRequest): number {
  return left.sequenceNumber - right.sequenceNumber;
}
