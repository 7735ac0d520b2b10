// The server's answer to C0 and C1, plain and signed: what a connection costs before its first chunk.

import { randomBytes } from 'node:crypto';
import { ClientHandshake } from '../../src/protocol/rtmp/handshake/client-handshake.ts';
import { findDigest, SERVER_KEY } from '../../src/protocol/rtmp/handshake/digest.ts';
import { ServerHandshake } from '../../src/protocol/rtmp/handshake/server-handshake.ts';
import { PACKET_BYTES } from '../load/rtmp-bytes.ts';
import type { NodeMediaServer } from './node-media-server.ts';
import type { Work } from './work.ts';

/** All work on handshakes. */
export function handshakeWorks(peer: NodeMediaServer | null): Work[] {
  return [handshakeWork(false, peer), handshakeWork(true, peer)];
}

function handshakeWork(isSigned: boolean, peer: NodeMediaServer | null): Work {
  const hello = helloBytes(isSigned);
  const answerTheirs = peer?.createHandshake();
  return {
    name: `handshake, ${isSigned ? 'signed' : 'plain'}: S0 S1 S2`,
    wireBytes: 0,
    target: null,
    ours: () => answer(hello),
    theirs: answerTheirs === undefined ? null : () => answerTheirs(hello),
    findFaults: () => [
      ...answerFaults('ours', answer(hello), isSigned),
      ...(answerTheirs === undefined ? [] : answerFaults('theirs', answerTheirs(hello), isSigned)),
    ],
  };
}

/** C0 and C1. */
function helloBytes(isSigned: boolean): Buffer {
  const hello = new ClientHandshake({ randomBytes, isSigned }).takeOutput();
  if (hello === null) throw new Error('a client handshake without a first word');
  return Buffer.from(hello);
}

function answer(hello: Buffer): Uint8Array | null {
  const handshake = new ServerHandshake({ randomBytes, rtmpe: false });
  handshake.receive(hello);
  return handshake.takeOutput();
}

function answerFaults(side: string, bytes: Uint8Array | null, isSigned: boolean): string[] {
  if (bytes?.length !== 1 + 2 * PACKET_BYTES || bytes[0] !== 3) return [`${side}: no S0 S1 S2`];
  const hasDigest = findDigest(bytes.subarray(1, 1 + PACKET_BYTES), SERVER_KEY) !== null;
  return hasDigest === isSigned ? [] : [`${side}: S1 is ${hasDigest ? 'signed' : 'not signed'}`];
}
