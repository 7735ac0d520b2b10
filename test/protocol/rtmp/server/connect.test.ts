// Connect: the bytes of its answer, its refusals, and what may stand before it and behind it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf } from '../../../support/amf-wire.ts';
import { chunk, join } from '../../../support/chunk-wire.ts';
import { clientHandshake } from '../../../support/client-messages.ts';
import { assertOurBug, CONNECT_REPLIES, connected, greeted, ServerBench } from './server-bench.ts';

const INVALID_APP =
  /^0 _error 1 null \{level: "error", code: "NetConnection.Connect.InvalidApp", description: /;

/** The application name `app`, and the instance, are refused, and the client can read why. */
function assertInvalidApp(bench: ServerBench, app: string): void {
  bench.refuses('rtmp-connect-invalid', bench.client.connect(app, { tcUrl: '' }));
  assert.equal(bench.session.state, 'closed');
  const [reply, ...others] = bench.replies();
  assert.match(reply ?? '', INVALID_APP);
  assert.deepEqual(others, []);
  assert.deepEqual(bench.events(), []);
}

describe('RtmpServerSession, connecting', () => {
  it('goes through its states', () => {
    const bench = greeted({ decisions: 'left to the test' });
    assert.equal(bench.session.state, 'unconnected');
    bench.receive(bench.client.connect('live'));
    assert.equal(bench.session.state, 'unconnected');
    bench.session.acceptConnect();
    assert.equal(bench.session.state, 'connected');
    bench.session.close();
    assert.equal(bench.session.state, 'closed');
    bench.session.close();
  });

  it('answers byte for byte: types 5, 6 and 1, then the result [item 59]', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receive(bench.client.command({}, 'connect', 7, { app: 'live', objectEncoding: 3 }));
    bench.session.acceptConnect();
    const control = (typeId: number, hex: string) =>
      chunk({
        format: 0,
        chunkStreamId: 2,
        typeId,
        messageStreamId: 0,
        payload: Uint8Array.from(Buffer.from(hex, 'hex')),
      });
    const result = amf(
      '_result',
      7,
      { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 },
      {
        level: 'status',
        code: 'NetConnection.Connect.Success',
        description: 'Connection succeeded.',
        objectEncoding: 3,
        data: join([
          Uint8Array.from(Buffer.from('0800000001', 'hex')),
          amf({ version: '3,5,7,7009' }).subarray(1),
        ]),
      },
    );
    const answer = chunk({ format: 0, chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload: result });
    const expected = [control(5, '002625a0'), control(6, '002625a002'), control(1, '00001000'), answer];
    assert.deepEqual(bench.session.takeOutput(65_536), expected);
    assert.equal(bench.session.hasOutput, false);
  });

  it('answers a connect that counts no transactions', () => {
    const bench = greeted();
    bench.receive(bench.client.command({}, 'connect', Number.NaN, { app: 'live' }));
    assert.match(bench.replies()[3] ?? '', /^0 _result 0 /);
  });

  it('rejects with the code and the description, which can still be taken, and reads no further [item 60]', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receive(client.command({}, 'connect', 5, { app: 'live' })).events();
    session.rejectConnect('NetConnection.Connect.Rejected', 'code=403 need auth; authmod=adobe');
    assert.equal(session.state, 'closed');
    bench.receive(client.call('createStream', 2), client.connect('live'));
    session.sayStatus('error', 'NetConnection.Connect.Closed', 'said too late');
    session.tick(1e9);
    assert.deepEqual(bench.events(), []);
    const rejected = 'level: "error", code: "NetConnection.Connect.Rejected"';
    assert.deepEqual(bench.replies(), [
      `0 _error 5 null {${rejected}, description: "code=403 need auth; authmod=adobe"}`,
    ]);
    assertOurBug(() => session.acceptConnect());
    assertOurBug(() => session.rejectConnect('NetConnection.Connect.Rejected', 'twice'));
  });

  it('says the answer at once behind the decision, and takes what came with connect afterwards', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receiveAtOnce(bench.client.connect('live'), bench.client.call('createStream', 2));
    assert.deepEqual(bench.replies(), []);
    assert.equal(bench.session.isDecisionDue, true);
    bench.session.acceptConnect();
    assert.equal(bench.session.isDecisionDue, false);
    assert.deepEqual(bench.replies(), [...CONNECT_REPLIES, '0 _result 2 null 1']);
  });

  const BAD_APPS: readonly (readonly [string, string])[] = [
    ['that is empty', ''],
    ['of slashes only', '//'],
    ['that is one character too long', 'a'.repeat(129)],
    ['that is too long with its instance', `${'a'.repeat(64)}/${'b'.repeat(64)}`],
    ['with a line feed', 'li\nve'],
    ['with a null', 'live\0'],
    ['with a delete', 'live\x7f'],
    ['with a control character of eight bits', 'live\x9b31m'],
    ['with .. in it', 'live/../admin'],
    ['with .. behind a backslash', 'live\\..\\admin'],
    ['of .. only', '..'],
  ];
  for (const [name, app] of BAD_APPS) {
    it(`refuses an application name ${name} [item 58]`, () => assertInvalidApp(greeted(), app));
  }

  it('takes names at the limit of length, alone and with an instance [item 58]', () => {
    for (const app of ['a'.repeat(128), `${'a'.repeat(64)}/${'b'.repeat(63)}`, 'live/a..b/...']) {
      const bench = greeted();
      bench.receive(bench.client.connect(app));
      assert.equal(bench.session.state, 'connected', app);
    }
  });

  for (const [name, value] of [
    ['nothing', undefined],
    ['null', null],
    ['a string', 'live'],
    ['a number', 7],
  ] as const) {
    it(`refuses a connect with ${name} in the place of its properties [item 58]`, () => {
      const bench = greeted();
      bench.refuses('rtmp-connect-invalid', bench.client.command({}, 'connect', 1, value));
      assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    });
  }

  it('cuts what it keeps of flashVer, tcUrl and the query, each at its limit and one over it', () => {
    const readBack = (urlChars: number, queryChars: number, flashChars: number) => {
      const tcUrl = 'rtmp://host/live/'.padEnd(urlChars, 'u');
      const bench = greeted({ decisions: 'left to the test' });
      bench.receive(
        bench.client.connect(`live?${'q'.repeat(queryChars)}`, { tcUrl, flashVer: 'v'.repeat(flashChars) }),
      );
      const [event] = bench.takeEvents();
      assert.ok(event?.type === 'connect');
      assert.ok(tcUrl.startsWith(event.tcUrl));
      return [event.app, event.tcUrl.length, event.query.length, event.flashVersion.length];
    };
    assert.deepEqual(readBack(4096, 4096, 256), ['live', 4096, 4096, 256]);
    assert.deepEqual(readBack(4097, 4097, 257), ['live', 4096, 4096, 256]);
    assert.deepEqual(readBack(20_000, 20_000, 20_000), ['live', 4096, 4096, 256]);
  });

  it('takes properties of unexpected types for missing ones', () => {
    const bench = greeted();
    bench.receive(bench.client.connect('live', { tcUrl: 7, flashVer: false, objectEncoding: '3' }));
    assert.deepEqual(bench.events(), [
      'connect app "live" instance "" query "" tcUrl "" flashVersion "" encoding 0',
    ]);
    const other = greeted();
    other.refuses('rtmp-connect-invalid', other.client.connect('live', { app: 7, tcUrl: null }));
  });

  it('closes at a connect that does not parse', () => {
    const bench = greeted();
    bench.refuses('rtmp-command-malformed', bench.client.message(20, amf('connect', 1).subarray(0, 15)));
    assert.equal(bench.session.state, 'closed');
  });

  it('closes at a second connect, and can still say goodbye [item 56]', () => {
    const bench = connected();
    const { session, client } = bench;
    bench.refuses('rtmp-connect-repeated', client.connect('live'));
    assert.equal(session.state, 'closed');
    session.sayStatus('error', 'NetConnection.Connect.Closed', 'expected one connect');
    session.close();
    session.sayStatus('error', 'NetConnection.Connect.Closed', 'said too late');
    assert.deepEqual(bench.replies(), ['0 onStatus error NetConnection.Connect.Closed']);
  });

  for (const name of [
    'createStream',
    'publish',
    'play',
    'FCPublish',
    'deleteStream',
    '_result',
    'evil\x1b[0m',
  ]) {
    it(`closes at ${JSON.stringify(name)} before connect, and executes nothing [item 57]`, () => {
      const bench = greeted();
      const error = bench.refuses('rtmp-command-before-connect', bench.client.onStream(1, name, 'key'));
      assert.ok(error.message.includes(JSON.stringify(name)));
      assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    });
  }

  it('says nothing of the connection before connect was accepted', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.session.sayStatus('error', 'NetConnection.Connect.Closed', 'too early');
    bench.receive(bench.client.connect('live'));
    bench.session.sayStatus('error', 'NetConnection.Connect.Closed', 'too early');
    assert.deepEqual(bench.replies(), []);
  });

  it('drops and counts media, data and unknown types before connect', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.audio(1, 0, Uint8Array.of(0xaf)), client.video(0, 0, Uint8Array.of(0x17)));
    bench.receive(client.data(0, 'onMetaData', {}), client.message(19, Uint8Array.of(1)));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    assert.equal(bench.session.counters.strayMedia, 3);
    assert.equal(bench.session.counters.unknownMessages, 1);
    bench.receive(client.connect('live'));
    assert.equal(bench.session.state, 'connected');
  });

  it('refuses what is no RTMP at the first byte, says nothing, and reads nothing behind it [item 6]', () => {
    const bench = new ServerBench();
    bench.refuses('rtmp-version-unsupported', Uint8Array.of(0x47));
    bench.receive(clientHandshake());
    assert.equal(bench.session.state, 'closed');
    assert.equal(bench.session.hasOutput, false);
  });

  it('gives S0, S1 and S2 alone, before C2 and whatever came with it [item 1] [item 4]', () => {
    const bench = new ServerBench();
    const { session } = bench;
    const [greeting, rest] = [clientHandshake().subarray(0, 1537), clientHandshake().subarray(1537)];
    bench.receive(greeting.subarray(0, 1536));
    assert.equal(session.hasOutput, false);
    assert.equal(session.state, 'handshake');
    bench.receiveAtOnce(greeting.subarray(1536), rest, bench.client.connect('live'));
    assert.equal(session.isHandshakeNext, true);
    const [answer, ...others] = session.takeOutput(1_000_000);
    assert.equal(answer?.length, 3073);
    assert.equal(answer[0], 3);
    assert.deepEqual(others, []);
    assert.equal(session.isHandshakeNext, false);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });
});
