// Commands: type 20, and type 17, which is the same behind a format byte. [RTMP 7.1.1, 7.2]
//
//   name (String) | transaction id (Number) | command object (Object, Null or missing) | arguments
//
// What a command means is the session's. AMF3 values in it are the AMF decoder's.

import type { AmfValue } from '../amf/amf-value.ts';
import { decodeAmf0Values } from '../amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../amf/amf0-encoder.ts';
import { decodeAmf3Body, encodeAmf3Body } from '../amf/amf3-body.ts';
import { ProtocolError } from '../bytes/protocol-error.ts';
import { MessageType, type RtmpMessage } from './message.ts';
import { RtmpError } from './rtmp-error.ts';

/** A command, as it is sent or as it came. */
export type CommandMessage = {
  /** Name of the procedure or of the answer; '' where the peer sent Null. */
  readonly name: string;
  /** Finite and not negative; 0 wants no answer. Not always whole: to be compared and echoed only. */
  readonly transactionId: number;
  /** Usually an object or null. */
  readonly commandObject: AmfValue;
  readonly args: readonly AmfValue[];
};

/**
 * Parses a message of type 20 or 17. A transaction id that is missing, Null, NaN, infinite or negative is 0, a
 * missing command object null.
 * @throws RtmpError 'rtmp-command-malformed', with the AmfError or BytesError as its cause where there was one
 */
export function parseCommand(message: RtmpMessage): CommandMessage {
  const [name, transactionId, commandObject, ...args] = decodeValues(message);
  if (typeof name !== 'string' && name !== null) {
    throw malformed(`expected a command name, got ${kindOf(name)}`);
  }
  if (typeof transactionId !== 'number' && transactionId !== null && transactionId !== undefined) {
    throw malformed(`expected a transaction id, got ${kindOf(transactionId)}`);
  }
  return {
    name: name ?? '',
    transactionId: usableTransactionId(transactionId ?? 0),
    commandObject: commandObject ?? null,
    args,
  };
}

/** Types of messages that carry commands. */
export type CommandTypeId = typeof MessageType.CommandAmf0 | typeof MessageType.CommandAmf3;

/** The body of a message of type 20, or 17. Owned by the caller. @throws AmfError for values that cannot be written */
export function encodeCommand(
  command: CommandMessage,
  typeId: CommandTypeId = MessageType.CommandAmf0,
): Uint8Array {
  const { name, transactionId, commandObject, args } = command;
  const values = [name, transactionId, commandObject, ...args];
  return typeId === MessageType.CommandAmf0 ? encodeAmf0Values(values) : encodeAmf3Body(values);
}

function decodeValues({ typeId, payload }: RtmpMessage): AmfValue[] {
  try {
    return typeId === MessageType.CommandAmf3 ? decodeAmf3Body(payload) : decodeAmf0Values(payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw malformed(`expected AMF values in a command: ${error.message}`, { cause: error });
  }
}

function usableTransactionId(transactionId: number): number {
  return Number.isFinite(transactionId) && transactionId > 0 ? transactionId : 0;
}

function malformed(message: string, options?: ErrorOptions): RtmpError {
  return new RtmpError('rtmp-command-malformed', message, options);
}

function kindOf(value: AmfValue): string {
  return value === undefined ? 'nothing' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
