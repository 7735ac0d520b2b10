// The pairing matrix, third row: GStreamer's rtmp2sink publishes by RTMP, every player plays.

import { publishWithGstreamer } from '../support/publishers.ts';
import { describeScene, PLAYERS } from './pairing.ts';

describeScene({
  publisher: "GStreamer's rtmp2sink",
  kind: 'h264-aac',
  durationS: 5,
  players: Object.values(PLAYERS),
  received: { isRemuxed: true },
  publish: (cleaner, server, sourcePath, path) =>
    publishWithGstreamer(cleaner, sourcePath, server.rtmpUrl(path)),
});
