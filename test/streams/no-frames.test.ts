// Messages that are no frames, whatever time they are stamped with.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamRig } from './stream-rig.ts';

describe('LiveStream, messages that are no frames', () => {
  const HVC1 = [0x68, 0x76, 0x63, 0x31];
  const odd: readonly (readonly [string, 'audio' | 'video', readonly number[]])[] = [
    ['empty video', 'video', []],
    ['the end of a sequence', 'video', [0x17, 2, 0, 0, 0]],
    ['the end of an enhanced sequence', 'video', [0x92, ...HVC1]],
    ['a header of an unknown codec', 'video', [0x90, 0x78, 0x78, 0x78, 0x78, 1]],
    ['an unknown packet type', 'video', [0x98, 1]],
    ['a command frame', 'video', [0xd1, 0]],
    ['a header', 'video', [0x17, 0, 0, 0, 0, 1]],
    ['empty audio', 'audio', []],
    ['AAC cut short', 'audio', [0xaf, 1]],
    ['silence', 'audio', [0x92, 0x4f, 0x70, 0x75, 0x73]],
    ['an unknown packet type of audio', 'audio', [0x96, 1]],
  ];
  for (const [what, media, body] of odd) {
    it(`do not move the clock where they are stamped 0: ${what}`, () => {
      const rig = new StreamRig();
      rig.begin();
      for (let n = 0; n <= 100; n++) {
        rig.key(n * 100, n);
        rig.audio(n * 100, n);
      }
      const viewer = rig.viewer();
      viewer.takeAll();
      if (media === 'video') rig.stream.publishVideo(0, Uint8Array.from(body));
      else rig.stream.publishAudio(0, Uint8Array.from(body));
      const bytes = Buffer.concat(viewer.viewer.take(1000));
      assert.equal(bytes.readUIntBE(1, 3), 10_000, 'it is stamped like the newest frame');
      rig.inter(10_040, 101);
      rig.audio(10_040, 101);
      assert.deepEqual(viewer.takeAll(), ['inter 101 @10040', 'audio 101 @10040']);
    });
  }
});
