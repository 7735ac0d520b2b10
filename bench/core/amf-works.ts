// Reading and writing AMF0: a connect as OBS and as FFmpeg send it, its answer, and OBS's onMetaData. Bytes are made by
// the load program's writer, which shares no code with src/.

import { isDeepStrictEqual } from 'node:util';
import { AmfEcmaArray, AmfObject, type AmfValue } from '../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../src/protocol/amf/amf0-decoder.ts';
import { type CommandMessage, encodeCommand, parseCommand } from '../../src/protocol/rtmp/command-message.ts';
import { encodeDataMessage, parseDataMessage } from '../../src/protocol/rtmp/data-message.ts';
import { MessageType, type RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { type AmfBenchValue, amfBytes } from '../load/amf-bytes.ts';
import type { NodeMediaServer } from './node-media-server.ts';
import type { Work } from './work.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

const CONNECT_TARGET_US = 5;
const MARKER_ECMA_ARRAY = 8;
const TC_URL = 'rtmp://live.example.com:1935/live';

const OBS_CONNECT: Fields = {
  app: 'live',
  type: 'nonprivate',
  flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
  swfUrl: TC_URL,
  tcUrl: TC_URL,
};

const FFMPEG_CONNECT: Fields = {
  app: 'live',
  flashVer: 'LNX 9,0,124,2',
  tcUrl: TC_URL,
  fpad: false,
  capabilities: 15,
  audioCodecs: 4071,
  videoCodecs: 252,
  videoFunction: 1,
};

const RESULT_PROPERTIES: Fields = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1 };
const RESULT_INFO: Fields = {
  level: 'status',
  code: 'NetConnection.Connect.Success',
  description: 'Connection succeeded.',
  objectEncoding: 0,
};

const OBS_METADATA: Fields = {
  duration: 0,
  width: 1920,
  height: 1080,
  videocodecid: 7,
  videodatarate: 6000,
  framerate: 30,
  audiocodecid: 10,
  audiodatarate: 160,
  audiosamplerate: 48000,
  audiosamplesize: 16,
  audiochannels: 2,
  stereo: true,
  '2.1': false,
  '3.1': false,
  '4.0': false,
  '4.1': false,
  '5.1': false,
  '7.1': false,
  encoder: 'obs-output module (libobs version 31.0.2)',
};

/** All work on AMF. */
export function amfWorks(peer: NodeMediaServer | null): Work[] {
  return [
    ...connectWorks('OBS', OBS_CONNECT, peer),
    ...connectWorks('FFmpeg', FFMPEG_CONNECT, peer),
    resultWork(peer),
    ...metadataWorks(peer),
  ];
}

function connectWorks(client: string, fields: Fields, peer: NodeMediaServer | null): Work[] {
  const bytes = amfBytes('connect', 1, fields);
  const message: RtmpMessage = {
    typeId: MessageType.CommandAmf0,
    chunkStreamId: 3,
    messageStreamId: 0,
    timestampMs: 0,
    payload: bytes,
  };
  const command = parseCommand(message);
  const peerCommand = { cmd: 'connect', transId: 1, cmdObj: fields };
  return [
    {
      name: `connect of ${client}, read`,
      wireBytes: 0,
      target: CONNECT_TARGET_US,
      ours: () => parseCommand(message),
      theirs: peer === null ? null : () => peer.amf.decodeAmf0Cmd(bytes),
      findFaults: () => {
        const { name, transactionId, commandObject, args } = parseCommand(message);
        const isOurs = name === 'connect' && transactionId === 1 && args.length === 0;
        const isTheirs = peer === null || isDeepStrictEqual(peer.amf.decodeAmf0Cmd(bytes), peerCommand);
        return faultsOf(isOurs && isDeepStrictEqual(fieldsOf(commandObject), fields), isTheirs);
      },
    },
    commandWriteWork(`connect of ${client}, written`, command, peerCommand, bytes, CONNECT_TARGET_US, peer),
  ];
}

function resultWork(peer: NodeMediaServer | null): Work {
  const command: CommandMessage = {
    name: '_result',
    transactionId: 1,
    commandObject: AmfObject.of(RESULT_PROPERTIES),
    args: [AmfObject.of(RESULT_INFO)],
  };
  const peerCommand = { cmd: '_result', transId: 1, cmdObj: RESULT_PROPERTIES, info: RESULT_INFO };
  const bytes = amfBytes('_result', 1, RESULT_PROPERTIES, RESULT_INFO);
  return commandWriteWork('_result of connect, written', command, peerCommand, bytes, null, peer);
}

function commandWriteWork(
  name: string,
  command: CommandMessage,
  peerCommand: Record<string, unknown>,
  bytes: Buffer,
  target: number | null,
  peer: NodeMediaServer | null,
): Work {
  return {
    name,
    wireBytes: 0,
    target,
    ours: () => encodeCommand(command),
    theirs: peer === null ? null : () => peer.amf.encodeAmf0Cmd(peerCommand),
    findFaults: () =>
      faultsOf(
        bytes.equals(encodeCommand(command)),
        peer === null || bytes.equals(peer.amf.encodeAmf0Cmd(peerCommand)),
      ),
  };
}

/** Ours is cleaned on its way out and becomes an ECMA array again; theirs is written as an object. */
function metadataWorks(peer: NodeMediaServer | null): Work[] {
  const bytes = Buffer.concat([amfBytes('@setDataFrame', 'onMetaData'), ecmaArrayBytes(OBS_METADATA)]);
  const peerData = { cmd: '@setDataFrame', method: 'onMetaData', dataObj: OBS_METADATA };
  const ours = (): readonly AmfValue[] => parseDataMessage(bytes)?.values ?? [];
  const values = ours();
  const peerMetadata = { cmd: 'onMetaData', dataObj: OBS_METADATA };
  const { duration: _, ...kept } = OBS_METADATA;
  const writtenFields = (written: Uint8Array | null): unknown =>
    written === null ? null : fieldsOf(decodeAmf0Values(written)[1]);
  return [
    {
      name: 'onMetaData of OBS, read',
      wireBytes: 0,
      target: null,
      ours,
      theirs: peer === null ? null : () => peer.amf.decodeAmf0Data(bytes),
      findFaults: () =>
        faultsOf(
          isDeepStrictEqual(fieldsOf(ours()[0]), OBS_METADATA),
          peer === null || isDeepStrictEqual(peer.amf.decodeAmf0Data(bytes), peerData),
        ),
    },
    {
      name: 'onMetaData of OBS, written',
      wireBytes: 0,
      target: null,
      ours: () => encodeDataMessage('onMetaData', values),
      theirs: peer === null ? null : () => peer.amf.encodeAmf0Data(peerMetadata),
      findFaults: () =>
        faultsOf(
          isDeepStrictEqual(writtenFields(encodeDataMessage('onMetaData', values)), kept),
          peer === null ||
            isDeepStrictEqual(writtenFields(peer.amf.encodeAmf0Data(peerMetadata)), OBS_METADATA),
        ),
    },
  ];
}

function ecmaArrayBytes(fields: Record<string, AmfBenchValue>): Buffer {
  const head = Buffer.alloc(5);
  head[0] = MARKER_ECMA_ARRAY;
  head.writeUInt32BE(Object.keys(fields).length, 1);
  return Buffer.concat([head, amfBytes(fields).subarray(1)]);
}

function fieldsOf(value: AmfValue): unknown {
  const hasProperties = value instanceof AmfObject || value instanceof AmfEcmaArray;
  return hasProperties ? Object.fromEntries(value.properties) : value;
}

function faultsOf(isOursRight: boolean, isTheirsRight: boolean): string[] {
  return [
    ...(isOursRight ? [] : ['ours: not the values that went in']),
    ...(isTheirsRight ? [] : ['theirs: not the values that went in']),
  ];
}
