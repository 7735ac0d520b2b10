// How often a client asks that asks again the moment it is answered (librtmp): the gateway sets its pace, by holding
// an idle request until there is something to carry [RTMPT-NOTE polling].

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { assertReceived } from '../support/frames.ts';
import { startTestServer } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { playWithRtmpdump } from '../support/players.ts';
import { sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

const STREAM_S = 11;
const END_LIMIT_MS = 6000;
/** LIMIT: a hundred requests a second; a gateway that answers at once gets two hundred times as many. */
const MAX_REQUESTS = 1000;

describe('rtmpdump by RTMPT', () => {
  it('plays ten seconds with fewer than a thousand requests', async (t) => {
    const server = await startTestServer(t);
    const sourcePath = await mediaFile(t, 'h264-aac', STREAM_S);
    const proxy = await startCountingProxy(t, server.ports[0] ?? 0);
    const publisher = publishWithFfmpeg(t, sourcePath, server.rtmpUrl('live/paced'));
    await sleep(700);
    const player = playWithRtmpdump(t, `rtmpt://127.0.0.1:${proxy.port}/live/paced`, { live: true });
    assertEndedWell(publisher, await publisher.ended);
    await endByItself(player, END_LIMIT_MS);
    withOutputOf(player, () => assertReceived(sourcePath, player.outputPath, { minDurationMs: 9500 }));
    t.diagnostic(`${proxy.posts()} requests on ${proxy.connections()} connections`);
    assert.ok(proxy.posts() > 50, `only ${proxy.posts()} requests were counted: the count is wrong`);
    assert.ok(proxy.posts() < MAX_REQUESTS, `${proxy.posts()} requests were made`);
  });
});
