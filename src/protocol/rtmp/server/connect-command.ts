// The connect command: what a client says in it, and the answer that satisfies every client: window, bandwidth and
// chunk size first, then `_result` with level, code and description in front. [RTMP 7.2.1.1]

import { AmfEcmaArray, AmfObject } from '../../amf/amf-value.ts';
import type { CommandMessage } from '../command-message.ts';
import { RtmpError } from '../rtmp-error.ts';
import { numberOf, objectOf, stringOf } from './command-args.ts';
import { type EnhancedAbilities, readEnhancedAbilities, serverAbilities } from './enhanced-abilities.ts';
import type { OutputQueue } from './output-queue.ts';
import type { ConnectEvent } from './server-events.ts';
import { StatusCode, statusInfo } from './status.ts';
import { parseAppPath, unquoteUrl } from './stream-name.ts';

/** What we say we are: Flash turns features on by this. */
const SERVER_VERSION = 'FMS/3,5,7,7009';
const SERVER_CAPABILITIES = 31;

/** LIMIT: what is kept of flashVer, in UTF-16 code units; real ones are under 64. Longer ones are cut. */
const MAX_FLASH_VERSION_CHARS = 256;

/** LIMIT: what is kept of tcUrl and of the query, in UTF-16 code units; tokens of 2,000 occur. Longer ones are cut. */
const MAX_URL_CHARS = 4096;

/** What of a connect its answer depends on. */
export type ConnectAnswer = {
  readonly transactionId: number;
  readonly objectEncoding: number;
  readonly enhanced: EnhancedAbilities;
};

/** What the answer announces, in bytes. */
export type AnnouncedSizes = { readonly ackWindowBytes: number; readonly chunkSizeBytes: number };

/**
 * Reads a connect. The names in it are not judged; what is missing is empty.
 * @throws RtmpError 'rtmp-connect-invalid' without an object of properties
 */
export function readConnect(command: CommandMessage): ConnectEvent {
  const properties = objectOf(command.commandObject);
  if (properties === null) {
    throw new RtmpError('rtmp-connect-invalid', 'expected an object as connect’s first value, got none');
  }
  const tcUrl = unquoteUrl(stringOf(properties, 'tcUrl') || stringOf(properties, 'tcurl'));
  const { app, instance, query } = parseAppPath(stringOf(properties, 'app'), tcUrl);
  const flashVersion = stringOf(properties, 'flashVer') || stringOf(properties, 'flashver');
  return {
    type: 'connect',
    app,
    instance,
    query: query.slice(0, MAX_URL_CHARS),
    tcUrl: tcUrl.slice(0, MAX_URL_CHARS),
    flashVersion: flashVersion.slice(0, MAX_FLASH_VERSION_CHARS),
    objectEncoding: numberOf(properties, 'objectEncoding', 0) === 3 ? 3 : 0,
    enhanced: readEnhancedAbilities(properties),
    properties,
    args: command.args,
  };
}

/**
 * Says yes to a connect. Who said anything of Enhanced RTMP is told what the server can do of it. WHY: nobody else looks
 * for it, so that old clients get the answer that they have always got. From here on `output` writes chunks of the
 * announced size.
 */
export function putConnectAnswer(output: OutputQueue, connect: ConnectAnswer, sizes: AnnouncedSizes): void {
  const { ackWindowBytes: windowBytes, chunkSizeBytes } = sizes;
  output.putControl({ type: 'window-acknowledgement-size', windowBytes });
  output.putControl({ type: 'set-peer-bandwidth', windowBytes, limit: 'dynamic' });
  output.putControl({ type: 'set-chunk-size', chunkSizeBytes });
  output.chunkSizeBytes = chunkSizeBytes;
  const server = AmfObject.of({ fmsVer: SERVER_VERSION, capabilities: SERVER_CAPABILITIES, mode: 1 });
  const info = statusInfo('status', StatusCode.ConnectSuccess, 'Connection succeeded.', {
    objectEncoding: connect.objectEncoding,
    data: AmfEcmaArray.of({ version: SERVER_VERSION.slice('FMS/'.length) }),
    ...(connect.enhanced.isAnnounced ? serverAbilities() : {}),
  });
  output.putCommand(0, '_result', connect.transactionId, server, [info]);
}
