// How publishes and plays end: by every command that can end them, exactly once, and without touching others.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireValue } from '../../../support/amf-wire.ts';
import { join } from '../../../support/chunk-wire.ts';
import type { ClientMessages } from '../../../support/client-messages.ts';
import { connected, PUBLISH_REPLIES, playing, publishing, UNPUBLISHED } from './server-bench.ts';

type Ending = (client: ClientMessages) => Uint8Array;

const ENDINGS: Readonly<Record<string, Ending>> = {
  'closeStream on its id': (client) => client.onStream(1, 'closeStream'),
  'closeStream with its name': (client) => client.call('closeStream', 5, 'key'),
  'deleteStream with its id': (client) => client.call('deleteStream', 5, 1),
  'deleteStream with its name': (client) => client.call('deleteStream', 5, 'key'),
  'deleteStream with its name and a query': (client) => client.call('deleteStream', 5, '/key?t=1'),
  'deleteStream sent on its id': (client) => client.onStream(1, 'deleteStream', 1),
  'publish(false)': (client) => client.onStream(1, 'publish', false),
};

describe('RtmpServerSession, ending streams', () => {
  for (const [name, ending] of Object.entries(ENDINGS)) {
    it(`ends a publish once by ${name} [item 71]`, () => {
      const bench = publishing();
      bench.receiveAtOnce(ending(bench.client), ending(bench.client));
      for (const again of Object.values(ENDINGS)) bench.receive(again(bench.client));
      bench.receive(bench.client.call('FCUnpublish', 0, 'key'));
      assert.deepEqual(bench.events(), ['unpublish 1']);
      assert.deepEqual(bench.replies().slice(0, 1), [UNPUBLISHED]);
    });

    it(`ends a play once by ${name} [item 71]`, () => {
      const bench = playing();
      bench.receiveAtOnce(ending(bench.client), ending(bench.client));
      for (const again of Object.values(ENDINGS)) bench.receive(again(bench.client));
      assert.deepEqual(bench.events(), ['stop 1']);
      assert.deepEqual(bench.replies(), []);
    });
  }

  it('ends a publish once by FCUnpublish and what follows it [item 71]', () => {
    const bench = publishing();
    bench.receive(bench.client.call('FCUnpublish', 0, 'key'), bench.client.call('FCUnpublish', 0, 'key'));
    bench.receive(bench.client.call('deleteStream', 0, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
    const notice = '0 onFCUnpublish 0 null {code: "NetStream.Unpublish.Success", description: "key"}';
    assert.deepEqual(bench.replies(), [UNPUBLISHED, notice, notice]);
  });

  it('does not end a play by FCUnpublish', () => {
    const bench = playing();
    bench.receive(bench.client.call('FCUnpublish', 0, 'key'));
    assert.deepEqual(bench.events(), []);
  });

  const OTHERS: readonly (readonly [string, WireValue])[] = [
    ['an unknown id', 77],
    ['the id 0', 0],
    ['a negative id', -1],
    ['half an id', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['an unknown name', 'other'],
    ['an empty name', ''],
    ['a name of slashes', '//'],
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['an object', { id: 1 }],
    ['its id as text', '1'],
  ];
  for (const [name, value] of OTHERS) {
    it(`leaves a publish alone at deleteStream and closeStream with ${name} [item 70]`, () => {
      const bench = publishing();
      const { client } = bench;
      bench.receive(client.call('createStream', 3)).forget();
      bench.receive(client.call('deleteStream', 4, value), client.call('closeStream', 5, value));
      assert.deepEqual([bench.events(), bench.replies()], [[], []]);
      bench.receive(client.onStream(2, 'publish', 'more'), client.audio(1, 0, Uint8Array.of(0xaf)));
      assert.deepEqual(bench.events(), ['publish 2 "more" query "" live', 'audio 1 @0 af']);
    });
  }

  it('ends only the NetStream that is named [item 70]', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.onStream(2, 'publish', 'two'), client.onStream(3, 'play', 'three')).forget();
    bench.receive(client.call('deleteStream', 0, 2));
    assert.deepEqual(bench.events(), ['unpublish 2']);
    bench.receive(client.call('deleteStream', 0, 'three'));
    assert.deepEqual(bench.events(), ['stop 3']);
    bench.receive(client.audio(1, 0, Uint8Array.of(0xaf)));
    assert.deepEqual(bench.events(), ['audio 1 @0 af']);
  });

  it('ends all of the same name where a name stands for the id', () => {
    const bench = playing();
    const { client } = bench;
    bench.receive(client.onStream(2, 'play', 'key'), client.onStream(3, 'play', 'other')).forget();
    bench.receive(client.call('closeStream', 0, 'key'));
    assert.deepEqual(bench.events(), ['stop 1', 'stop 2']);
  });

  it('means the NetStream that closeStream comes on, whatever it says', () => {
    const bench = playing();
    bench.receive(bench.client.onStream(2, 'play', 'other')).forget();
    bench.receive(bench.client.onStream(2, 'closeStream', 'key'));
    assert.deepEqual(bench.events(), ['stop 2']);
  });

  it('publishes and plays again on a NetStream that was closed', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.onStream(1, 'closeStream')).forget();
    bench.receive(client.onStream(1, 'publish', 'again'));
    assert.deepEqual(bench.events(), ['publish 1 "again" query "" live']);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    bench.receive(client.onStream(1, 'closeStream'), client.onStream(1, 'play', 'key'));
    assert.equal(bench.events().length, 2);
  });

  it('gives new ids after a NetStream was deleted [item 61]', () => {
    const bench = connected();
    const { client } = bench;
    for (let id = 1; id <= 100; id++) {
      bench.receive(client.call('createStream', id), client.call('deleteStream', 0, id));
      assert.deepEqual(bench.replies(), [`0 _result ${id} null ${id}`]);
    }
  });

  it('tells publishers and players that the server ends, and nothing twice', () => {
    const bench = publishing();
    bench.receive(bench.client.onStream(2, 'play', 'other'), bench.client.call('createStream', 4)).forget();
    bench.session.endStreams('The server is shutting down.');
    bench.session.sayStatus('error', 'NetConnection.Connect.AppShutdown', 'The server is shutting down.');
    bench.session.close();
    bench.session.endStreams('again');
    assert.deepEqual(bench.replies(), [
      UNPUBLISHED,
      'eof 2',
      '2 onStatus status NetStream.Play.UnpublishNotify',
      '0 onStatus error NetConnection.Connect.AppShutdown',
    ]);
    assert.deepEqual(bench.events(), []);
  });

  it('reads nothing behind the end', () => {
    const bench = publishing();
    bench.session.close();
    bench.session.receive(join([bench.client.audio(1, 0, Uint8Array.of(1)), Uint8Array.of(0xff, 0xff)]), 0);
    bench.session.tick(1e12);
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
  });
});
