// A connection of RTMPE, joined to live streams: what it plays it gets encrypted, and viewers in step with it get what
// they got before.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { RtmpeClient } from '../support/rtmpe-client.ts';
import { describeReply, ServerReplyReader } from '../support/server-reply-reader.ts';
import { SessionRig, sendKey, type TestPeer } from './session-rig.ts';

/** A peer that speaks RTMPE. */
class EncryptedPeer {
  readonly peer: TestPeer;
  readonly #client = new RtmpeClient();
  readonly #reader = new ServerReplyReader();

  constructor(peer: TestPeer) {
    this.peer = peer;
    peer.send(this.#client.c0c1);
    peer.send(this.#client.answer(peer.link.readPulled()));
  }

  send(...parts: readonly Uint8Array[]): void {
    this.peer.send(this.#client.encrypt(Buffer.concat(parts)));
  }

  /** What came since the last call: payloads of media in hex, replies as lines. */
  heard(): string[] {
    const bytes = this.#client.decrypt(this.peer.link.readPulled());
    return this.#reader.read(bytes).map(lineOf);
  }
}

function lineOf(reply: Parameters<typeof describeReply>[0]): string {
  const { typeId, timestampMs, payload } = reply;
  return typeId === 9
    ? `video @${timestampMs} ${Buffer.from(payload).toString('hex')}`
    : describeReply(reply);
}

/** What a plain player has heard since the last call, in the same form. */
function plainHeard(peer: TestPeer, reader: ServerReplyReader): string[] {
  return reader.read(peer.link.readPulled()).map(lineOf);
}

describe('RtmpConnection by RTMPE', () => {
  it('publishes what is played in plain RTMP, and plays what is published so, beside each other [item 5]', () => {
    const rig = new SessionRig();
    const publisher = new EncryptedPeer(rig.peer());
    const { say } = publisher.peer;
    publisher.send(say.connect('live'), say.call('createStream', 2), say.onStream(1, 'publish', 's', 'live'));
    assert.match(publisher.heard().at(-1) ?? '', /NetStream\.Publish\.Start/);

    const player = new EncryptedPeer(rig.peer());
    const plainPeer = rig.peer();
    const reader = new ServerReplyReader();
    const wishes = [
      plainPeer.say.connect('live'),
      plainPeer.say.call('createStream', 2),
      plainPeer.say.onStream(1, 'play', 's'),
    ];
    plainPeer.send(clientHandshake());
    plainPeer.link.readPulled();
    player.send(...wishes);
    plainPeer.send(...wishes);
    assert.deepEqual(player.heard(), plainHeard(plainPeer, reader));

    const expected: string[] = [];
    for (let number = 1; number <= 20; number++) {
      const lengthBytes = number % 5 === 0 ? 70_000 : 40 * number;
      const frame = number % 10 === 1 ? PAYLOAD.key : PAYLOAD.inter;
      publisher.send(say.video(1, number * 40, frame(number, lengthBytes)));
      rig.scheduler.run();
      const heard = player.heard();
      assert.equal(heard.length, 1);
      expected.push(...heard);
      assert.deepEqual(heard, plainHeard(plainPeer, reader));
      if (number === 10) {
        // Answers and media share one keystream: an answer in between is as readable as what follows it.
        player.send(plainPeer.say.call('createStream', 3));
        assert.deepEqual(player.heard(), ['0 _result 3 null 2']);
      }
    }
    assert.equal(new Set(expected).size, 20);
    const marks = rig.lines('session connected').map(({ fields }) => fields['rtmpe'] ?? false);
    assert.ok(marks.includes(true) && marks.includes(false), 'the log tells RTMPE from RTMP');
  });

  it('ends a client whose C1 carries no key, and says nothing [item 9]', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const handshake = clientHandshake();
    handshake[0] = 6;
    peer.send(handshake);
    assert.deepEqual(peer.link.ends, ['failed rtmp-encryption-invalid', 'closed rtmp-encryption-invalid']);
    assert.deepEqual(peer.link.readPulled().length, 0);
    assert.deepEqual(peer.link.internalErrors, []);
  });

  it('hands the very ranges of the log to plain viewers in step [item 5]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    const [one, other] = [rig.player('s'), rig.player('s')];
    sendKey(publisher, 0, 1);
    rig.scheduler.run();
    const [first, second] = [one.link.pulls.flat(), other.link.pulls.flat()];
    assert.equal(first.length, 1);
    assert.equal(first[0]?.buffer, second[0]?.buffer);
    assert.equal(first[0]?.byteOffset, second[0]?.byteOffset);
  });
});
