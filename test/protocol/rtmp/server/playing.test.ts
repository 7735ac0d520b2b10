// Playing: where to start, what is played before, and pause, seek and the choice of sound and pictures.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireValue } from '../../../support/amf-wire.ts';
import { connected, PLAY_REPLIES, playing, playLine, publishing } from './server-bench.ts';

const NOT_FOUND = '1 onStatus error NetStream.Play.StreamNotFound';
const BAD_NAME = '1 onStatus error NetStream.Publish.BadName';

describe('RtmpServerSession, playing', () => {
  const STARTS: readonly (readonly [WireValue, string])[] = [
    [-2000, 'start null live-only false'],
    [-2, 'start null live-only false'],
    [-5, 'start null live-only false'],
    [-1000, 'start null live-only true'],
    [-1, 'start null live-only true'],
    [0, 'start 0 live-only false'],
    [5000, 'start 5000 live-only false'],
    [0.5, 'start 0.5 live-only false'],
    [Number.NaN, 'start null live-only false'],
    [Number.POSITIVE_INFINITY, 'start null live-only false'],
    [Number.NEGATIVE_INFINITY, 'start null live-only false'],
    [null, 'start null live-only false'],
    ['5000', 'start null live-only false'],
    [true, 'start null live-only false'],
  ];
  for (const [start, expected] of STARTS) {
    it(`plays with start ${JSON.stringify(start)} (${String(start)}) [item 66] [item 52]`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'play', 'key', start));
      assert.deepEqual(bench.events(), [`play 1 "key" query "" ${expected} reset true`]);
      assert.deepEqual(bench.replies(), PLAY_REPLIES);
    });
  }

  const RESETS: readonly (readonly [WireValue, boolean])[] = [
    [true, true],
    [false, false],
    [0, false],
    [1, true],
    [2, true],
    [3, true],
    [null, true],
    ['false', true],
  ];
  for (const [reset, isReset] of RESETS) {
    it(`plays with reset ${JSON.stringify(reset)} [item 67] [item 68]`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'play', 'key', -2000, -1, reset));
      assert.deepEqual(bench.events(), [`play 1 "key" query "" start null live-only false reset ${isReset}`]);
      assert.deepEqual(
        bench.replies(),
        PLAY_REPLIES.filter((line) => isReset || !line.endsWith('Reset')),
      );
    });
  }

  const BAD_NAMES: readonly (readonly [string, WireValue])[] = [
    ['empty', ''],
    ['of slashes', '///'],
    ['a query only', '?token=1'],
    ['too long', 'k'.repeat(129)],
    ['with a line feed', 'a\nb'],
    ['with a null', 'a\0'],
    ['with an escape of eight bits', 'a\x9b2J'],
    ['with ..', '../../etc/passwd'],
    ['with .. behind its prefix', 'flv:../key'],
    ['with .. behind backslashes', 'a\\..\\b'],
  ];
  for (const [name, streamName] of BAD_NAMES) {
    it(`plays and publishes no name that is ${name} [item 58]`, () => {
      const bench = connected();
      bench.receive(bench.client.call('createStream', 2)).forget();
      bench.receive(
        bench.client.onStream(1, 'play', streamName),
        bench.client.onStream(1, 'publish', streamName),
      );
      assert.deepEqual(bench.events(), []);
      assert.deepEqual(bench.replies(), [NOT_FOUND, BAD_NAME]);
      assert.equal(bench.session.state, 'connected');
    });
  }

  it('plays and publishes names at the limit of length', () => {
    const bench = connected();
    const name = 'é'.repeat(128);
    bench.receive(bench.client.onStream(1, 'play', name), bench.client.onStream(2, 'publish', name));
    assert.deepEqual(bench.events(), [playLine(1, name), `publish 2 "${name}" query "" live`]);
  });

  for (const name of [7, null, undefined, { a: 1 }]) {
    it(`plays no ${JSON.stringify(name)}`, () => {
      const bench = connected();
      bench.receive(bench.client.onStream(1, 'play', name));
      assert.deepEqual(bench.replies(), [NOT_FOUND]);
    });
  }

  it('tells a player that its publisher left and came', () => {
    const bench = playing();
    bench.session.publishEnded(1);
    bench.session.publishStarted(1);
    bench.session.publishEnded(2);
    bench.session.publishStarted(2);
    assert.deepEqual(bench.replies(), [
      'eof 1',
      '1 onStatus status NetStream.Play.UnpublishNotify',
      'begin 1',
      '1 onStatus status NetStream.Play.PublishNotify',
    ]);
    const publisher = publishing();
    publisher.session.publishEnded(1);
    publisher.session.publishStarted(1);
    assert.deepEqual(publisher.replies(), []);
  });

  it('pauses and resumes [item 69]', () => {
    const bench = playing();
    const { client } = bench;
    bench.receive(client.onStream(1, 'pause', true, 1234), client.onStream(1, 'pause', false, 1234));
    assert.deepEqual(bench.events(), [
      'filter 1 audio true video true paused true',
      'filter 1 audio true video true paused false',
    ]);
    assert.deepEqual(bench.replies(), [
      '1 onStatus status NetStream.Pause.Notify',
      'begin 1',
      '1 onStatus status NetStream.Unpause.Notify',
    ]);
  });

  for (const [value, isPaused] of [
    [undefined, true],
    [1, true],
    [0, false],
    ['x', true],
  ] as const) {
    it(`takes pause(${value}) for ${isPaused ? 'a pause' : 'a resume'}`, () => {
      const bench = playing();
      bench.receive(bench.client.onStream(1, 'pauseRaw', value));
      assert.deepEqual(bench.events(), [`filter 1 audio true video true paused ${isPaused}`]);
    });
  }

  for (const value of [0, 5000, -1, Number.NaN, 1e300, 'x', undefined]) {
    it(`answers seek(${value}) [item 69] [item 52]`, () => {
      const bench = playing();
      bench.receive(bench.client.onStream(1, 'seek', value));
      assert.deepEqual(bench.events(), ['seek 1']);
      assert.deepEqual(bench.replies(), ['eof 1', '1 onStatus status NetStream.Seek.Notify', 'begin 1']);
    });
  }

  it('turns sound and pictures off and on [item 69]', () => {
    const bench = playing();
    const { client } = bench;
    bench.receive(client.onStream(1, 'receiveAudio', false), client.onStream(1, 'receiveVideo', 0));
    assert.deepEqual(bench.events(), [
      'filter 1 audio false video true paused false',
      'filter 1 audio false video false paused false',
    ]);
    assert.deepEqual(bench.replies(), []);
    bench.receive(client.onStream(1, 'receiveAudio', true), client.onStream(1, 'receiveVideo', 25));
    assert.deepEqual(bench.events(), [
      'filter 1 audio true video false paused false',
      'filter 1 audio true video true paused false',
    ]);
    const notices = ['1 onStatus status NetStream.Seek.Notify', '1 onStatus status NetStream.Play.Start'];
    assert.deepEqual(bench.replies(), [...notices, ...notices]);
  });

  it('remembers what a Flash player turned off before play, and answers nothing to it', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2)).forget();
    bench.receive(client.onStream(1, 'receiveVideo', false), client.onStream(1, 'receiveAudio', true));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    bench.receive(client.onStream(1, 'play', 'key'));
    assert.deepEqual(bench.events(), [playLine(1, 'key'), 'filter 1 audio true video false paused false']);
    assert.deepEqual(bench.replies(), PLAY_REPLIES);
  });

  it('begins the next play unpaused', () => {
    const bench = playing();
    const { client } = bench;
    bench.receive(client.onStream(1, 'pause', true), client.onStream(1, 'play', 'next')).forget();
    bench.receive(client.onStream(1, 'receiveAudio', false));
    assert.deepEqual(bench.events(), ['filter 1 audio false video true paused false']);
  });

  it('makes no NetStream for a command that has none', () => {
    const bench = connected();
    const { client } = bench;
    for (const name of ['pause', 'seek', 'receiveAudio', 'receiveVideo', 'closeStream']) {
      for (const id of [0, 1, 40, 1024]) bench.receive(client.onStream(id, name, false));
    }
    bench.receive(client.call('createStream', 2));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
    assert.deepEqual(bench.events(), []);
  });
});
