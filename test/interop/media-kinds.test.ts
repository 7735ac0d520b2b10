// Streams other than H.264 with AAC: MP3 sound, sound alone, pictures alone, to players by RTMP and by RTMPT.

import { publishWithFfmpeg } from '../support/publishers.ts';
import { describeScene, type MatrixPlayer, PLAYERS } from './pairing.ts';

const DURATION_S = 4;

/** Each way that a player reads FLV: FFmpeg's demuxer, and the bytes as they came, by both transports. */
const players: readonly MatrixPlayer[] = [
  PLAYERS.ffmpegRtmp,
  PLAYERS.ffmpegRtmpt,
  PLAYERS.rtmpdumpLiveRtmp,
  PLAYERS.rtmpdumpRtmpt,
  PLAYERS.rtmp2srcRtmp,
];

for (const [kind, publisher] of [
  ['h264-mp3', 'ffmpeg with MP3 sound'],
  ['aac', 'ffmpeg with sound alone'],
  ['h264', 'ffmpeg with pictures alone'],
] as const) {
  describeScene({
    publisher,
    kind,
    durationS: DURATION_S,
    players,
    publish: (cleaner, server, sourcePath, path) =>
      publishWithFfmpeg(cleaner, sourcePath, server.rtmpUrl(path)),
  });
}
