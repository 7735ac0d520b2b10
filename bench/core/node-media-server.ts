// node-media-server's codec, driven without its server: the class that reads chunks, and its AMF functions, out of the
// files of the published package. Only what the bench calls is typed here.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { C0_C1, controlBytes, PACKET_BYTES, WireType } from '../load/rtmp-bytes.ts';
import { BENCH_FOLDER } from '../support/bench-packages.ts';

/** One message as the peer's reader has it. */
export type PeerMessage = {
  readonly typeId: number;
  readonly messageStreamId: number;
  readonly timestampMs: number;
  /** A view into the one buffer of its chunk stream, which the next message overwrites. */
  readonly payload: Buffer;
};

/** One connection's reader. */
type PeerReader = {
  handshakeState: number;
  readonly parserPacket: {
    readonly header: { readonly length: number; readonly type: number; readonly stream_id: number };
    readonly clock: number;
    readonly payload: Buffer;
  };
  dataHandler: () => void;
  onOutputCallback: (bytes: Buffer) => void;
  parserData(bytes: Buffer): string | null;
};

/** A media message to be written. */
type PeerPacket = {
  readonly codec_type: number;
  readonly size: number;
  readonly dts: number;
  readonly data: Buffer;
};

type RtmpClass = { new (): PeerReader; createMessage(packet: PeerPacket): Buffer };
type AmfFields = { [name: string]: unknown };
type AmfFunctions = {
  decodeAmf0Cmd(bytes: Buffer): AmfFields;
  encodeAmf0Cmd(fields: AmfFields): Buffer;
  decodeAmf0Data(bytes: Buffer): AmfFields;
  encodeAmf0Data(fields: AmfFields): Buffer;
};

const PACKAGE_FOLDER = join(BENCH_FOLDER, 'node_modules', 'node-media-server');
/** Its state before C0. */
const HANDSHAKE_BEGINS = 0;

/** The peer. */
export class NodeMediaServer {
  /** Its AMF0 functions. */
  readonly amf: AmfFunctions;
  readonly #rtmp: RtmpClass;

  /** Loads it. @throws Error where it is not installed */
  constructor() {
    const load = createRequire(join(BENCH_FOLDER, 'package.json'));
    this.#rtmp = load('node-media-server/src/protocol/rtmp.js') as RtmpClass;
    this.amf = load('node-media-server/src/protocol/amf.js') as AmfFunctions;
  }

  /** Name and version of what is installed. */
  static version(): string {
    const manifest = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as AmfFields;
    return `node-media-server ${String(manifest['version'])}`;
  }

  /**
   * A reader whose peer has shaken hands and announced its chunk size. Media goes to `onMessage` in place of the
   * reader's own look into the FLV header and its callback.
   */
  createReader(chunkSizeBytes: number, onMessage: (message: PeerMessage) => void): (bytes: Buffer) => void {
    const reader = new this.#rtmp();
    reader.dataHandler = () => {
      const { header, clock, payload } = reader.parserPacket;
      onMessage({
        typeId: header.type,
        messageStreamId: header.stream_id,
        timestampMs: clock,
        payload: payload.subarray(0, header.length),
      });
    };
    reader.parserData(Buffer.concat([C0_C1, Buffer.alloc(PACKET_BYTES)]));
    reader.parserData(controlBytes(WireType.SetChunkSize, chunkSizeBytes));
    return (bytes) => {
      reader.parserData(bytes);
    };
  }

  /** Writes a media message: its chunks of 65,535 bytes, on message stream 0. A buffer of its own. */
  writeMessage(typeId: number, timestampMs: number, payload: Buffer): Buffer {
    return this.#rtmp.createMessage({
      codec_type: typeId,
      size: payload.length,
      dts: timestampMs,
      data: payload,
    });
  }

  /** Answers C0 and C1 with S0, S1 and S2. One reader answers again and again: it is set back by hand before each. */
  createHandshake(): (hello: Buffer) => Buffer {
    const reader = new this.#rtmp();
    let answer: Buffer = Buffer.alloc(0);
    reader.onOutputCallback = (bytes) => {
      answer = bytes;
    };
    return (hello) => {
      reader.handshakeState = HANDSHAKE_BEGINS;
      reader.parserData(hello);
      return answer;
    };
  }
}
