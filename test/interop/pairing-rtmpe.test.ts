// The pairing matrix for librtmp's RTMPE and RTMPTE, which rtmpdump and GStreamer speak: they play what is published in
// plain RTMP, and a plain player gets what is published by RTMPE. ffmpeg of Debian has neither.

import type { TestServer } from '../support/gateway-process.ts';
import { playWithRtmpdump, playWithRtmpsrc } from '../support/players.ts';
import type { Cleaner } from '../support/programs.ts';
import { publishWithFfmpeg, publishWithRtmpsink } from '../support/publishers.ts';
import { describeScene, type MatrixPlayer, PLAYERS } from './pairing.ts';

function rtmpeUrl(server: TestServer, path: string): string {
  return server.rtmpUrl(path).replace('rtmp:', 'rtmpe:');
}

function rtmpteUrl(server: TestServer, path: string): string {
  return server.rtmptUrl(path).replace('rtmpt:', 'rtmpte:');
}

const ENCRYPTED_PLAYERS = {
  rtmpdumpRtmpe: {
    name: 'rtmpdump by RTMPE',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, rtmpeUrl(server, path)),
  },
  rtmpdumpLiveRtmpe: {
    name: 'rtmpdump --live by RTMPE',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, rtmpeUrl(server, path), { live: true }),
  },
  rtmpdumpRtmpte: {
    name: 'rtmpdump --live by RTMPTE',
    start: (cleaner, server, path) => playWithRtmpdump(cleaner, rtmpteUrl(server, path), { live: true }),
  },
  rtmpsrcRtmpe: {
    name: "GStreamer's rtmpsrc by RTMPE",
    staysForNext: true,
    start: (cleaner, server, path) => playWithRtmpsrc(cleaner, rtmpeUrl(server, path)),
  },
  rtmpsrcRtmpte: {
    name: "GStreamer's rtmpsrc by RTMPTE",
    staysForNext: true,
    start: (cleaner, server, path) => playWithRtmpsrc(cleaner, rtmpteUrl(server, path)),
  },
} as const satisfies Record<string, MatrixPlayer>;

describeScene({
  publisher: 'ffmpeg by RTMP',
  kind: 'h264-aac',
  durationS: 5,
  players: [...Object.values(ENCRYPTED_PLAYERS), PLAYERS.rtmpdumpRtmp],
  publish: (cleaner, server, sourcePath, path) =>
    publishWithFfmpeg(cleaner, sourcePath, server.rtmpUrl(path)),
});

describeScene({
  publisher: "GStreamer's rtmpsink by RTMPE",
  kind: 'h264-aac',
  durationS: 5,
  players: [ENCRYPTED_PLAYERS.rtmpdumpRtmpe, ENCRYPTED_PLAYERS.rtmpdumpRtmpte, PLAYERS.ffmpegRtmp],
  received: { isRemuxed: true },
  publish: (cleaner: Cleaner, server, sourcePath, path) =>
    publishWithRtmpsink(cleaner, sourcePath, rtmpeUrl(server, path)),
});
