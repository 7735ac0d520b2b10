// Times of a connection, by tick: handshake, connect, silence and pings, and messages that stand still.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RtmpErrorCode } from '../../../../src/protocol/rtmp/rtmp-error.ts';
import { filled } from '../../../support/chunk-wire.ts';
import { clientHandshake, userControl } from '../../../support/client-messages.ts';
import { assertRefused, connected, greeted, publishing, ServerBench } from './server-bench.ts';

/** Asserts that `bench` lives at one ms before `deadlineMs` and ends at it. */
function assertEndsAt(bench: ServerBench, deadlineMs: number, code: RtmpErrorCode): void {
  bench.session.tick(deadlineMs - 1);
  assert.notEqual(bench.session.state, 'closed');
  const error = assertRefused(code, () => bench.session.tick(deadlineMs));
  assert.match(error.message, /^expected .* within \d+ ms, got none$/);
  assert.equal(bench.session.state, 'closed');
  bench.session.tick(deadlineMs + 1);
}

/** Ticks when the session asks for it, up to `untilMs`, and gives the times of the pings. */
function pingTimes(bench: ServerBench, untilMs: number, heard?: (nowMs: number) => void): number[] {
  const times: number[] = [];
  for (let nowMs = bench.session.nextDeadlineMs(); nowMs <= untilMs; nowMs = bench.session.nextDeadlineMs()) {
    heard?.(nowMs);
    bench.session.tick(nowMs);
    for (const line of bench.replies()) {
      assert.equal(line, `ping ${nowMs}`);
      times.push(nowMs);
    }
  }
  return times;
}

describe('RtmpServerSession, keeping time', () => {
  it('ends a handshake that is not whole in time [item 8]', () => {
    for (const sentBytes of [0, 1, 1537, 3072]) {
      const bench = new ServerBench();
      bench.receive(clientHandshake().subarray(0, sentBytes));
      assert.equal(bench.session.nextDeadlineMs(), 10_000);
      assertEndsAt(bench, 10_000, 'rtmp-handshake-timeout');
    }
  });

  it('ends a connection that is not connected in time', () => {
    const bench = greeted();
    assert.equal(bench.session.nextDeadlineMs(), 10_000);
    bench.session.tick(10_000);
    assert.equal(bench.session.nextDeadlineMs(), 60_000);
    bench.session.receive(userControl(6, 1), 0);
    assertEndsAt(bench, 60_000, 'rtmp-connect-timeout');
  });

  it('counts the time that the decision takes', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receive(bench.client.connect('live'));
    assertEndsAt(bench, 60_000, 'rtmp-connect-timeout');
  });

  it('watches the shorter time where connect has less than the handshake', () => {
    const bench = greeted({ options: { handshakeTimeoutMs: 9000, connectTimeoutMs: 5000 } });
    assert.equal(bench.session.nextDeadlineMs(), 5000);
    assertEndsAt(bench, 5000, 'rtmp-connect-timeout');
  });

  it('sends no ping before connect', () => {
    const bench = greeted({ options: { connectTimeoutMs: 600_000, pingIntervalMs: 1000 } });
    for (let nowMs = 0; nowMs < 600_000; nowMs += 500) bench.session.tick(nowMs);
    assert.deepEqual(bench.replies(), []);
  });

  it('pings a silent peer once, and gives it up after the further time', () => {
    const bench = connected();
    bench.session.tick(0);
    assert.equal(bench.session.nextDeadlineMs(), 15_000);
    assert.deepEqual(pingTimes(bench, 119_999), [60_000]);
    assertRefused('rtmp-peer-silent', () => bench.session.tick(bench.session.nextDeadlineMs()));
    assert.equal(bench.session.state, 'closed');
  });

  it('asks to be ticked by the shortest of its times', () => {
    const bench = connected({
      options: { pingIntervalMs: 60_000, pingTimeoutMs: 8000, messageTimeoutMs: 4000 },
    });
    bench.session.tick(100);
    assert.equal(bench.session.nextDeadlineMs(), 1100);
  });

  it('hears any byte as a sign of life, the answer to a ping among them', () => {
    const bench = connected();
    const times = pingTimes(bench, 600_000, (nowMs) => {
      if (nowMs % 75_000 === 0) bench.session.receive(userControl(7, 1), 0);
    });
    assert.deepEqual(times, [135_000, 210_000, 285_000, 360_000, 435_000, 510_000, 585_000]);
    assert.equal(bench.session.state, 'connected');
  });

  it('pings with a time that fits 32 bits', () => {
    const bench = connected();
    const startMs = 2 ** 32;
    bench.session.tick(startMs - 0.5);
    bench.session.tick(startMs + 60_000.7);
    assert.deepEqual(bench.replies(), ['ping 60000']);
  });

  it('lets a peer live whose bytes wait behind a decision', () => {
    const bench = connected({ decisions: 'left to the test' });
    bench.receive(bench.client.onStream(1, 'play', 'key'));
    for (let nowMs = 0; nowMs < 600_000; nowMs += 15_000) {
      bench.session.tick(nowMs);
      bench.session.receive(userControl(7, 1), 0);
    }
    assert.equal(bench.session.state, 'connected');
  });

  it('ends a connection whose message stands still, whatever else it sends [item 27]', () => {
    const bench = publishing({ options: { pingIntervalMs: 1_000_000 } });
    bench.session.tick(1000);
    bench.receive(bench.client.video(1, 0, filled(300)).subarray(0, 12 + 128));
    bench.session.tick(2000);
    for (let nowMs = 3000; nowMs < 62_000; nowMs += 1000) {
      bench.receive(userControl(7, 1));
      bench.session.tick(nowMs);
    }
    assertEndsAt(bench, 62_000, 'rtmp-message-stalled');
  });

  it('ends a connection whose message stands still beside one that goes on and on [item 27]', () => {
    const bench = publishing({ options: { pingIntervalMs: 1_000_000 } });
    const video = bench.client.video(1, 0, filled(300));
    const audio = bench.client.audio(1, 0, filled(300));
    bench.session.tick(1000);
    bench.receive(video.subarray(0, 12 + 128));
    bench.session.tick(2000);
    for (let nowMs = 3000; nowMs < 62_000; nowMs += 1000) {
      bench.receive(nowMs % 2000 === 0 ? audio.subarray(12 + 128) : audio.subarray(0, 12 + 128));
      bench.session.tick(nowMs);
    }
    assertEndsAt(bench, 62_000, 'rtmp-message-stalled');
  });

  it('lets a busy publisher live that is as far into another message at every tick', () => {
    const bench = publishing({ options: { messageTimeoutMs: 2000, pingIntervalMs: 1_000_000 } });
    const video = bench.client.video(1, 0, filled(300));
    const begun = video.subarray(0, 12 + 128);
    bench.receive(begun);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      bench.session.tick(nowMs);
      bench.receiveAtOnce(video.subarray(begun.length), video, begun);
    }
    assert.equal(bench.session.state, 'connected');
    assert.equal(bench.events().length, 120);
    bench.session.tick(60_000);
    assertEndsAt(bench, 62_000, 'rtmp-message-stalled');
  });

  it('lets a message live that goes on, however slowly [item 27]', () => {
    const bench = publishing();
    const message = bench.client.setChunkSize(4096);
    bench.receive(message);
    const video = bench.client.video(1, 0, filled(40));
    for (const [index, byte] of video.entries()) {
      bench.session.receive(Uint8Array.of(byte), 0);
      bench.session.tick(index * 50_000);
    }
    assert.deepEqual(bench.events(), [`video 1 @0 ${Buffer.from(filled(40)).toString('hex')}`]);
  });

  it('blames no peer for a message that stands still because a decision is due', () => {
    const bench = connected({ decisions: 'left to the test', options: { pingIntervalMs: 1_000_000 } });
    const { client, session } = bench;
    bench.receive(
      client.video(1, 0, filled(300)).subarray(0, 12 + 128),
      client.onStream(1, 'publish', 'key'),
    );
    for (let nowMs = 0; nowMs < 200_000; nowMs += 1000) session.tick(nowMs);
    session.acceptPublish();
    session.tick(201_000);
    assert.equal(session.state, 'connected');
    assertEndsAt(bench, 259_000, 'rtmp-message-stalled');
  });
});
