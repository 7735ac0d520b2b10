// Reading and writing chunks. The stream is two seconds of video and audio at 6,000 kbit/s: 147 messages, 371 bytes of
// audio, 22 KB of video, 178 KB the keyframe. It comes in segments of 1,460 bytes, each in memory of its own.

import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import {
  ChunkEncoder,
  chunkedLengthBytes,
  writeChunkedMessage,
} from '../../src/protocol/rtmp/chunk-encoder.ts';
import { MAX_MESSAGE_BYTES } from '../../src/protocol/rtmp/limits.ts';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { SyntheticMedia } from '../load/media-source.ts';
import { chunkedMessage, controlBytes, WireType } from '../load/rtmp-bytes.ts';
import type { NodeMediaServer } from './node-media-server.ts';
import type { Work } from './work.ts';

const KBPS = 6000;
const STREAM_MS = 2000;
const SEGMENT_BYTES = 1460;
const CHUNK_SIZES_BYTES = [4096, 128, 65_536] as const;
/** The chunk size with which node-media-server writes. */
const PEER_CHUNK_BYTES = 65_535;
const READ_TARGET_GB_PER_S = 1;
/** The chunk streams of node-media-server. */
const AUDIO_CHUNK_STREAM_ID = 4;
const VIDEO_CHUNK_STREAM_ID = 5;

type MediaMessage = RtmpMessage & { readonly payload: Buffer };
/** A stream on the wire. */
type WireStream = {
  readonly messages: readonly MediaMessage[];
  readonly chunkSizeBytes: number;
  readonly segments: readonly Buffer[];
};
type Seen = Pick<RtmpMessage, 'typeId' | 'messageStreamId' | 'timestampMs' | 'payload'>;

/** All work on chunks. */
export function chunkWorks(peer: NodeMediaServer | null): Work[] {
  const messages = mediaMessages();
  const works: Work[] = [];
  for (const chunkSizeBytes of CHUNK_SIZES_BYTES) {
    const stream = { messages, chunkSizeBytes, segments: segmentsOf(messages, chunkSizeBytes) };
    works.push(readWork(stream, peer, false));
    if (peer !== null) works.push(readWork(stream, peer, true));
  }
  for (const chunkSizeBytes of CHUNK_SIZES_BYTES) works.push(writeWork(messages, chunkSizeBytes));
  works.push(writeBufferWork(messages, peer));
  return works;
}

function mediaMessages(): MediaMessage[] {
  const media = new SyntheticMedia(KBPS);
  const messages: MediaMessage[] = [];
  for (let frame = media.next(); frame.mediaMs < STREAM_MS; frame = media.next()) {
    const { typeId, mediaMs, payload } = frame;
    const chunkStreamId = typeId === WireType.Audio ? AUDIO_CHUNK_STREAM_ID : VIDEO_CHUNK_STREAM_ID;
    messages.push({
      typeId,
      chunkStreamId,
      messageStreamId: 0,
      timestampMs: Math.floor(mediaMs),
      payload,
    });
  }
  return messages;
}

/** The stream as publishers send it, with short headers. It can be read again and again: it begins with type 0. */
function segmentsOf(messages: readonly RtmpMessage[], chunkSizeBytes: number): Buffer[] {
  const encoder = new ChunkEncoder();
  encoder.chunkSizeBytes = chunkSizeBytes;
  const wire = Buffer.concat(messages.map((message) => encoder.encode(message)));
  const segments: Buffer[] = [];
  for (let at = 0; at < wire.length; at += SEGMENT_BYTES) {
    segments.push(Buffer.from(wire.subarray(at, at + SEGMENT_BYTES)));
  }
  return segments;
}

/** With `copiesOut` theirs copies each payload to memory of its own, as ours always does. */
function readWork(stream: WireStream, peer: NodeMediaServer | null, copiesOut: boolean): Work {
  const { messages, chunkSizeBytes, segments } = stream;
  const kept = new LastPayload();
  const keep = ({ payload }: Seen): void => kept.keep(payload);
  const keepCopy = ({ payload }: Seen): void => kept.keep(Buffer.from(payload));
  const theirs = (onMessage: (message: Seen) => void): (() => void) | null =>
    peer === null ? null : readerOfTheirs(stream, peer, onMessage);
  return {
    name: `chunks of ${chunkSizeBytes}, read${copiesOut ? ' (peer copies out)' : ''}`,
    wireBytes: segments.reduce((sum, segment) => sum + segment.length, 0),
    target: READ_TARGET_GB_PER_S,
    ours: readerOfOurs(stream, keep),
    theirs: theirs(copiesOut ? keepCopy : keep),
    findFaults: () => [
      ...readFaults('ours', messages, (onMessage) => readerOfOurs(stream, onMessage)),
      ...readFaults('theirs', messages, theirs),
    ],
  };
}

/** Reads the whole stream at each call. */
function readerOfOurs(stream: WireStream, onMessage: (message: Seen) => void): () => void {
  const { chunkSizeBytes, segments } = stream;
  const decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES });
  const takes = (message: RtmpMessage): boolean => {
    onMessage(message);
    return true;
  };
  decoder.receive(controlBytes(WireType.SetChunkSize, chunkSizeBytes), 0, () => true);
  return () => {
    for (const segment of segments) decoder.receive(segment, 0, takes);
  };
}

/** Reads the whole stream at each call. */
function readerOfTheirs(
  stream: WireStream,
  peer: NodeMediaServer,
  onMessage: (message: Seen) => void,
): () => void {
  const { chunkSizeBytes, segments } = stream;
  // Made when it is needed: it takes a megabyte.
  let read: ((bytes: Buffer) => void) | null = null;
  return () => {
    read ??= peer.createReader(chunkSizeBytes, onMessage);
    for (const segment of segments) read(segment);
  };
}

/** Keeps a payload reachable until the next, so that nothing about it can be left out. */
class LastPayload {
  #payload: Uint8Array | null = null;

  keep(payload: Uint8Array): void {
    this.#payload = payload;
  }

  get payload(): Uint8Array | null {
    return this.#payload;
  }
}

/** Reads the stream twice with a new reader, where there is one, and compares every message with what was written. */
function readFaults(
  side: string,
  messages: readonly MediaMessage[],
  create: (onMessage: (message: Seen) => void) => (() => void) | null,
): string[] {
  let count = 0;
  const wrong: number[] = [];
  const readAll = create((message) => {
    const wanted = messages[count % messages.length];
    const isSame =
      wanted?.typeId === message.typeId &&
      wanted.messageStreamId === message.messageStreamId &&
      wanted.timestampMs === message.timestampMs &&
      wanted.payload.equals(message.payload);
    if (!isSame) wrong.push(count);
    count += 1;
  });
  if (readAll === null) return [];
  readAll();
  readAll();
  const wantedCount = 2 * messages.length;
  return [
    ...(wrong.length === 0 ? [] : [`${side}: ${wrong.length} other messages, number ${wrong[0]} first`]),
    ...(count === wantedCount ? [] : [`${side}: ${count} messages of ${wantedCount}`]),
  ];
}

/** As the live log writes: one message behind the other into a buffer that is there. */
function writeWork(messages: readonly MediaMessage[], chunkSizeBytes: number): Work {
  const expected = Buffer.concat(messages.map((message) => chunkedMessage(message, chunkSizeBytes)));
  const target = new Uint8Array(expected.length);
  const ours = (): void => {
    let offset = 0;
    for (const message of messages) offset = writeChunkedMessage(target, offset, message, chunkSizeBytes);
  };
  return {
    name: `chunks of ${chunkSizeBytes}, written into the log`,
    wireBytes: expected.length,
    target: null,
    ours,
    theirs: null,
    findFaults: () => {
      target.fill(0);
      ours();
      return expected.equals(target) ? [] : ['ours: other bytes than the load program writes'];
    },
  };
}

/** As node-media-server writes: a new buffer a message. */
function writeBufferWork(messages: readonly MediaMessage[], peer: NodeMediaServer | null): Work {
  const oursOf = (message: MediaMessage): Uint8Array => {
    const { payload, timestampMs, chunkStreamId } = message;
    const bytes = new Uint8Array(
      chunkedLengthBytes(payload.length, timestampMs, chunkStreamId, PEER_CHUNK_BYTES),
    );
    writeChunkedMessage(bytes, 0, message, PEER_CHUNK_BYTES);
    return bytes;
  };
  const theirsOf = (server: NodeMediaServer, { typeId, timestampMs, payload }: MediaMessage): Buffer =>
    server.writeMessage(typeId, timestampMs, payload);
  const kept = new LastPayload();
  const lengthBytes = messages.reduce((sum, message) => sum + oursOf(message).length, 0);
  return {
    name: `chunks of ${PEER_CHUNK_BYTES}, written, a buffer each`,
    wireBytes: lengthBytes,
    target: null,
    ours: () => {
      for (const message of messages) kept.keep(oursOf(message));
    },
    theirs:
      peer === null
        ? null
        : () => {
            for (const message of messages) kept.keep(theirsOf(peer, message));
          },
    findFaults: () => {
      const isWritten = (write: (message: MediaMessage) => Uint8Array): boolean =>
        messages.every((message) => chunkedMessage(message, PEER_CHUNK_BYTES).equals(write(message)));
      const isTheirs = peer === null || isWritten((message) => theirsOf(peer, message));
      return [
        ...(isWritten(oursOf) ? [] : ['ours: other bytes than the load program writes']),
        ...(isTheirs ? [] : ['theirs: other bytes than the load program writes']),
      ];
    },
  };
}
