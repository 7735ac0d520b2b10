import { describe, it } from 'node:test';
import { LibrtmpPlayer, LibrtmpPublisher } from '../../support/clients/librtmp-client.ts';
import { playsEverything, publishesEverything, carriesBetween, startScene } from './scene.ts';

describe('librtmp through the tunnel', () => {
  it('plays', async (t) => {
    const { address } = await startScene(t);
    await playsEverything(t, new LibrtmpPlayer(t, address), address.port);
  });
  it('publishes', async (t) => {
    const { address } = await startScene(t);
    await publishesEverything(t, new LibrtmpPublisher(t, address), address.port);
  });
  it('both', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new LibrtmpPublisher(t, address), new LibrtmpPlayer(t, address));
  });
});
