// A viewer on a real socket that reads too slowly, beside a publisher and a viewer that keeps up: it goes on at
// keyframes, it is cut where it reads nothing at all, and nobody else notices.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { SERVER_HANDSHAKE_BYTES, ServerReplyReader, type WireReply } from '../support/server-reply-reader.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';

const FRAME_MS = 33;
const FRAME_BYTES = 64 * 1024;
const KEYFRAME_EVERY = 10;
/** More than the buffers of two sockets on the loopback take. */
const FRAMES = 500;

/** A viewer that reads only while it is told to, and keeps what came. */
class SlowViewer {
  readonly socket: Socket;
  readonly #parts: Buffer[] = [];
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (part) => this.#parts.push(part));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Plays `live/s`, and reads until the answer is there. */
  static async start(t: TestContext, port: number): Promise<SlowViewer> {
    const socket = connect({ port, host: '127.0.0.1' });
    t.after(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    const viewer = new SlowViewer(socket);
    const client = new ClientMessages();
    const calls = [client.call('createStream', 2), client.onStream(1, 'play', 's')];
    socket.write(Buffer.concat([clientHandshake(), client.connect('live'), ...calls]));
    await until(() => Buffer.concat(viewer.#parts).includes('NetStream.Play.Start'));
    return viewer;
  }

  /** All whole messages that came. */
  messages(): WireReply[] {
    const bytes = Buffer.concat(this.#parts).subarray(SERVER_HANDSHAKE_BYTES);
    try {
      return new ServerReplyReader().read(bytes);
    } catch {
      return [];
    }
  }
}

/** Number of a frame of TEST_MEDIA; null for a header. */
function numberOf(payload: Uint8Array): number | null {
  if (payload[1] !== 1) return null;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(5);
}

/** Sends frames from one number to before another, each batch once the witness has the one before it. */
async function publishFrames(
  publisher: TestClient,
  witness: TestClient,
  from: number,
  to: number,
): Promise<void> {
  for (let number = from; number < to; number++) {
    const isKeyframe = number % KEYFRAME_EVERY === 0;
    const frame = TEST_MEDIA.video(isKeyframe, number, FRAME_BYTES);
    publisher.session.sendVideo(number * FRAME_MS, frame);
    publisher.wake();
    if ((number + 1) % KEYFRAME_EVERY === 0) {
      await witness.waitUntil(() => witness.media.length === 1 + number + 1);
    }
  }
}

describe('a viewer that reads too slowly', () => {
  it('goes on at a keyframe, is cut where it reads nothing, and disturbs nobody [item 77]', async (t) => {
    const { port, log } = await startTestGateway(t, {
      rtmp: { writeTimeoutMs: 5000 },
      streams: { viewerLagMs: 1000, viewerLagBytes: 1024 * 1024 },
    });
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const witness = await TestClient.overTcp(t, port, 'live');
    await witness.play('s');
    const slow = await SlowViewer.start(t, port);
    publisher.session.sendVideo(0, TEST_MEDIA.videoHeader);
    slow.socket.pause();

    await publishFrames(publisher, witness, 0, FRAMES);
    assert.equal(slow.isClosed, false);
    slow.socket.resume();
    const lastOf = (messages: readonly WireReply[]) =>
      numberOf(messages.at(-1)?.payload ?? new Uint8Array(2));
    await until(() => lastOf(slow.messages()) === FRAMES - 1);

    const numbers = slow
      .messages()
      .flatMap(({ typeId, payload }) => (typeId === 9 ? [numberOf(payload)] : []));
    let next = 0;
    let jumps = 0;
    for (const [index, number] of numbers.entries()) {
      if (number === null) continue;
      if (number !== next) {
        jumps++;
        assert.ok(number > next && number % KEYFRAME_EVERY === 0, `${next} is followed by ${number}`);
        assert.equal(numbers[index - 1], null, 'the header comes again in front of the keyframe');
      }
      next = number + 1;
    }
    assert.ok(jumps >= 1, `${numbers.length} frames and no jump: it was not slow enough`);
    assert.ok(numbers.length < FRAMES);

    slow.socket.pause();
    await publishFrames(publisher, witness, FRAMES, 2 * FRAMES);
    await until(() => log.some(({ fields }) => JSON.stringify(fields).includes('rtmp-peer-not-reading')));
    await publishFrames(publisher, witness, 2 * FRAMES, 2 * FRAMES + KEYFRAME_EVERY);
    const seen = witness.media.flatMap(({ payload }) => numberOf(payload) ?? []);
    assert.deepEqual(
      seen,
      Array.from({ length: 2 * FRAMES + KEYFRAME_EVERY }, (_, index) => index),
    );
    assert.equal(publisher.isOver, false);
    assert.deepEqual(
      log.filter(({ level }) => level === 'error'),
      [],
    );
  });
});
