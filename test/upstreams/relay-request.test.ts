// What a relay says at its connect, and what it makes of data messages.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUpstreamUrl } from '../../src/config/upstream-url.ts';
import { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../src/protocol/amf/amf0-decoder.ts';
import { encodeDataMessage } from '../../src/protocol/rtmp/data-message.ts';
import { dataMessageOf, publishedBody } from '../../src/upstreams/relay-data.ts';
import { connectRequestOf } from '../../src/upstreams/relay-request.ts';

const CLIENT = { remoteAddress: '2001:db8::7' };

function requestOf(url: string, added: object = {}, client: typeof CLIENT | null = null) {
  const upstream = { url: parseUpstreamUrl(url), addressProperty: '', addressParameter: '', ...added };
  return connectRequestOf(upstream, 'live/room', client);
}

describe('connectRequestOf', () => {
  it('names the application behind host and port, and no credentials', () => {
    assert.deepEqual(requestOf('rtmp://user:secret@h/other'), {
      app: 'live/room',
      tcUrl: 'rtmp://h:1935/live/room',
    });
    assert.equal(requestOf('rtmpts://[::1]').tcUrl, 'rtmpts://[::1]:443/live/room');
  });

  it('carries the query of the URL in app and tcUrl, as FFmpeg does', () => {
    assert.deepEqual(requestOf('rtmps://h/other?token=x&y=z'), {
      app: 'live/room?token=x&y=z',
      tcUrl: 'rtmps://h:443/live/room?token=x&y=z',
    });
  });

  it('tells the client’s address where the upstream is to be told, and there is a client', () => {
    const added = { addressProperty: 'realIp', addressParameter: 'ip' };
    assert.deepEqual(requestOf('rtmp://h?t=1', added, CLIENT), {
      app: 'live/room?t=1&ip=2001%3Adb8%3A%3A7',
      tcUrl: 'rtmp://h:1935/live/room?t=1&ip=2001%3Adb8%3A%3A7',
      properties: { realIp: '2001:db8::7' },
    });
    assert.deepEqual(requestOf('rtmp://h', added), { app: 'live/room', tcUrl: 'rtmp://h:1935/live/room' });
  });
});

describe('data messages of relays', () => {
  const payload = new Uint8Array(9);

  it('takes metadata of a server for a publisher’s, and other data for what is passed on', () => {
    const values = [AmfObject.of({ width: 1 })];
    assert.deepEqual(dataMessageOf({ name: 'onMetaData', values, payload }), {
      kind: 'set',
      handler: 'onMetaData',
      values,
      receivedBytes: 9,
    });
    assert.equal(dataMessageOf({ name: 'onTextData', values, payload })?.kind, 'send');
    const set = dataMessageOf({ name: '@setDataFrame', values: ['onCue', ...values], payload });
    assert.deepEqual([set?.kind, set?.handler, set?.values], ['set', 'onCue', values]);
    const clear = dataMessageOf({ name: '@clearDataFrame', values: ['onCue'], payload });
    assert.deepEqual([clear?.kind, clear?.handler], ['clear', 'onCue']);
    assert.equal(dataMessageOf({ name: '@setDataFrame', values: [7], payload }), null);
  });

  it('passes on nothing of what a server says of the playing', () => {
    for (const name of ['|RtmpSampleAccess', 'onStatus', 'onPlayStatus']) {
      assert.equal(dataMessageOf({ name, values: [false, false], payload }), null, name);
    }
  });

  it('sends metadata as publishers do, and other data as it stands', () => {
    const metadata = encodeDataMessage('onMetaData', [AmfObject.of({ width: 1 })]);
    assert.ok(metadata !== null);
    const [first, second] = decodeAmf0Values(publishedBody(metadata));
    assert.deepEqual([first, second], ['@setDataFrame', 'onMetaData']);
    const text = encodeDataMessage('onMetaDataX', [1]);
    assert.ok(text !== null);
    assert.equal(publishedBody(text), text);
  });
});
