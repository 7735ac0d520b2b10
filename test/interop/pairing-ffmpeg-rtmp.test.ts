// The pairing matrix, first row: ffmpeg publishes by RTMP, every player plays.

import { publishWithFfmpeg } from '../support/publishers.ts';
import { describeScene, PLAYERS } from './pairing.ts';

describeScene({
  publisher: 'ffmpeg by RTMP',
  kind: 'h264-aac',
  durationS: 5,
  players: Object.values(PLAYERS),
  publish: (cleaner, server, sourcePath, path) =>
    publishWithFfmpeg(cleaner, sourcePath, server.rtmpUrl(path)),
});
