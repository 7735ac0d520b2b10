// Settings of single applications through a whole gateway, with sockets on the loopback and time that jumps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROCESS_CLOCK } from '../../src/cli/process-clock.ts';
import { configWith } from '../../src/config/load-config.ts';
import { createGateway } from '../../src/gateway.ts';
import type { StreamScheduler } from '../../src/streams/audience.ts';
import { UNMERGED_VIEWERS } from '../../src/streams/limits.ts';
import type { Cleaner } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';

/** Notes what delays were asked for, and has them pass at once. */
class NotedDelays implements StreamScheduler {
  delaysMs: number[] = [];
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): void {
    this.delaysMs.push(delayMs);
    setImmediate(() => {
      this.#nowMs += delayMs;
      callback();
    });
  }
}

/** Starts a gateway whose streams run on `scheduler`; gives its port. */
async function startOn(cleaner: Cleaner, scheduler: StreamScheduler): Promise<number> {
  const config = configWith({
    listen: ['127.0.0.1:0'],
    shutdown: { drainTimeoutMs: 500 },
    apps: { live: { mergeTimeMs: 1000 }, auction: { mergeTimeMs: 0 } },
  });
  const log = { debug: () => undefined, info: () => undefined, warn: assert.fail, error: assert.fail };
  const gateway = createGateway(config, {
    log,
    clock: PROCESS_CLOCK,
    scheduler,
    epochMs: Date.now,
    maxOpenFiles: null,
  });
  const [listener] = await gateway.start(false);
  cleaner.after(() => gateway.stop());
  return Number(listener?.address.split(':').at(-1));
}

describe('settings of an application', () => {
  it('have the writes of its streams gather as long as they say, while many watch', async (t) => {
    const scheduler = new NotedDelays();
    const port = await startOn(t, scheduler);
    for (const app of ['live/eu', 'auction']) {
      const publisher = await TestClient.overTcp(t, port, app);
      await publisher.publish('s');
      const players: TestClient[] = [];
      for (let n = 0; n < UNMERGED_VIEWERS + 20; n++) {
        const player = await TestClient.overTcp(t, port, app);
        await player.play('s');
        players.push(player);
      }
      scheduler.delaysMs = [];
      for (let number = 0; number < 3; number++) {
        publisher.session.sendVideo(number * 40, TEST_MEDIA.video(number === 0, number));
        publisher.wake();
        for (const player of players) await player.waitUntil(() => player.media.length > number);
      }
      assert.equal(
        scheduler.delaysMs.some((delayMs) => delayMs > 0),
        app !== 'auction',
        `${app}: ${scheduler.delaysMs.join()}`,
      );
    }
  });

  it('start its late joiners at the last keyframe or have them wait for the next', async (t) => {
    const { port } = await startTestGateway(t, { apps: { auction: { gopCache: false } } });
    for (const [app, first] of [
      ['live', 0],
      ['auction/room1', 2],
    ] as const) {
      const publisher = await TestClient.overTcp(t, port, app);
      await publisher.publish('s');
      const send = (isKeyframe: boolean, number: number): void => {
        publisher.session.sendVideo(number * 40, TEST_MEDIA.video(isKeyframe, number));
        publisher.wake();
      };
      const witness = await TestClient.overTcp(t, port, app);
      await witness.play('s');
      send(true, 0);
      send(false, 1);
      await witness.waitUntil(() => witness.media.length > 0);
      const player = await TestClient.overTcp(t, port, app);
      await player.play('s');
      send(true, 2);
      send(false, 3);
      await player.waitUntil(() => player.media.some(({ timestampMs }) => timestampMs === 3 * 40));
      assert.equal(player.media[0]?.timestampMs, first * 40, app);
    }
  });
});
