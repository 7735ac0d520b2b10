// What a reader of a dialled socket does, and what it stands on: that Node reads into the buffer it is given, stops where
// the callback gives false, and has handed on what it holds nothing of.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createGuard } from '../../src/errors.ts';
import type { PipeOwner } from '../../src/links/byte-pipe.ts';
import type { Lending, LentOutlet } from '../../src/links/link.ts';
import { SocketLink } from '../../src/links/socket-link.ts';
import { SocketReader } from '../../src/links/socket-reader.ts';
import { filled } from '../support/chunk-wire.ts';
import { MEMORY_FACTS } from '../support/memory-link.ts';
import { until } from '../support/until.ts';
import { FakeWheel } from './rtmpt/tunnel-harness.ts';
import { Collector, settled, socketPair, TestEndpoint } from './socket-rig.ts';

type Read = { readonly server: Socket; readonly socket: Socket; readonly reader: SocketReader };

async function readPair(t: TestContext): Promise<Read> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const reader = new SocketReader();
  const accepted = once(listener, 'connection');
  const socket = connect({ host: '127.0.0.1', port, onread: reader.onread });
  const [server]: Socket[] = await accepted;
  if (server === undefined) throw new Error('no connection');
  if (socket.connecting) await once(socket, 'connect');
  listener.close();
  t.after(() => {
    socket.destroy();
    server.destroy();
  });
  return { server, socket, reader };
}

/** Gets bytes, lent ones as `fate` says, and knows which were lent. */
class Owner implements PipeOwner {
  readonly parts: Buffer[] = [];
  readonly held: Uint8Array[] = [];
  lentCount = 0;
  fate: (bytes: Uint8Array) => Lending = () => 'refused';
  onPart: () => void = () => undefined;

  readonly received = (bytes: Uint8Array): void => this.#take(bytes);
  readonly lent = (bytes: Uint8Array): Lending => {
    const fate = this.fate(bytes);
    if (fate === 'refused') return fate;
    this.lentCount++;
    if (fate === 'kept') this.held.push(bytes);
    this.#take(bytes);
    return fate;
  };
  readonly drained = (): void => undefined;
  readonly ended = (): void => undefined;
  readonly broken = (): void => undefined;
  readonly failed = (): void => undefined;
  readonly closed = (): void => undefined;

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }

  #take(bytes: Uint8Array): void {
    this.parts.push(Buffer.from(bytes));
    this.onPart();
  }
}

function linkOver(socket: Socket, reader: SocketReader | null): SocketLink {
  const guard = createGuard((error) => assert.fail(String(error)));
  const deps = { guard, wheel: new FakeWheel(), writeTimeoutMs: 30_000 };
  return new SocketLink(socket, MEMORY_FACTS, deps, reader);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('SocketReader', () => {
  it('gives what came before it was listened to, then what comes', async (t) => {
    const { server, socket, reader } = await readPair(t);
    server.write('one ');
    await until(() => socket.bytesRead === 4);
    server.write('two');
    const owner = new Owner();
    reader.listen(socket, owner);
    assert.equal(owner.text, '');
    await until(() => owner.text === 'one two');
  });

  it('reads no more from the middle of a read on, so that TCP holds the peer back, and all of it afterwards', async (t) => {
    const { server, socket, reader } = await readPair(t);
    const owner = new Owner();
    owner.onPart = () => reader.pause();
    reader.listen(socket, owner);
    const bytes = filled(24 * 1024 * 1024);
    server.write(bytes);
    const waitingBytes = await settled(() => server.writableLength);
    assert.ok(waitingBytes > 1024 * 1024, `${waitingBytes} bytes are with the peer`);
    assert.equal(owner.parts.length, 1);
    reader.resume();
    await until(() => owner.parts.length === 2);
    assert.equal(await settled(() => owner.parts.length), 2);
    owner.onPart = () => undefined;
    reader.resume();
    await until(() => socket.bytesRead === bytes.length);
    assert.equal(sha256(Buffer.concat(owner.parts)), sha256(bytes));
  });

  it('does not come to rest where it is paused and resumed in the middle of one read', async (t) => {
    const { server, socket, reader } = await readPair(t);
    const owner = new Owner();
    owner.onPart = () => {
      reader.pause();
      reader.resume();
    };
    reader.listen(socket, owner);
    server.write('one ');
    await until(() => owner.text === 'one ');
    server.write('two');
    await until(() => owner.text === 'one two');
  });

  it('writes to no bytes that somebody keeps, and to none that were refused and copied', async (t) => {
    const first = await readPair(t);
    const second = await readPair(t);
    const [keeper, lender] = [new Owner(), new Owner()];
    keeper.fate = () => 'kept';
    lender.fate = () => 'returned';
    first.reader.listen(first.socket, keeper);
    second.reader.listen(second.socket, lender);
    for (let round = 0; round < 20; round++) {
      first.server.write(Buffer.alloc(2000, round));
      second.server.write(Buffer.alloc(2000, 0xee));
      await until(
        () => first.socket.bytesRead === (round + 1) * 2000 && second.socket.bytesRead >= (round + 1) * 2000,
      );
    }
    assert.equal(lender.lentCount, 20);
    assert.deepEqual(
      keeper.held.map((bytes) => [...new Set(bytes)]),
      Array.from({ length: 20 }, (_, round) => [round]),
    );
  });
});

describe('SocketLink, lent something', () => {
  /** Carries what it is lent on to another Link, and what it is given by way of that Link's endpoint. */
  class Passer extends TestEndpoint {
    readonly fates: Lending[] = [];
    readonly #outlet: LentOutlet | null;
    readonly #onCopy: (bytes: Uint8Array) => void;

    constructor(outlet: LentOutlet | null, onCopy: (bytes: Uint8Array) => void) {
      super();
      this.#outlet = outlet;
      this.#onCopy = onCopy;
    }

    override receive(bytes: Uint8Array): void {
      this.#onCopy(bytes);
    }

    receiveLent(bytes: Uint8Array): Lending {
      const isTaken = this.#outlet?.takesLent(bytes.length) ?? false;
      const fate = isTaken ? (this.#outlet?.carryLent(bytes) ?? 'refused') : 'refused';
      this.fates.push(fate);
      return fate;
    }
  }

  it('passes it on to the byte, to peers that read and to one that stands still for a while', async (t) => {
    const scenes = await Promise.all(
      Array.from({ length: 8 }, async (_, number) => {
        const { server, socket, reader } = await readPair(t);
        const pair = await socketPair(t);
        const client = linkOver(pair.server, null);
        const endpoint = new TestEndpoint();
        client.attach(endpoint);
        const passer = new Passer(client.lentOutlet, (bytes) => {
          endpoint.messages.push(bytes);
          client.wake();
        });
        linkOver(socket, reader).attach(passer);
        return { server, socket, client: pair.client, passer, sent: [] as Buffer[], number };
      }),
    );
    const [slow] = scenes;
    if (slow === undefined) throw new Error('no scene');
    const got = scenes.slice(1).map(({ client }) => new Collector(client));
    for (let round = 0; round < 3000; round++) {
      for (const { server, sent, number } of scenes) {
        const bytes = Buffer.alloc(number === 0 ? 12_000 : 300, round * 7 + number);
        bytes.writeUInt32BE(round);
        sent.push(bytes);
        server.write(bytes);
      }
      // WHY: what comes in long reads is not lent.
      await until(() => slow.socket.bytesRead === (round + 1) * 12_000);
    }
    await until(() => got.every(({ lengthBytes }) => lengthBytes === 3000 * 300));
    assert.ok(slow.passer.fates.includes('refused') && slow.passer.fates.includes('kept'));
    assert.ok(scenes.slice(1).every(({ passer }) => passer.fates.includes('returned')));
    const late = new Collector(slow.client);
    await until(() => late.lengthBytes === 3000 * 12_000);
    for (const [index, collector] of [late, ...got].entries())
      assert.equal(
        sha256(collector.all()),
        sha256(Buffer.concat(scenes[index]?.sent ?? [])),
        `number ${index}`,
      );
  });

  it('takes nothing while something waits, and nothing behind its end', async (t) => {
    const { server, client } = await socketPair(t);
    const link = linkOver(server, null);
    const endpoint = new TestEndpoint();
    link.attach(endpoint);
    assert.equal(link.takesLent(100), true);
    assert.equal(link.takesLent(server.writableHighWaterMark), false);
    endpoint.messages = Array.from({ length: 400 }, () => filled(60_000));
    link.wake();
    assert.equal(link.takesLent(100), false);
    const got = new Collector(client);
    await until(() => got.lengthBytes === 400 * 60_000 && server.writableLength === 0);
    assert.equal(link.takesLent(100), true);
    link.close({ code: 'done', message: 'enough' });
    assert.equal(link.takesLent(100), false);
  });

  it('refuses what is lent to an endpoint that takes copies alone', async (t) => {
    const { server, socket, reader } = await readPair(t);
    const endpoint = new TestEndpoint();
    linkOver(socket, reader).attach(endpoint);
    server.end('hello');
    await until(() => endpoint.heard.length === 1);
    assert.equal(endpoint.received.toString(), 'hello');
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
  });
});
