import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RtmpeCipher } from '../../src/protocol/rtmp/handshake/rtmpe.ts';
import { FollowingHeaders } from '../../src/protocol/rtmp/splice/following-headers.ts';
import { cutAt, picks } from '../protocol/rtmp/splice/wire-script.ts';
import { chunk, filled, join, setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { describeReply, ServerReplyReader } from '../support/server-reply-reader.ts';
import { SpliceRig, turn } from './splice-rig.ts';

const SMALL_BYTES = 64 * 1024;
const HALF_MESSAGE = chunk({ format: 0, chunkStreamId: 5, lengthBytes: 300, payload: filled(128) });
const CLOSED = ['0 onStatus error NetConnection.Connect.Closed'];

/** One picture of so many bytes, in one chunk. */
function picture(lengthBytes: number, seed = 0): Uint8Array {
  return chunk({ format: 0, chunkStreamId: 6, typeId: 9, payload: filled(lengthBytes, seed) });
}

function said(bytes: Uint8Array): string[] {
  return new ServerReplyReader().read(bytes).map(describeReply);
}

describe('Splice', () => {
  it('passes both directions on as they are, cut anywhere', () => {
    fc.assert(
      fc.property(picks, picks, fc.boolean(), (upCuts, downCuts, isTunnel) => {
        const rig = new SpliceRig({ isTunnel });
        const up = filled(5000, 3);
        const down = join([
          new ClientMessages().message(9, filled(4000)),
          new ClientMessages().call('done', 0),
        ]);
        for (const piece of cutAt(up, upCuts)) rig.client.push(piece);
        for (const piece of cutAt(down, downCuts)) rig.upstream.push(piece);
        assert.deepEqual(rig.upstream.readPulled(), Buffer.from(up));
        assert.deepEqual(rig.client.readPulled(), Buffer.from(down));
      }),
      { numRuns: 100 },
    );
  });

  it('says first what the upstream was still to be told, then what came behind the connect', () => {
    const rig = new SpliceRig({ unsaid: [Uint8Array.of(1), Uint8Array.of(2, 3)], rest: Uint8Array.of(4) });
    rig.client.push(Uint8Array.of(5));
    assert.deepEqual([...rig.upstream.readPulled()], [1, 2, 3, 4, 5]);
  });

  it('gives the client first what the upstream has answered already', () => {
    const answer = new ClientMessages().call('hello', 1);
    const rig = new SpliceRig({ answer: [answer.subarray(0, 5), answer.subarray(5)] });
    assert.deepEqual(rig.client.readPulled(), Buffer.from(answer));
  });

  it('holds what an upstream sends for the time to gather, once it has sent what sets up', () => {
    const rig = new SpliceRig({ isTunnel: true, gatherMs: 30 });
    rig.upstream.push(picture(100));
    assert.ok(rig.client.readPulled().length > 0);
    const setup = join([setChunkSize(0xffffff), picture(20_000)]);
    rig.upstream.push(setup);
    rig.client.readPulled();
    rig.client.isHeld = true;
    rig.upstream.push(picture(100));
    assert.deepEqual(rig.splice.takeDue(1000), []);
    rig.clock.advance(30);
    assert.equal(join(rig.splice.takeDue(1000)).length, 112);
  });

  it('passes what is lent on at once, and the same bytes come where some of it was refused', () => {
    fc.assert(
      fc.property(picks, picks, (cuts, holds) => {
        const rig = new SpliceRig({ carriesLent: true });
        const down = join([
          new ClientMessages().message(9, filled(4000)),
          new ClientMessages().call('done', 0),
        ]);
        const pieces = cutAt(down, cuts);
        const held = new Set(holds.map((pick) => pick % pieces.length));
        for (const [index, piece] of pieces.entries()) {
          rig.client.isHeld = held.has(index);
          rig.upstream.lend(piece);
          if (index % 2 === 1) rig.client.wake();
        }
        rig.client.isHeld = false;
        rig.client.wake();
        assert.deepEqual(rig.client.readPulled(), Buffer.from(down));
        rig.client.drop();
        assert.equal(rig.ends[0]?.outBytes, down.length);
      }),
      { numRuns: 100 },
    );
  });

  it('lends nothing to a tunnel, and nothing to a client whose bytes are enciphered', () => {
    const cipher = new RtmpeCipher(filled(16), filled(16, 1));
    for (const options of [{ isTunnel: true }, { cipher }]) {
      const rig = new SpliceRig({ ...options, carriesLent: true });
      assert.equal(rig.upstream.lend(picture(100)), 'refused');
      assert.equal(rig.client.lentBytes, 0);
      assert.equal(rig.client.readPulled().length, 112);
    }
  });

  it('reads the upstream of a socket at the rhythm to gather, once it has sent what sets up', () => {
    for (const carriesLent of [true, false]) {
      const rig = new SpliceRig({ gatherMs: 20, carriesLent });
      rig.upstream.lend(join([setChunkSize(0xffffff), picture(10_000)]));
      assert.equal(rig.upstream.isPaused, false);
      rig.upstream.lend(picture(10_000));
      assert.equal(rig.client.readPulled().length, 20_040);
      assert.equal(rig.upstream.isPaused, true);
      rig.clock.advance(19);
      assert.equal(rig.upstream.isPaused, true);
      rig.clock.advance(1);
      assert.equal(rig.upstream.isPaused, false);
      rig.clock.advance(100);
      rig.upstream.lend(picture(10));
      assert.equal(rig.client.readPulled().length, 22);
      assert.equal(rig.upstream.isPaused, true);
    }
  });

  it('reads an upstream at its time only where the client has room', async () => {
    const rig = new SpliceRig({ gatherMs: 20, maxWaitingBytes: SMALL_BYTES });
    rig.upstream.push(join([setChunkSize(0xffffff), picture(20_000)]));
    rig.hold();
    rig.upstream.push(picture(SMALL_BYTES + 1));
    rig.clock.advance(20);
    assert.equal(rig.upstream.isPaused, true);
    rig.client.pull();
    await turn();
    assert.equal(rig.upstream.isPaused, false);
  });

  it('answers a send with little, and an idle with all', () => {
    const rig = new SpliceRig({ isTunnel: true });
    rig.hold();
    rig.upstream.push(join([setChunkSize(0xffffff), picture(3000), picture(3000), picture(20_000)]));
    assert.ok(join(rig.splice.takeAnswers(100_000)).length < 8192);
    assert.deepEqual(rig.splice.takeAnswers(100_000), []);
    assert.ok(join(rig.splice.takeDue(100_000)).length > 20_000);
  });

  it('answers a send with a long message that no idle has come for in half a second', () => {
    const rig = new SpliceRig({ isTunnel: true });
    rig.hold();
    rig.upstream.push(join([setChunkSize(0xffffff), picture(20_000), picture(20_000)]));
    assert.equal(join(rig.splice.takeAnswers(100_000)).length, setChunkSize(0xffffff).length);
    assert.deepEqual(rig.splice.takeAnswers(100_000), []);
    rig.clock.advance(499);
    assert.deepEqual(rig.splice.takeAnswers(100_000), []);
    rig.clock.advance(1);
    assert.equal(join(rig.splice.takeAnswers(25_000)).length, picture(20_000).length);
    assert.deepEqual(rig.splice.takeAnswers(100_000), []);
  });

  it('says first what the client is still to be told, and sends nothing before that', () => {
    for (const isTunnel of [true, false]) {
      const rig = new SpliceRig({ isTunnel, toldFirst: [Uint8Array.of(3, 3), Uint8Array.of(4)] });
      rig.upstream.push(setChunkSize(4096));
      assert.deepEqual(
        new Uint8Array(rig.client.readPulled()),
        join([Uint8Array.of(3, 3, 4), setChunkSize(4096)]),
      );
    }
  });

  describe('with a client that is slow', () => {
    it('reads no more of the upstream beyond what may wait, and reads on behind half of it', async () => {
      for (const isTunnel of [true, false]) {
        const rig = new SpliceRig({ isTunnel, maxWaitingBytes: SMALL_BYTES });
        rig.hold();
        rig.upstream.push(setChunkSize(0xffffff));
        while (!rig.upstream.isPaused) rig.upstream.push(picture(2000));
        const waited = rig.splice;
        let takenBytes = 0;
        while (rig.upstream.isPaused) {
          takenBytes += join(waited.take(4000)).length;
          await turn();
        }
        assert.ok(takenBytes > SMALL_BYTES / 2 - 8000 && takenBytes < SMALL_BYTES, `${takenBytes} bytes`);
      }
    });

    it('reads on where all but a message that is not whole was taken, however long that one is', async () => {
      const rig = new SpliceRig({ isTunnel: true, maxWaitingBytes: SMALL_BYTES });
      rig.hold();
      rig.upstream.push(join([setChunkSize(0xffffff), picture(20_000)]));
      const long = picture(60_000, 1);
      rig.upstream.push(long.subarray(0, 50_000));
      assert.equal(rig.upstream.isPaused, true);
      const first = join(rig.splice.take(1));
      const second = join(rig.splice.take(100_000));
      await turn();
      assert.equal(rig.upstream.isPaused, false);
      rig.upstream.push(long.subarray(50_000));
      const third = join(rig.splice.take(100_000));
      assert.deepEqual(join([first, second, third]), join([setChunkSize(0xffffff), picture(20_000), long]));
    });

    it('keeps the order where an upstream delivers at once when it is read again', async () => {
      const rig = new SpliceRig({ maxWaitingBytes: SMALL_BYTES });
      rig.hold();
      const sent: Uint8Array[] = [setChunkSize(0xffffff)];
      rig.upstream.push(sent[0] ?? new Uint8Array(0));
      let kept = 20;
      const send = (): void => {
        const next = picture(2000, sent.length);
        sent.push(next);
        rig.upstream.push(next);
      };
      while (!rig.upstream.isPaused) send();
      rig.upstream.onResume = () => {
        while (!rig.upstream.isPaused && kept-- > 0) send();
      };
      rig.client.isHeld = false;
      rig.client.maxPullBytes = 3000;
      rig.client.wake();
      await turn();
      rig.client.wake();
      assert.deepEqual(rig.client.readPulled(), Buffer.from(join(sent)));
    });
  });

  describe('with an upstream that is slow', () => {
    it('reads no more of the client beyond what may wait, and reads on behind half of it', async () => {
      const rig = new SpliceRig({ maxWaitingBytes: SMALL_BYTES });
      rig.hold();
      let sentBytes = 0;
      for (; !rig.client.isPaused; sentBytes += 5000) rig.client.push(filled(5000));
      assert.ok(sentBytes <= SMALL_BYTES + 5000);
      let takenBytes = 0;
      while (rig.client.isPaused) {
        takenBytes += join(rig.splice.takeForUpstream(1000)).length;
        await turn();
      }
      assert.ok(takenBytes >= SMALL_BYTES / 2 - 6000 && takenBytes < SMALL_BYTES);
    });

    it('has the client wait again where somebody else had it go on', () => {
      const rig = new SpliceRig({ maxWaitingBytes: SMALL_BYTES });
      rig.hold();
      rig.client.push(filled(SMALL_BYTES));
      rig.client.resume();
      rig.client.push(filled(10));
      assert.equal(rig.client.isPaused, true);
    });

    it('has a client wait that sends byte by byte, long before its pieces fill the memory', () => {
      const rig = new SpliceRig({ maxWaitingBytes: SMALL_BYTES });
      rig.hold();
      let pieces = 0;
      for (; !rig.client.isPaused; pieces++) rig.client.push(Uint8Array.of(1));
      assert.ok(pieces < 500, `${pieces} pieces`);
    });
  });

  describe('whose upstream ends', () => {
    it('says so behind what is whole, and forgets what is not', () => {
      for (const isTunnel of [true, false]) {
        const rig = new SpliceRig({ isTunnel });
        rig.hold();
        const whole = new ClientMessages().call('last', 0);
        rig.upstream.push(join([whole, HALF_MESSAGE]));
        rig.upstream.drop('peer-reset');
        const bytes = rig.client.readPulled();
        assert.deepEqual(bytes.subarray(0, whole.length), Buffer.from(whole));
        assert.deepEqual(said(bytes.subarray(whole.length)), CLOSED);
        assert.deepEqual(
          rig.ends.map(({ reason }) => reason.code),
          ['upstream-reset'],
        );
        assert.equal(rig.openCount, 0);
      }
    });

    it('says nothing where the client has half of a message', () => {
      for (const carriesLent of [false, true]) {
        const rig = new SpliceRig({ carriesLent });
        rig.upstream.lend(HALF_MESSAGE);
        assert.equal(rig.client.readPulled().length, HALF_MESSAGE.length);
        rig.upstream.drop();
        assert.equal(rig.client.readPulled().length, 0);
        assert.deepEqual(
          rig.ends.map(({ reason }) => reason.code),
          ['upstream-closed'],
        );
      }
    });

    it('says it in chunks of the size that the upstream has announced', () => {
      const rig = new SpliceRig();
      rig.upstream.push(setChunkSize(50));
      rig.upstream.drop();
      assert.deepEqual(said(rig.client.readPulled()), ['chunk size 50', ...CLOSED]);
    });

    it('says it in chunks of the size from before where the announcement was lost with a message that is not whole', () => {
      const rig = new SpliceRig();
      rig.hold();
      rig.upstream.push(join([HALF_MESSAGE, setChunkSize(4096)]));
      rig.upstream.drop();
      assert.deepEqual(said(rig.client.readPulled()), CLOSED);
    });

    it('ends the client at once where the upstream sends what is no chunk stream, and counts that against it', () => {
      for (const options of [{ isTunnel: true }, { isTunnel: false }, { carriesLent: true }]) {
        const rig = new SpliceRig(options);
        const whole = new ClientMessages().call('last', 0);
        rig.upstream.lend(join([whole, Uint8Array.of(0xc9, 1, 2, 3), filled(100)]));
        const bytes = rig.client.readPulled();
        assert.deepEqual(bytes.subarray(0, whole.length), Buffer.from(whole));
        assert.deepEqual(said(bytes.subarray(whole.length)), CLOSED);
        assert.deepEqual(
          rig.ends.map(({ reason }) => reason.code),
          ['upstream-malformed'],
        );
        assert.deepEqual([rig.openCount, rig.failureCount], [0, 1]);
        assert.deepEqual(rig.upstream.internalErrors, []);
      }
    });

    it('gives a tunnel that only sends the last of it, however long', () => {
      const rig = new SpliceRig({ isTunnel: true });
      rig.hold();
      const long = join([setChunkSize(0xffffff), picture(50_000)]);
      rig.upstream.push(long);
      rig.splice.takeAnswers(100);
      rig.splice.failed({ code: 'upstream-closed', message: 'gone' });
      // A closing tunnel is over at the first answer to a send that has nothing.
      const taken: Uint8Array[] = [];
      for (let got = rig.splice.takeAnswers(100); got.length > 0; got = rig.splice.takeAnswers(100))
        taken.push(...got);
      assert.ok(join(taken).length > long.length);
      assert.equal(rig.splice.hasMore, false);
    });

    it('hides from the client where the upstream is', () => {
      const rig = new SpliceRig();
      rig.upstream.drop();
      const text = Buffer.from(rig.client.readPulled()).toString('latin1');
      assert.match(text, /The server behind this one/);
      assert.doesNotMatch(text, /upstream|closed the connection/);
    });
  });

  describe('whose client ends', () => {
    it('ends the upstream behind what the client said last, and gives the connection back', () => {
      const rig = new SpliceRig();
      rig.upstream.isHeld = true;
      rig.client.push(Uint8Array.of(1, 2, 3));
      rig.client.drop();
      assert.deepEqual([...rig.upstream.readPulled()], [1, 2, 3]);
      assert.equal(rig.upstream.isClosed, true);
      assert.deepEqual(rig.ends, [
        {
          reason: { code: 'peer-closed', message: 'The peer closed the connection.' },
          inBytes: 3,
          outBytes: 0,
        },
      ]);
      assert.deepEqual([rig.openCount, rig.failureCount], [0, 0]);
    });

    it('leaves no deadline and nobody who gathers', () => {
      const rig = new SpliceRig({ gatherMs: 30 });
      rig.upstream.push(join([setChunkSize(0xffffff), picture(20_000)]));
      rig.upstream.push(picture(10));
      rig.client.drop();
      const { wakes } = rig.client;
      rig.clock.advance(30);
      assert.equal(rig.client.wakes, wakes);
      rig.clock.advance(200_000);
      assert.equal(rig.ends.length, 1);
      assert.equal(rig.clock.waitingCalls, 0);
    });

    it('ends the client alone at fault where what it sends behind a rewritten connect is no chunk stream', () => {
      const connect = new ClientMessages().connect('live');
      const rig = new SpliceRig({ following: new FollowingHeaders(connect, 3) });
      rig.client.push(Uint8Array.of(0xc9, 1, 2, 3));
      assert.equal(rig.ends[0]?.reason.code, 'rtmp-chunk-header-without-start');
      assert.equal(rig.upstream.isClosed, true);
      assert.deepEqual([rig.openCount, rig.failureCount], [0, 0]);
    });

    it('takes nothing in behind the fault', () => {
      const rig = new SpliceRig();
      rig.hold();
      rig.splice.failed({ code: 'rtmp-chunk-header-without-start', message: 'broken' });
      const lengthBytes = join(rig.splice.take(1_000_000)).length;
      assert.ok(lengthBytes > 0);
      rig.upstream.push(picture(10));
      rig.splice.receiveFromUpstream(picture(10));
      assert.deepEqual(rig.splice.take(1_000_000), []);
    });
  });

  describe('that nobody ends', () => {
    it('ends where neither side sends anything for the time that is set', () => {
      const rig = new SpliceRig({ idleTimeoutMs: 10_000 });
      rig.clock.advance(9000);
      rig.client.push(Uint8Array.of(1));
      rig.clock.advance(9000);
      rig.upstream.push(new ClientMessages().call('ping', 0));
      rig.client.readPulled();
      rig.clock.advance(9900);
      assert.equal(rig.ends.length, 0);
      rig.clock.advance(200);
      assert.deepEqual(
        rig.ends.map(({ reason }) => reason.code),
        ['splice-idle'],
      );
      assert.deepEqual(said(rig.client.readPulled()), CLOSED);
      assert.equal(rig.upstream.isClosed, true);
      assert.equal(rig.openCount, 0);
    });

    it('says that the server ends when it does', () => {
      const rig = new SpliceRig();
      rig.splice.end({ code: 'drain', message: 'The server is shutting down.' });
      assert.deepEqual(said(rig.client.readPulled()), ['0 onStatus error NetConnection.Connect.AppShutdown']);
      assert.deepEqual(
        rig.ends.map(({ reason }) => reason.code),
        ['drain'],
      );
      assert.equal(rig.openCount, 0);
    });
  });
});
