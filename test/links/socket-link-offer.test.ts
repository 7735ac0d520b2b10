// What is offered to a Link over a socket: it is carried away at once or not at all, and never before what waits.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createGuard } from '../../src/errors.ts';
import { SocketLink } from '../../src/links/socket-link.ts';
import { filled } from '../support/chunk-wire.ts';
import { MEMORY_FACTS } from '../support/memory-link.ts';
import { until } from '../support/until.ts';
import { FakeWheel } from './rtmpt/tunnel-harness.ts';
import { Collector, type SocketPair, settled, socketPair, TestEndpoint } from './socket-rig.ts';

/** More than the system takes for a peer that does not read. */
const FLOOD_BYTES = 24 * 1024 * 1024;

type Rig = SocketPair & { readonly link: SocketLink; readonly endpoint: TestEndpoint };

async function rigOf(t: TestContext): Promise<Rig> {
  const pair = await socketPair(t);
  const guard = createGuard((error) => assert.fail(String(error)));
  const link = new SocketLink(pair.server, MEMORY_FACTS, {
    guard,
    wheel: new FakeWheel(),
    writeTimeoutMs: 30_000,
  });
  const endpoint = new TestEndpoint();
  link.attach(endpoint);
  return { ...pair, link, endpoint };
}

/** Numbered messages, so that each is another. */
function messagesOf(count: number, lengthBytes = 60_000): Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const message = Buffer.alloc(lengthBytes, number);
    message.writeUInt32BE(number);
    return message;
  });
}

/** Calls `onWrite` in each write of a socket, before it. */
function watchWrites({ server }: SocketPair, onWrite: () => void): void {
  const write = server.write.bind(server);
  server.write = (chunk: Uint8Array | string): boolean => {
    onWrite();
    return write(chunk);
  };
}

describe('SocketLink, offered something', () => {
  it('carries it away at once and asks nobody for more, behind what it pulled before', async (t) => {
    const { link, endpoint, server, client } = await rigOf(t);
    const got = new Collector(client);
    endpoint.messages = [Buffer.from('one ')];
    link.wake();
    endpoint.messages = [Buffer.from('four')];
    assert.equal(link.offer([Buffer.from('two '), Buffer.from('three ')]), true);
    assert.equal(server.bytesWritten, 'one two three '.length);
    assert.equal(endpoint.messages.length, 1);
    link.wake();
    await until(() => got.lengthBytes === 'one two three four'.length);
    assert.equal(got.all().toString(), 'one two three four');
  });

  it('refuses it while the socket is full, and takes it again when it has drained', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    client.pause();
    const messages = messagesOf(FLOOD_BYTES / 60_000);
    let offered = 0;
    while (offered < messages.length && link.offer(messages.slice(offered, offered + 1))) {
      offered++;
      await settled(() => 0);
    }
    assert.ok(offered > 0 && offered < messages.length, `${offered} of ${messages.length}`);
    assert.equal(link.offer([Buffer.from('not this either')]), false);
    // What is refused is pulled, behind what was carried.
    endpoint.messages = messages.slice(offered);
    link.wake();
    assert.equal(endpoint.takenBytes, 0);
    const got = new Collector(client);
    client.resume();
    const all = Buffer.concat(messages);
    await until(() => got.lengthBytes === all.length);
    assert.equal(link.offer([Buffer.from('last')]), true);
    await until(() => got.lengthBytes === all.length + 'last'.length);
    assert.ok(got.all().equals(Buffer.concat([all, Buffer.from('last')])));
  });

  it('refuses it while a part of what was offered before is left, and carries that first', async (t) => {
    const { link, endpoint, server, client } = await rigOf(t);
    client.pause();
    const long = filled(FLOOD_BYTES);
    assert.equal(link.offer([Buffer.from('head'), long, Buffer.from('tail')]), true);
    await settled(() => server.bytesWritten);
    assert.ok(server.bytesWritten < long.length);
    assert.equal(link.offer([Buffer.from('refused')]), false);
    endpoint.messages = [Buffer.from('pulled')];
    link.wake();
    const got = new Collector(client);
    client.resume();
    const expected = Buffer.concat([Buffer.from('head'), long, Buffer.from('tailpulled')]);
    await until(() => got.lengthBytes === expected.length);
    assert.ok(got.all().equals(expected));
  });

  it('refuses it in the middle of a write, where a part of a pull is left', async (t) => {
    const rig = await rigOf(t);
    const { link, endpoint, client } = rig;
    const got = new Collector(client);
    const answers: boolean[] = [];
    watchWrites(rig, () => answers.push(link.offer([Buffer.from('between')])));
    const messages = messagesOf(2, 100);
    endpoint.messages = [...messages];
    link.wake();
    assert.deepEqual(answers, [false, false]);
    const all = Buffer.concat(messages);
    await until(() => got.lengthBytes === all.length);
    assert.ok(got.all().equals(all));
  });

  it('refuses it once it is told to close, and carries out what was said last', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    const got = new Collector(client);
    endpoint.messages = [Buffer.from('goodbye')];
    link.close({ code: 'done', message: '' });
    assert.equal(link.offer([Buffer.from('too late')]), false);
    await until(() => got.hasEnded);
    client.end();
    await until(() => endpoint.heard.length > 0);
    assert.equal(link.offer([Buffer.from('later still')]), false);
    assert.equal(got.all().toString(), 'goodbye');
  });

  it('refuses it once the peer has ended, or reset', async (t) => {
    for (const end of [
      ({ client }: SocketPair) => client.end(),
      ({ client }: SocketPair) => client.resetAndDestroy(),
    ]) {
      const rig = await rigOf(t);
      rig.client.resume();
      end(rig);
      await until(() => rig.endpoint.heard.length > 0);
      assert.equal(rig.link.offer([Buffer.from('too late')]), false);
    }
  });
});
