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

const NOTHING: EnhancedAbilities = { isAnnounced: false, capsEx: 0 };
const ANNOUNCED: EnhancedAbilities = { ...NOTHING, isAnnounced: true };

describe('What a client announces of Enhanced RTMP', () => {
  it('is that it announces anything, and its further abilities', () => {
    assert.deepEqual(understood({ fourCcList: new WireStrictArray('av01', '*'), capsEx: 15 }), {
      isAnnounced: true,
      capsEx: 15,
    });
    for (const properties of [
      { fourCcList: new WireEcmaArray({ 0: 'vp09' }) },
      { videoFourCcInfoMap: { hvc1: 1 } },
      { audioFourCcInfoMap: {} },
    ]) {
      assert.deepEqual(understood(properties), ANNOUNCED);
    }
  });

  it('is nothing where it says nothing, or null [item 84]', () => {
    assert.deepEqual(understood({}), NOTHING);
    assert.deepEqual(understood({ fourCcList: null, capsEx: undefined }), NOTHING);
  });

  it('has no abilities where they are of another type or out of range', () => {
    for (const value of ['15', Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 32, {}] as const) {
      assert.deepEqual(understood({ capsEx: value }), ANNOUNCED);
    }
    assert.equal(understood({ capsEx: 2 ** 32 - 1 }).capsEx, 2 ** 32 - 1);
    assert.equal(understood({ capsEx: 3.9 }).capsEx, 3);
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
