// Drives a client session in tests: hands it server bytes, and gives back its events and what it said, readable.

import assert from 'node:assert/strict';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import type { ClientSessionOptions } from '../../../../src/protocol/rtmp/client/client-options.ts';
import { ClientSession } from '../../../../src/protocol/rtmp/client/client-session.ts';
import { readAmf, type WireValue } from '../../../support/amf-wire.ts';
import {
  ClientWireReader,
  joinBytes,
  serverCommand,
  serverHandshake,
  serverStatus,
  type WireMessage,
} from '../../../support/client-wire.ts';

export const REQUEST = { app: 'live', tcUrl: 'rtmp://example.org/live' };

/** What connect is answered with. */
export const CONNECT_RESULT = serverCommand(
  0,
  '_result',
  1,
  { fmsVer: 'FMS/3,5,7,7009', capabilities: 31 },
  { level: 'status', code: 'NetConnection.Connect.Success', description: 'Connection succeeded.' },
);

/** A session that minds no silence has no deadline but those that its tests are about. */
const PATIENT = {
  pingIntervalMs: Number.POSITIVE_INFINITY,
  pingTimeoutMs: Number.POSITIVE_INFINITY,
  messageTimeoutMs: Number.POSITIVE_INFINITY,
};

/** A command as the client sent it: [message stream id, name, transaction id, command object, ...arguments]. */
export type SentCommand = [number, ...WireValue[]];

/** A session, and the reader of what it says. */
export class ClientHarness {
  readonly session: ClientSession;
  /** When bytes are received, on the clock of `tick`. */
  nowMs = 0;
  readonly #reader = new ClientWireReader();

  constructor(options: Partial<ClientSessionOptions> = {}) {
    this.session = new ClientSession({
      randomBytes: (length) => new Uint8Array(length).fill(7),
      ...PATIENT,
      ...options,
    });
  }

  /** Gives the session bytes of the server; returns the events. */
  receive(...parts: readonly Uint8Array[]): ClientEvent[] {
    this.session.receive(joinBytes(...parts), this.nowMs);
    return this.drain();
  }

  /** All events that come of what was received. */
  drain(): ClientEvent[] {
    const all: ClientEvent[] = [];
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      all.push(...events);
    }
    return all;
  }

  /** Everything the session has to say, as messages. */
  messages(): WireMessage[] {
    return this.#reader.read(joinBytes(...this.session.takeOutput(Number.POSITIVE_INFINITY)));
  }

  /** Everything it has to say: commands readable, other messages as [type id, payload in hex]. */
  said(): (SentCommand | [number, string])[] {
    return this.messages().map((message) =>
      message.typeId === 20
        ? [message.messageStreamId, ...readAmf(message.payload)]
        : [message.typeId, Buffer.from(message.payload).toString('hex')],
    );
  }

  /** Goes through handshake and connect; what was said on the way is dropped. */
  connect(): this {
    this.session.connect(REQUEST);
    const events = this.receive(serverHandshake(), CONNECT_RESULT);
    assert.deepEqual(
      events.map((event) => event.type),
      ['connected'],
    );
    assert.equal(this.session.state, 'connected');
    this.messages();
    return this;
  }

  /** Publishes as far as 'publish-started', on message stream 1. */
  publish(name = 'cam'): this {
    this.connect();
    this.session.publish(name);
    const events = this.receive(
      serverCommand(0, '_result', 4, null, 1),
      serverStatus(1, 'NetStream.Publish.Start'),
    );
    assert.deepEqual(
      events.map((event) => event.type),
      ['publish-started'],
    );
    this.messages();
    return this;
  }

  /** Plays as far as 'play-started', on message stream 1. */
  play(name = 'cam'): this {
    this.connect();
    this.session.play(name);
    const events = this.receive(
      serverCommand(0, '_result', 2, null, 1),
      serverStatus(1, 'NetStream.Play.Start'),
    );
    assert.deepEqual(
      events.map((event) => event.type),
      ['play-started'],
    );
    this.messages();
    return this;
  }
}

/** The types of events, and the codes of those that carry a status. */
export function names(events: readonly ClientEvent[]): string[] {
  return events.map((event) => ('status' in event ? `${event.type} ${event.status.code}` : event.type));
}
