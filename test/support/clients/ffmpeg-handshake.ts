// FFmpeg's handshake: C1 is signed. A publisher checks nothing, and its C2 is S1; a player checks S1 and S2 where S1 is of
// version 3 or later, and signs C2. [RTMP 5.2]

import type { FfmpegTunnel } from './ffmpeg-tunnel.ts';
import { PACKET_BYTES, SERVER_HANDSHAKE_BYTES } from './rtmp-bytes.ts';
import { SignedHandshake } from './signed-handshake.ts';

/** Time 0, version 9.0.124.2. */
const TIME_AND_VERSION_HEX = '0000000009007c02';
const FIRST_SIGNING_VERSION = 3;

/** What FFmpeg does with the stream. */
export type Purpose = 'play' | 'publish';

/** Reads S0, S1 and S2; C2 is written when this resolves, and leaves with what is written behind it. */
export async function shakeHands(tunnel: FfmpegTunnel, purpose: Purpose): Promise<void> {
  const handshake = new SignedHandshake(TIME_AND_VERSION_HEX, 8);
  tunnel.write(handshake.c0c1);
  const answer = await tunnel.readExactly(SERVER_HANDSHAKE_BYTES);
  if (answer === null) throw new Error('closed in the handshake');
  const s1 = answer.subarray(1, 1 + PACKET_BYTES);
  const signs = purpose === 'play' && s1.readUInt8(4) >= FIRST_SIGNING_VERSION;
  const c2 = signs ? handshake.signedC2(s1) : s1;
  if (c2 === null) throw new Error('came S1 without its digest; FFmpeg: Server response validating failed');
  if (signs && !handshake.isSigned(answer.subarray(1 + PACKET_BYTES))) {
    throw new Error('came S2 without its signature; FFmpeg: Signature mismatch');
  }
  tunnel.write(c2);
}
