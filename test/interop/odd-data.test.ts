// Data messages that shut FFmpeg out of a stream where they reach it as they came: it fails to open. A publisher may send
// any of them; players open the stream and get every frame, whether they were there before or come later.

import { after, before, describe, it } from 'node:test';
import { amf, WireEcmaArray } from '../support/amf-wire.ts';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { startTestServer, type TestServer } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { Scope, sleep } from '../support/programs.ts';
import { SessionClient } from '../support/session-client.ts';
import { endByItself, withOutputOf } from './pairing.ts';

const DURATION_S = 5;
const LATE_MS = 1500;
const END_LIMIT_MS = 6000;
const START_LIMIT_MS = 8000;

/** A name as a long string, where a short one is expected. */
function longString(text: string): Uint8Array {
  return Buffer.concat([Buffer.of(12, 0, 0, 0, text.length), Buffer.from(text)]);
}

const METADATA = new WireEcmaArray({ width: 320, height: 240 });

/** What is odd, and the body of a data message. */
const ODD_DATA: readonly (readonly [string, Uint8Array])[] = [
  ['metadata that hold Undefined', amf('onMetaData', new WireEcmaArray({ width: 320, odd: undefined }))],
  [
    'metadata with a key of 200 bytes',
    amf('onMetaData', new WireEcmaArray({ ['k'.repeat(200)]: 1, width: 320 })),
  ],
  ['metadata without their end', amf('@setDataFrame', 'onMetaData', METADATA).subarray(0, -3)],
  [
    'kept captions that hold Undefined and a key of 200 bytes',
    amf(
      '@setDataFrame',
      'onTextData',
      new WireEcmaArray({ odd: undefined, ['k'.repeat(200)]: 1, text: 'x' }),
    ),
  ],
  ['a handler name of 64 bytes', amf('h'.repeat(64), METADATA)],
  ['a handler name as a long string', amf(longString('onMetaData'), METADATA)],
  ['a first value that is no string', amf(7, METADATA)],
];

describe('Odd data messages of a publisher', { concurrency: true }, () => {
  const scope = new Scope();
  let server: TestServer;
  let sourcePath = '';

  before(async () => {
    server = await startTestServer(scope);
    sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
  });
  after(() => scope.close());

  for (const [index, [what, body]] of ODD_DATA.entries()) {
    it(`keep nobody out: ${what}`, async (t) => {
      const path = `live/odd-${index}`;
      const early = playWithFfmpeg(t, server.rtmpUrl(path));
      await early.waitForOutput(/Sending play command/, START_LIMIT_MS);
      const publisher = await SessionClient.open(t, server.ports[0] ?? 0, 'live');
      const published = publisher.publishFile(`odd-${index}`, sourcePath, [body]);
      await sleep(LATE_MS);
      const late = playWithFfmpeg(t, server.rtmptUrl(path));
      await published;
      await Promise.all([early, late].map((player) => endByItself(player, END_LIMIT_MS)));
      withOutputOf(early, () => assertReceived(sourcePath, early.outputPath, { fromStart: true }));
      withOutputOf(late, () => assertReceived(sourcePath, late.outputPath, { minDurationMs: 1000 }));
      await assertDecodesClean(t, early.outputPath);
      await assertDecodesClean(t, late.outputPath);
    });
  }
});
