// What messages hold: commands, data, control, user control and aggregates; what parses is written and parses again.

import assert from 'node:assert/strict';
import { AmfDate, AmfXml } from '../../src/protocol/amf/amf-value.ts';
import { unpackAggregate } from '../../src/protocol/rtmp/aggregate.ts';
import { type CommandMessage, encodeCommand, parseCommand } from '../../src/protocol/rtmp/command-message.ts';
import { encodeControl, parseControl } from '../../src/protocol/rtmp/control-message.ts';
import { encodeDataMessage, parseDataMessage } from '../../src/protocol/rtmp/data-message.ts';
import { MessageType, type RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { encodeUserControl, parseUserControl } from '../../src/protocol/rtmp/user-control.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { assertSame, assertSameBytes, choice, type FuzzTarget, outcomeOf } from '../support/fuzz-target.ts';

const TYPES = [1, 2, 3, 4, 5, 6, 15, 17, 18, 20, 22];

/** Data are cleaned when they are written: what was written once is clean, and comes out again as it is. */
function fuzzData(
  payload: Uint8Array,
  typeId: typeof MessageType.DataAmf0 | typeof MessageType.DataAmf3,
): string {
  const data = parseDataMessage(payload, typeId);
  if (data === null) return 'no data';
  const written = encodeDataMessage(data.handler, data.values, data.receivedBytes);
  if (written === null) return `${data.kind}, not to be written`;
  const once = parseDataMessage(written);
  assert.ok(once !== null && once.handler === data.handler, 'what we write reads');
  assert.equal(once.values.length <= data.values.length, true, 'values are not made up');
  const writtenAgain = encodeDataMessage(once.handler, once.values, once.receivedBytes);
  assert.ok(writtenAgain !== null, 'what we wrote is written again');
  assertSameBytes(writtenAgain, written, 'what is clean is changed');
  const twice = parseDataMessage(writtenAgain);
  assertSame(twice?.values, once.values, 'values come out otherwise');
  return `${data.kind} ${data.values.length}`;
}

/** A command without what is lost by design: the zones of dates, and which class AMF3's XML is of. Changes the values. */
function withoutLosses(command: CommandMessage): CommandMessage {
  const seen = new Set<object>();
  const waiting: unknown[] = [command];
  for (let value = waiting.pop(); value !== undefined || waiting.length > 0; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) continue;
    seen.add(value);
    if (value instanceof AmfDate) Object.assign(value, { timeZoneMinutes: 0 });
    if (value instanceof AmfXml) Object.assign(value, { isDocument: true });
    waiting.push(...Object.values(value));
    if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
  }
  return command;
}

function fuzzMessage(message: RtmpMessage): string {
  const { typeId, payload } = message;
  switch (typeId) {
    case MessageType.CommandAmf0:
    case MessageType.CommandAmf3: {
      const parsed = outcomeOf(() => parseCommand(message));
      if ('code' in parsed) return parsed.code;
      const command = parsed.value;
      assert.ok(Number.isFinite(command.transactionId) && command.transactionId >= 0);
      const written = outcomeOf(() => encodeCommand(command, typeId));
      if ('code' in written) return written.code;
      const again = parseCommand({ ...message, payload: written.value });
      assertSame(withoutLosses(again), withoutLosses(command), 'a command comes out otherwise');
      return `command ${command.args.length}`;
    }
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
      return fuzzData(payload, typeId);
    case MessageType.UserControl: {
      const event = parseUserControl(payload);
      if (event === null) return 'no event';
      const written = outcomeOf(() => encodeUserControl(event));
      if ('value' in written) assert.deepEqual(parseUserControl(written.value), event);
      return event.type;
    }
    case MessageType.Aggregate: {
      let parts = 0;
      const dropped = unpackAggregate(message, (part) => {
        parts += 1;
        assert.notEqual(part.typeId, MessageType.Aggregate);
        assert.ok(part.payload.length <= payload.length && part.timestampMs >= 0);
      });
      return `aggregate ${Math.min(parts, 5)} ${Math.min(dropped, 2)}`;
    }
    default: {
      const parsed = outcomeOf(() => parseControl(message));
      if ('code' in parsed || parsed.value === null) return 'no control';
      const control = parsed.value;
      // Any u32 is read, but windows and bandwidths of 0 or with the top bit are never sent.
      if ('windowBytes' in control && (control.windowBytes | 0) <= 0)
        return `${control.type}, not to be sent`;
      const written = encodeControl(control);
      assert.deepEqual(parseControl({ ...message, payload: written }), control);
      return control.type;
    }
  }
}

/** The first byte chooses the type of message. */
export const MESSAGES: FuzzTarget = {
  seeds: () =>
    [...vectorsOf('MSG'), ...vectorsOf('CTL'), ...vectorsOf('FLV'), ...vectorsFromTextOf('FLV')].flatMap(
      ({ bytes }) => TYPES.map((_, index) => Buffer.concat([Buffer.of(index), bytes])),
    ),
  fuzz: (data) => {
    const typeId = TYPES[choice(data, 0, TYPES.length)] ?? 0;
    const message = {
      typeId,
      chunkStreamId: 3,
      messageStreamId: 1,
      timestampMs: 7,
      payload: data.subarray(1),
    };
    return `${typeId} ${fuzzMessage(message)}`;
  },
};
