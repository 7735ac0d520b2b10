// A server session of RTMPE does what it does in plain RTMP: the same events, the same replies, byte for byte once they
// are decrypted, however its bytes are cut and whatever is kept back meanwhile. [item 5]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RtmpServerSession } from '../../../../src/protocol/rtmp/server/server-session.ts';
import { filled, join } from '../../../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../../../support/client-messages.ts';
import { RtmpeClient } from '../../../support/rtmpe-client.ts';
import { splitEvery } from '../../../support/splits.ts';
import { assertRefused, describeEvent, OPTIONS } from './server-bench.ts';

const TAKE_BYTES = 65_536;

/** What a publishing client says behind its handshake. */
function publisherBytes(): Uint8Array {
  const say = new ClientMessages();
  return join([
    say.connect('live'),
    say.call('createStream', 2),
    say.onStream(1, 'publish', 'key', 'live'),
    say.audio(1, 0, filled(50)),
    say.video(1, 10, filled(700)),
    say.video(1, 50, filled(5000)),
    say.call('createStream', 3),
    say.onStream(2, 'play', 'other'),
    say.call('createStream', 4),
  ]);
}

/** One session, its events as lines and its replies as one text in hex. */
class Run {
  readonly session = new RtmpServerSession(OPTIONS, 0);
  readonly events: string[] = [];
  readonly #client: RtmpeClient | null;
  #replies = '';

  constructor(client: RtmpeClient | null) {
    this.#client = client;
    const first = client?.c0c1 ?? clientHandshake();
    this.session.receive(first, 0);
    const [handshake] = this.session.takeOutput(TAKE_BYTES);
    assert.ok(handshake);
    if (client !== null) this.session.receive(client.answer(handshake), 0);
  }

  get replies(): string {
    return this.#replies;
  }

  /** What goes over the wire for `bytes`. */
  wire(bytes: Uint8Array): Uint8Array {
    return this.#client?.encrypt(bytes) ?? bytes;
  }

  /** Feeds one piece in a buffer that is used again at once. */
  feed(piece: Uint8Array): void {
    const reused = piece.slice();
    this.session.receive(reused, 0);
    reused.fill(0xaa);
    this.settle(true);
  }

  /** Takes events, decides where told to, and reads the replies. */
  settle(decides: boolean): void {
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      for (const event of events) {
        this.events.push(describeEvent(event));
        if (!decides) continue;
        if (event.type === 'connect') this.session.acceptConnect();
        else if (event.type === 'publish') this.session.acceptPublish();
        else if (event.type === 'play') this.session.acceptPlay();
      }
    }
    this.readReplies(this.session.takeOutput(TAKE_BYTES));
  }

  readReplies(parts: readonly Uint8Array[]): void {
    const bytes = join(parts);
    this.#replies += Buffer.from(this.#client?.decrypt(bytes) ?? bytes).toString('hex');
  }
}

describe('RtmpServerSession of RTMPE', () => {
  const plain = new Run(null);
  plain.feed(publisherBytes());

  it('is compared with a session that did something', () => {
    assert.equal(plain.events.length, 6);
    assert.ok(plain.replies.length > 1000);
  });

  for (const pieceLengthBytes of [1, 3, 100, 1000, 100_000]) {
    it(`does the same as in plain RTMP, fed ${pieceLengthBytes} bytes at a time [item 5]`, () => {
      const run = new Run(new RtmpeClient());
      const wire = run.wire(publisherBytes());
      for (const piece of splitEvery(wire, pieceLengthBytes)) run.feed(piece);
      assert.deepEqual(run.events, plain.events);
      assert.equal(run.replies, plain.replies);
    });
  }

  it('decrypts once what it keeps while decisions are due [item 5]', () => {
    const run = new Run(new RtmpeClient());
    const wire = run.wire(publisherBytes());
    for (const piece of splitEvery(wire, 500)) {
      run.session.receive(piece.slice(), 0);
      run.settle(false);
    }
    run.session.acceptConnect();
    run.settle(false);
    run.session.acceptPublish();
    run.settle(false);
    run.session.acceptPlay();
    run.settle(false);
    assert.deepEqual(run.events, plain.events);
    assert.equal(run.replies, plain.replies);
  });

  it('takes C2 and what follows it in one piece [item 4] [item 5]', () => {
    const client = new RtmpeClient();
    const session = new RtmpServerSession(OPTIONS, 0);
    session.receive(client.c0c1, 0);
    assert.equal(session.isHandshakeNext, true);
    const [handshake] = session.takeOutput(TAKE_BYTES);
    const c2 = client.answer(handshake ?? new Uint8Array(0));
    session.receive(join([c2, client.encrypt(new ClientMessages().connect('live'))]), 0);
    assert.deepEqual(
      session.drainEvents().map(({ type }) => type),
      ['connect'],
    );
  });

  it('encrypts copies of what is sent behind its own messages, in the order of sending [item 5]', () => {
    const run = new Run(new RtmpeClient());
    run.feed(run.wire(publisherBytes()));
    const shared = [filled(300), filled(70_000)];
    const sent = run.session.encryptNext(shared);
    assert.notDeepEqual(sent[0], shared[0]);
    assert.deepEqual(shared, [filled(300), filled(70_000)]);
    run.readReplies(sent);
    run.session.publishEnded(2);
    run.settle(true);
    plain.session.publishEnded(2);
    const ownHex = Buffer.from(join(plain.session.takeOutput(TAKE_BYTES))).toString('hex');
    assert.equal(run.replies, plain.replies + Buffer.from(join(shared)).toString('hex') + ownHex);
  });

  it('gives back the very list that it was given, in plain RTMP', () => {
    const shared = [filled(300)];
    assert.equal(plain.session.encryptNext(shared), shared);
    assert.equal(new RtmpServerSession(OPTIONS, 0).encryptNext(shared), shared);
  });

  it('is plain RTMP where RTMPE is off [item 5]', () => {
    const session = new RtmpServerSession({ ...OPTIONS, rtmpe: false }, 0);
    session.receive(new RtmpeClient().c0c1, 0);
    assert.equal(session.takeOutput(TAKE_BYTES)[0]?.[0], 3);
    session.receive(join([new Uint8Array(1536), new ClientMessages().connect('live')]), 0);
    assert.deepEqual(
      session.drainEvents().map(({ type }) => type),
      ['connect'],
    );
  });

  it('closes where C1 carries no key, and says nothing [item 9]', () => {
    const session = new RtmpServerSession(OPTIONS, 0);
    const handshake = clientHandshake().subarray(0, 1537).slice();
    handshake[0] = 6;
    assertRefused('rtmp-encryption-invalid', () => session.receive(handshake, 0));
    assert.equal(session.state, 'closed');
    assert.deepEqual(session.takeOutput(TAKE_BYTES), []);
  });
});
