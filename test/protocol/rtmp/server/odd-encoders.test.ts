// Encoders that do it their own way: names with slashes and queries, other orders, other types of values.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connected, greeted, PUBLISH_REPLIES, publishing } from './server-bench.ts';

describe('RtmpServerSession, for odd encoders', () => {
  const APPS: readonly (readonly [string, Record<string, string | undefined>, string])[] = [
    ['a trailing slash', { app: 'live/' }, 'app "live" instance "" query ""'],
    ['slashes all around', { app: '//live//' }, 'app "live" instance "" query ""'],
    ['an instance', { app: 'live/room1' }, 'app "live" instance "room1" query ""'],
    ['an instance of two parts', { app: 'live/a/b' }, 'app "live" instance "a/b" query ""'],
    ['the default instance', { app: 'live/_definst_' }, 'app "live" instance "" query ""'],
    ['the default instance and a slash', { app: 'live/_definst_/' }, 'app "live" instance "" query ""'],
    ['a query', { app: 'live?token=a?b' }, 'app "live" instance "" query "token=a?b"'],
    ['a slash and a query', { app: 'live/?token=a' }, 'app "live" instance "" query "token=a"'],
    ['the query on tcUrl', { app: 'live', tcUrl: 'rtmp://h/live?k=1' }, 'app "live" instance "" query "k=1"'],
    [
      'a query on both, where that of app counts',
      { app: 'live?a=1', tcUrl: 'rtmp://h/live?b=2' },
      'app "live" instance "" query "a=1"',
    ],
    [
      'no app but a tcUrl',
      { app: undefined, tcUrl: 'rtmp://h:1935/live' },
      'app "live" instance "" query ""',
    ],
    ['a slash as app', { app: '/', tcUrl: 'rtmp://h/live/r' }, 'app "live" instance "r" query ""'],
    ['a query as app', { app: '?x=1', tcUrl: 'rtmp://h/live?y=2' }, 'app "live" instance "" query "x=1"'],
    ['no tcUrl', { app: 'live', tcUrl: undefined }, 'app "live" instance "" query ""'],
    ['a tcUrl that is none', { app: 'live', tcUrl: 'nonsense' }, 'app "live" instance "" query ""'],
    ['a name that is not ASCII', { app: 'живой' }, 'app "живой" instance "" query ""'],
  ];
  for (const [name, properties, expected] of APPS) {
    it(`takes a connect with ${name}`, () => {
      const bench = greeted();
      bench.receive(bench.client.connect('', properties));
      const [line] = bench.events();
      assert.equal(line?.slice('connect '.length, line.indexOf(' tcUrl')), expected);
      assert.equal(bench.session.state, 'connected');
    });
  }

  for (const [name, properties] of [
    ['no app and no tcUrl', { app: undefined, tcUrl: undefined }],
    ['nothing at all', {}],
    ['a tcUrl without a path', { app: undefined, tcUrl: 'rtmp://h:1935' }],
    ['a name of 1 KiB', { app: 'a'.repeat(1025) }],
    ['a name of 1 KiB in tcUrl', { app: '', tcUrl: `rtmp://h/${'a'.repeat(1025)}` }],
  ] as const) {
    it(`refuses a connect with ${name}, and says why [item 58]`, () => {
      const bench = greeted();
      bench.refuses('rtmp-connect-invalid', bench.client.command({}, 'connect', 1, properties));
      const [reply, ...others] = bench.replies();
      assert.match(
        reply ?? '',
        /^0 _error 1 null \{level: "error", code: "NetConnection.Connect.InvalidApp", /,
      );
      assert.deepEqual([others, bench.events()], [[], []]);
    });
  }

  it('takes a tcUrl in quotes and a key in lower case', () => {
    const bench = greeted();
    const properties = { app: '', tcUrl: undefined, tcurl: ' "rtmp://h/live/room?k=1" ', flashver: 'odd' };
    bench.receive(bench.client.connect('', properties));
    assert.deepEqual(bench.events(), [
      'connect app "live" instance "room" query "k=1" tcUrl "rtmp://h/live/room?k=1" flashVersion "odd" encoding 0',
    ]);
  });

  it('takes an ECMA array as the object of connect, and keeps the order of its members', () => {
    const bench = greeted();
    const members = '0003617070 0200046c697665 000137 05 00095f5f70726f746f5f5f 05 000009'.replaceAll(
      ' ',
      '',
    );
    const properties = Uint8Array.from(Buffer.from(`0800000000${members}`, 'hex'));
    bench.receive(bench.client.command({}, 'connect', 1, properties));
    const [event] = bench.takeEvents();
    assert.ok(event?.type === 'connect');
    assert.equal(event.app, 'live');
    assert.deepEqual([...event.properties.properties.keys()], ['app', '7', '__proto__']);
  });

  for (const objectEncoding of [1, 2, Number.NaN, -3, 3.5, 'three']) {
    it(`takes object encoding ${objectEncoding} for AMF0`, () => {
      const bench = greeted();
      bench.receive(bench.client.connect('live', { objectEncoding }));
      assert.match(bench.events()[0] ?? '', /encoding 0$/);
    });
  }

  const NAMES: readonly (readonly [string, string, string])[] = [
    ['a leading slash', '/key', '"key" query ""'],
    ['slashes all around', '//a//b/', '"a/b" query ""'],
    ['a query', 'key?token=1&x=2', '"key" query "token=1&x=2"'],
    ['a slash and a query', '/key/?t=1', '"key" query "t=1"'],
    ['an empty query', 'key?', '"key" query ""'],
    ['the prefix flv:', 'flv:key', '"key" query ""'],
    ['the prefix mp4:, which says more', 'mp4:key', '"mp4:key" query ""'],
  ];
  for (const [name, streamName, expected] of NAMES) {
    it(`publishes a name with ${name}`, () => {
      const bench = connected();
      bench.receive(bench.client.call('createStream', 2), bench.client.onStream(1, 'publish', streamName));
      assert.deepEqual(bench.events(), [`publish 1 ${expected} live`]);
    });

    it(`plays a name with ${name}`, () => {
      const bench = connected();
      bench.receive(bench.client.call('createStream', 2), bench.client.onStream(1, 'play', streamName));
      assert.deepEqual(bench.events(), [`play 1 ${expected} start null live-only false reset true`]);
    });
  }

  it('publishes on an id that was never created, and gives ids behind it [item 65]', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    bench.receive(client.call('createStream', 2));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 2']);
    bench.receive(client.onStream(1024, 'publish', 'other'), client.call('createStream', 3));
    assert.deepEqual(bench.events(), ['publish 1024 "other" query "" live']);
    assert.equal(bench.replies().at(-1), '0 _result 3 null 1025');
  });

  for (const messageStreamId of [0, 1025, 0xffffffff]) {
    it(`tells who publishes on id ${messageStreamId} that it cannot be [item 65]`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(messageStreamId, 'publish', 'key'));
      bench.receive(bench.client.onStream(messageStreamId, 'play', 'key'));
      const failed = `${messageStreamId} onStatus error NetStream.Failed`;
      assert.deepEqual(bench.replies(), [failed, failed]);
      assert.deepEqual(bench.events(), []);
      assert.equal(bench.session.state, 'connected');
    });
  }

  it('takes createStream before FCPublish, and publish without releaseStream', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2), client.call('FCPublish', 3, 'key'));
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
    assert.deepEqual(bench.replies().slice(-2), PUBLISH_REPLIES);
  });

  for (const publishType of ['record', 'append', 'appendWithGap', 'nonsense']) {
    it(`hands on the publish type ${publishType}`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'publish', 'key', publishType));
      assert.deepEqual(bench.events(), [`publish 1 "key" query "" ${publishType}`]);
    });
  }

  it('forgets the query and the prefix in the names of FCUnpublish', () => {
    const bench = publishing();
    bench.receive(bench.client.call('FCUnpublish', 3, '/flv:other?t=1'));
    assert.deepEqual(bench.events(), []);
    bench.receive(bench.client.call('FCUnpublish', 3, '/key?t=1'));
    assert.deepEqual(bench.events(), ['unpublish 1']);
  });

  it('answers vendor calls with a plain yes, for an error ends the session of some [item 62] [item 72]', () => {
    const bench = connected();
    const names = ['_checkbw', 'checkBandwidth', 'set_playlist', 'secureTokenResponse'];
    const more = ['NetStream.Authenticate.UsherToken', 'bgHasStream', 'onBWCheck'];
    for (const [index, name] of [...names, ...more].entries()) {
      bench.receive(bench.client.call(name, index + 2));
      assert.deepEqual(bench.replies(), [`0 _result ${index + 2} null null`], name);
      bench.receive(bench.client.call(name, 0));
      assert.deepEqual(bench.replies(), [], name);
    }
  });

  it('takes a command without a command object and without arguments', () => {
    const bench = connected();
    bench.receive(bench.client.command({}, 'createStream', 2));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
    bench.receive(bench.client.command({}, 'FCPublish', 3), bench.client.command({}, 'FCUnpublish', 4));
    assert.deepEqual(bench.replies(), [
      '0 _result 3 null undefined',
      '0 onFCPublish 0 null {code: "NetStream.Publish.Start", description: ""}',
      '0 _result 4 null undefined',
      '0 onFCUnpublish 0 null {code: "NetStream.Unpublish.Success", description: ""}',
    ]);
  });
});
