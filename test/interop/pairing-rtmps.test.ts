// The pairing matrix in TLS: ffmpeg and GStreamer's rtmp2sink publish by RTMPS for ten seconds, players play by RTMPS,
// RTMPTS and plain RTMP from the same port.

import { publishWithFfmpeg, publishWithGstreamer } from '../support/publishers.ts';
import { describeScene, TLS_PLAYERS } from './pairing.ts';

const DURATION_S = 10;

describeScene({
  publisher: 'ffmpeg by RTMPS',
  kind: 'h264-aac',
  durationS: DURATION_S,
  listen: 'any:127.0.0.1:0',
  players: TLS_PLAYERS,
  publish: (cleaner, server, sourcePath, path) =>
    publishWithFfmpeg(cleaner, sourcePath, server.url('rtmps', path)),
});

describeScene({
  publisher: "GStreamer's rtmp2sink by RTMPS",
  kind: 'h264-aac',
  durationS: DURATION_S,
  listen: 'any:127.0.0.1:0',
  players: TLS_PLAYERS,
  received: { isRemuxed: true },
  publish: (cleaner, server, sourcePath, path) =>
    publishWithGstreamer(cleaner, sourcePath, server.url('rtmps', path)),
});
