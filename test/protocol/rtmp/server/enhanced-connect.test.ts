// Enhanced RTMP at connect: what a client announces, and what it is answered.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EnhancedAbilities } from '../../../../src/protocol/rtmp/server/enhanced-abilities.ts';
import { amf, WireEcmaArray, type WireObject, WireStrictArray } from '../../../support/amf-wire.ts';
import { join } from '../../../support/chunk-wire.ts';
import { bytesOf } from '../../../support/vectors.ts';
import { CONNECT_REPLIES, greeted, publishing } from './server-bench.ts';

/** What the session understands of these properties of a connect. */
function understood(properties: WireObject): EnhancedAbilities {
  const bench = greeted({ decisions: 'left to the test' });
  bench.receive(bench.client.connect('live', properties));
  const [event] = bench.takeEvents();
  assert.ok(event?.type === 'connect');
  return event.enhanced;
}

const NOTHING: EnhancedAbilities = {
  isAnnounced: false,
  fourCcs: [],
  videoFourCcs: new Map(),
  audioFourCcs: new Map(),
  capsEx: 0,
};
const ANNOUNCED: EnhancedAbilities = { ...NOTHING, isAnnounced: true };

describe('What a client announces of Enhanced RTMP', () => {
  it('is its codecs, what it does with each, and its further abilities', () => {
    const announced = understood({
      fourCcList: new WireStrictArray('av01', 'hvc1', 'ac-3', '.mp3', '*'),
      videoFourCcInfoMap: { hvc1: 1, av01: 5, '*': 4 },
      audioFourCcInfoMap: new WireEcmaArray({ Opus: 7 }),
      capsEx: 15,
    });
    assert.deepEqual(announced, {
      isAnnounced: true,
      fourCcs: ['av01', 'hvc1', 'ac-3', '.mp3', '*'],
      videoFourCcs: new Map([
        ['hvc1', 1],
        ['av01', 5],
        ['*', 4],
      ]),
      audioFourCcs: new Map([['Opus', 7]]),
      capsEx: 15,
    });
  });

  it('is nothing where it says nothing, or null [item 84]', () => {
    assert.deepEqual(understood({}), NOTHING);
    assert.deepEqual(understood({ fourCcList: null, capsEx: undefined }), NOTHING);
  });

  it('is read from an array of named members as well', () => {
    assert.deepEqual(understood({ fourCcList: new WireEcmaArray({ 0: 'vp09', 1: 'Opus' }) }).fourCcs, [
      'vp09',
      'Opus',
    ]);
  });

  it('counts as missing where it is of another type or out of range', () => {
    for (const value of ['av01', 7, true, {}] as const) {
      assert.deepEqual(understood({ fourCcList: value }), ANNOUNCED);
    }
    for (const value of ['av01', 7, true, new WireStrictArray('av01')] as const) {
      assert.deepEqual(understood({ videoFourCcInfoMap: value, audioFourCcInfoMap: value }), ANNOUNCED);
    }
    for (const value of ['15', Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 32, {}] as const) {
      assert.deepEqual(understood({ capsEx: value }), ANNOUNCED);
    }
    assert.equal(understood({ capsEx: 2 ** 32 - 1 }).capsEx, 2 ** 32 - 1);
    assert.equal(understood({ capsEx: 3.9 }).capsEx, 3);
  });

  it('loses what is no FourCC, what comes twice, and masks that say nothing', () => {
    const list = new WireStrictArray('av01', '', 'av0', 'av011', 'a\n01', 'ävc1', '**', 'av01', 'vvc1');
    assert.deepEqual(understood({ fourCcList: list }).fourCcs, ['av01', 'vvc1']);
    const map = { hvc1: 1, hvc: 1, av01: '1', vp09: 0, vp08: -1, avc1: Number.NaN, vvc1: 2 ** 33, '*': 255 };
    assert.deepEqual(
      understood({ videoFourCcInfoMap: map }).videoFourCcs,
      new Map([
        ['hvc1', 1],
        ['*', 7],
      ]),
    );
  });

  it('is kept up to 32 codecs of each list, and looked at up to 64', () => {
    const names = Array.from({ length: 600 }, (_, index) => `${1000 + index}`);
    const kept = understood({
      fourCcList: new WireStrictArray(...names),
      videoFourCcInfoMap: Object.fromEntries(names.map((name) => [`x${name}`.slice(0, 4), 1])),
      audioFourCcInfoMap: Object.fromEntries(names.slice(0, 32).map((name) => [`_${name}`.slice(1), 1])),
    });
    assert.deepEqual(kept.fourCcs, names.slice(0, 32));
    assert.equal(kept.videoFourCcs.size, 32);
    assert.equal(kept.audioFourCcs.size, 32);
    const behindJunk = (count: number) =>
      understood({ fourCcList: new WireStrictArray(...Array.from({ length: count }, () => 'junk!'), 'av01') })
        .fourCcs;
    assert.deepEqual(behindJunk(63), ['av01']);
    assert.deepEqual(behindJunk(64), []);
  });
});

describe('The answer to connect', () => {
  const announcements: readonly WireObject[] = [
    { fourCcList: new WireStrictArray('av01') },
    { videoFourCcInfoMap: { '*': 1 } },
    { audioFourCcInfoMap: {} },
    { capsEx: 0 },
  ];
  for (const properties of announcements) {
    it(`tells who announced ${Object.keys(properties)} what the server can do, behind what it says to all`, () => {
      const bench = greeted();
      bench.receive(bench.client.connect('live', properties));
      const [, , , result] = bench.takeReplies();
      const expected = amf(
        '_result',
        1,
        { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 },
        {
          level: 'status',
          code: 'NetConnection.Connect.Success',
          description: 'Connection succeeded.',
          objectEncoding: 0,
          data: join([bytesOf('0800000001'), amf({ version: '3,5,7,7009' }).subarray(1)]),
          fourCcList: new WireStrictArray('*'),
          videoFourCcInfoMap: { '*': 4 },
          audioFourCcInfoMap: { '*': 4 },
          capsEx: 15,
        },
      );
      assert.deepEqual(result?.payload, expected);
    });
  }

  it('is the same as ever for who announced nothing', () => {
    const bench = greeted();
    bench.receive(bench.client.connect('live', { videoCodecs: 252, fourCcList: null }));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  it('is followed by the media of whoever publishes Enhanced RTMP, announced or not [item 84]', () => {
    const bench = publishing();
    bench.receive(bench.client.video(1, 0, bytesOf('9068766331010160')));
    bench.receive(bench.client.audio(1, 0, bytesOf('914f707573fc')));
    assert.deepEqual(bench.events(), ['video 1 @0 9068766331010160', 'audio 1 @0 914f707573fc']);
  });
});
