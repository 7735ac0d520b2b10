// The pairing matrix, second row: ffmpeg publishes by RTMPT, every player plays.

import { FFMPEG_RTMPT_TAIL_FRAMES, publishWithFfmpeg } from '../support/publishers.ts';
import { describeScene, PLAYERS } from './pairing.ts';

describeScene({
  publisher: 'ffmpeg by RTMPT',
  kind: 'h264-aac',
  durationS: 5,
  players: Object.values(PLAYERS),
  received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
  publish: (cleaner, server, sourcePath, path) =>
    publishWithFfmpeg(cleaner, sourcePath, server.rtmptUrl(path)),
});
