import { it } from 'node:test';
import { startTestGateway } from '/work/main/test/support/test-gateway.ts';
import { TestClient } from '/work/main/test/support/test-client.ts';
for (const kind of ['overTcp','overTunnel'] as const) it(kind, async (t) => {
    const { gateway, port, log } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const player = await TestClient[kind](t, port, 'live');
    await player.play('s');
    await gateway.stop();
    console.log(kind, player.isOver, player.events.map(e=>e.type).join(), publisher.events.map(e=>e.type).join());
    console.log(log.map(l=>JSON.stringify(l)).join('\n'));
});
