// What a connection asks relays of its publishes and plays, and what the client hears meanwhile.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import type { PlayDemand, StreamAsk, StreamRelays } from '../../src/sessions/stream-relays.ts';
import { MAX_LIVE_STREAMS } from '../../src/streams/limits.ts';
import type { LiveStream } from '../../src/streams/live-stream.ts';
import { StreamRegistry } from '../../src/streams/stream-registry.ts';
import { FakeScheduler, OPTIONS, PAYLOAD } from '../streams/stream-rig.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { MemoryLink } from '../support/memory-link.ts';
import { describeReply, SERVER_HANDSHAKE_BYTES, ServerReplyReader } from '../support/server-reply-reader.ts';
import { RelayingConnection } from '../upstreams/relay-rig.ts';
import { FakeClock } from './session-rig.ts';

type Answer = (outcome: 'started' | 'none') => void;

/** Relays that say what the test wants, and what they were asked. */
class ToldRelays implements StreamRelays {
  readonly asked: string[] = [];
  answers: Answer[] = [];
  says: 'local' | 'none' | 'waiting' = 'waiting';
  /** What is fetched, and ends where it is to give way. */
  fetched: LiveStream | null = null;

  giveWay({ app, streamName }: StreamAsk): boolean {
    this.asked.push(`give way ${app} ${streamName}`);
    this.fetched?.endPublish();
    return this.fetched !== null;
  }

  published({ isPublished }: LiveStream, { app, streamName }: StreamAsk): void {
    this.asked.push(`published ${app} ${streamName} ${isPublished}`);
  }

  demand({ app, streamName, client }: StreamAsk, answer: Answer): PlayDemand {
    this.asked.push(`demand ${app} ${streamName} of ${client.remoteAddress}`);
    if (this.says !== 'waiting') return { type: this.says };
    this.answers.push(answer);
    return { type: 'waiting', withdraw: () => this.asked.push('withdraw') };
  }
}

/** A server without sockets, and its clients. */
class DecisionsRig {
  readonly relays = new ToldRelays();
  readonly clock = new FakeClock();
  readonly registry = new StreamRegistry(() => OPTIONS, new FakeScheduler());
  readonly wheel = new DeadlineWheel(this.clock);
  readonly say = new ClientMessages();

  /** A client that is connected to 'live' and has a NetStream. */
  client(): { readonly link: MemoryLink; readonly heard: () => string[] } {
    const link = new MemoryLink();
    const { relays, registry, wheel } = this;
    new RelayingConnection(link, { relays, registry, wheel, guard: link.guard });
    link.push(Buffer.concat([clientHandshake(), this.say.connect('live'), this.say.call('createStream', 2)]));
    const reader = new ServerReplyReader();
    reader.read(link.readPulled().subarray(SERVER_HANDSHAKE_BYTES));
    return { link, heard: () => reader.read(link.readPulled()).map(describeReply) };
  }
}

describe('StreamDecisions with relays', () => {
  it('answers a play when the stream has come, and reads nothing further before', () => {
    const rig = new DecisionsRig();
    const { link, heard } = rig.client();
    link.push(Buffer.concat([rig.say.onStream(1, 'play', 's'), rig.say.call('createStream', 7)]));
    assert.deepEqual(rig.relays.asked, ['demand live s of 192.0.2.7']);
    assert.deepEqual(heard(), []);
    const stream = rig.registry.publish('live', 's');
    assert.ok(typeof stream !== 'string');
    rig.relays.answers[0]?.('started');
    const lines = heard();
    const start = lines.findIndex((line) => line.includes('NetStream.Play.Start'));
    const created = lines.findIndex((line) => line.includes('_result 7'));
    assert.ok(start >= 0 && created > start, lines.join('\n'));
    assert.equal(stream.viewerCount, 1);
    assert.deepEqual(link.internalErrors, []);
  });

  it('says StreamNotFound where there is none, at once or later, and closes a second after', () => {
    for (const isLater of [false, true]) {
      const rig = new DecisionsRig();
      rig.relays.says = isLater ? 'waiting' : 'none';
      const { link, heard } = rig.client();
      link.push(rig.say.onStream(1, 'play', 's'));
      rig.relays.answers[0]?.('none');
      assert.deepEqual(heard(), ['1 onStatus error NetStream.Play.StreamNotFound']);
      assert.equal(rig.registry.size, 0);
      rig.clock.advance(1100);
      assert.deepEqual(link.ends, ['closed rtmp-stream-refused']);
    }
  });

  it('looks for the stream here where relays have no say in it', () => {
    const rig = new DecisionsRig();
    rig.relays.says = 'local';
    const { link, heard } = rig.client();
    link.push(rig.say.onStream(1, 'play', 's'));
    assert.ok(heard().some((line) => line.includes('NetStream.Play.Start')));
    assert.equal(rig.registry.size, 1);
  });

  it('takes the question back when the client is gone; an answer that comes all the same does nothing', () => {
    const rig = new DecisionsRig();
    const { link } = rig.client();
    link.push(rig.say.onStream(1, 'play', 's'));
    link.drop();
    assert.equal(rig.relays.asked.at(-1), 'withdraw');
    rig.relays.answers[0]?.('started');
    assert.equal(rig.registry.size, 0);
    assert.deepEqual(link.internalErrors, []);
  });

  it('has what is fetched give way to a publish, and tells of the publish when it is had', () => {
    const rig = new DecisionsRig();
    const fetched = rig.registry.publish('live', 's');
    assert.ok(typeof fetched !== 'string');
    rig.relays.fetched = fetched;
    const { link, heard } = rig.client();
    link.push(Buffer.concat([rig.say.onStream(1, 'publish', 's'), rig.say.video(1, 0, PAYLOAD.key(1))]));
    assert.ok(heard().some((line) => line.includes('NetStream.Publish.Start')));
    assert.deepEqual(rig.relays.asked, ['give way live s', 'published live s true']);
  });

  it('has nothing give way to a publish that is had without that, or refused all the same', () => {
    const rig = new DecisionsRig();
    const first = rig.client();
    first.link.push(rig.say.onStream(1, 'publish', 's'));
    assert.deepEqual(rig.relays.asked, ['published live s true']);
    const second = rig.client();
    second.link.push(rig.say.onStream(1, 'publish', 's'));
    assert.deepEqual(second.heard(), ['1 onStatus error NetStream.Publish.BadName']);
    assert.deepEqual(rig.relays.asked.slice(1), ['give way live s'], 'it is published by a client');

    for (let number = 1; number < MAX_LIVE_STREAMS; number++) rig.registry.publish('live', `other${number}`);
    const third = rig.client();
    third.link.push(rig.say.onStream(1, 'publish', 'one-more'));
    assert.deepEqual(third.heard(), ['1 onStatus error NetStream.Publish.BadName']);
    assert.equal(rig.relays.asked.length, 2, 'there is no room, whoever gives way');
  });
});
