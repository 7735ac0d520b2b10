// The brake of a tunnel: what cannot be taken in, or comes too fast, waits with the client, and nothing is lost.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Link } from '../../../src/links/link.ts';
import { MAX_WAITING_REQUESTS } from '../../../src/links/rtmpt/request-intake.ts';
import { TunnelLink } from '../../../src/links/rtmpt/tunnel-link.ts';
import { HANDSHAKE, type Harness, type RawClient, replyOf, startTunnel } from './tunnel-harness.ts';

const EMPTY = replyOf('\x01');
/** More than the socket buffers of both sides take on a loopback. */
const LARGE_BODY = Buffer.alloc(15 * 1024 * 1024, 'b').toString('latin1');
const PATIENCE_MS = 300;
const CROWD = 64;
const SMALL_REQUESTS = 6000;

/** A session and its client. */
type Session = {
  readonly harness: Harness;
  readonly link: Link;
  readonly client: RawClient;
  readonly id: string;
  /** What the endpoint has received, as one. */
  readonly received: () => string;
  /** Has the endpoint ask for a pause when it receives something next. */
  readonly pauseAtNext: () => void;
};

async function startSession(...args: Parameters<typeof startTunnel>): Promise<Session> {
  const harness = await startTunnel(...args);
  const client = await harness.client();
  const id = await client.open();
  const [link] = harness.links;
  const [endpoint] = harness.endpoints;
  assert.ok(link !== undefined && endpoint !== undefined);
  const pauseAtNext = (): void => {
    endpoint.onReceive = () => {
      endpoint.onReceive = () => undefined;
      link.pause();
    };
  };
  return { harness, link, client, id, received: () => endpoint.received.join(''), pauseAtNext };
}

/** Gives the server time to do what it must not do. */
function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
}

/** The answer to come, or null where none comes for some time. */
function answerSoon(answer: Promise<string>): Promise<string | null> {
  return Promise.race([answer, patience().then(() => null)]);
}

describe('A session that can take in nothing more [tunnel point 6]', () => {
  it('answers the send that brought too much when it can take in more', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    const answer = client.ask(`/send/${id}/0`, 'first');
    await harness.until(() => received() === 'first');
    assert.equal(await answerSoon(answer), null);
    link.resume();
    assert.equal(await answer, EMPTY);
  });

  it('answers it after four seconds at the latest', async (t) => {
    const { harness, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    const answer = client.ask(`/send/${id}/0`, 'first');
    await harness.until(() => received() === 'first');
    harness.wheel.advance(3900);
    assert.equal(await answerSoon(answer), null);
    harness.wheel.advance(150);
    assert.equal(await answer, EMPTY);
  });

  it('leaves the next body unread, so that TCP holds the client back, and takes all of it afterwards', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, 'first');
    await harness.until(() => received() === 'first');
    harness.wheel.advance(4050);
    assert.equal(await client.reply(), EMPTY);
    client.post(`/send/${id}/1`, LARGE_BODY);
    await patience();
    assert.ok(
      client.socket.writableLength > 1024 * 1024,
      `${client.socket.writableLength} bytes are with the client`,
    );
    assert.equal(received(), 'first');
    link.resume();
    assert.equal(await client.reply(), EMPTY);
    assert.equal(received(), `first${LARGE_BODY}`);
  });

  it('takes what was pipelined in its order, and the close behind all of it', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, 'first ');
    await harness.until(() => received() === 'first ');
    for (const [number, body] of ['second ', 'third ', 'fourth'].entries()) {
      client.post(`/send/${id}/${number + 1}`, body);
    }
    client.post(`/close/${id}/4`);
    await patience();
    assert.equal(received(), 'first ');
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    link.resume();
    for (let count = 0; count < 4; count++) assert.equal(await client.reply(), EMPTY);
    assert.equal(await client.reply(), replyOf('\x00'));
    assert.equal(received(), 'first second third fourth');
  });

  it('stops again behind each that it can take in', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    for (const [number, body] of ['b', 'c'].entries()) client.post(`/send/${id}/${number + 1}`, body);
    await patience();
    const [endpoint] = harness.endpoints;
    assert.ok(endpoint !== undefined);
    endpoint.onReceive = () => link.pause();
    link.resume();
    await harness.until(() => received() === 'ab');
    await patience();
    assert.equal(received(), 'ab');
    link.resume();
    await harness.until(() => received() === 'abc');
    link.resume();
    for (let count = 0; count < 3; count++) assert.equal(await client.reply(), EMPTY);
  });

  it('answers idles, which bring nothing', async (t) => {
    const { harness, link, client, id } = await startSession(t);
    link.pause();
    harness.endpoints[0]?.queue('news');
    assert.equal(await client.ask(`/idle/${id}/0`), replyOf('\x01news'));
  });

  it('does not give up a number whose request is held back', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    for (const number of [0, 1, 2, 3, 4])
      assert.equal(await client.ask(`/send/${id}/${number}`, `${number}`), EMPTY);
    pauseAtNext();
    client.post(`/send/${id}/5`, '5');
    await harness.until(() => received() === '012345');
    const late = await harness.client();
    const early = await harness.client();
    early.post(`/send/${id}/7`, '7');
    late.post(`/send/${id}/6`, '6');
    await patience();
    harness.wheel.advance(4050);
    assert.equal(await client.reply(), EMPTY);
    link.resume();
    assert.equal(await late.reply(), EMPTY);
    assert.equal(await early.reply(), EMPTY);
    assert.equal(received(), '01234567');
    assert.partialDeepStrictEqual(link.diagnostics?.(), { missingRequests: 0, delayedRequests: 2 });
  });

  it('forgets what waited on a connection that is gone', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    const other = await harness.client();
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    other.post(`/send/${id}/1`, 'lost');
    await patience();
    client.post(`/send/${id}/1`, 'b');
    await patience();
    other.socket.destroy();
    await patience();
    link.resume();
    for (let count = 0; count < 2; count++) assert.equal(await client.reply(), EMPTY);
    assert.equal(received(), 'ab');
  });

  it('holds a client back that pipelines small requests on one connection, however many', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t, {
      maxRequestsPerSecond: 1_000_000,
    });
    pauseAtNext();
    const body = 'x'.repeat(4000);
    for (let number = 0; number < SMALL_REQUESTS; number++) client.post(`/send/${id}/0`, body);
    await patience();
    // What came with the first in one read is under way.
    assert.ok(received().length <= 64 * 1024, `${received().length} bytes were taken in`);
    assert.ok(
      client.socket.writableLength > 1024 * 1024,
      `${client.socket.writableLength} bytes are with the client`,
    );
    const waiting = Number(Reflect.get(link.diagnostics?.() ?? {}, 'delayedRequests'));
    assert.ok(waiting < 200, `${waiting} requests wait here`);
    link.resume();
    for (let count = 0; count < SMALL_REQUESTS; count++) assert.equal(await client.reply(), EMPTY);
    assert.equal(received().length, SMALL_REQUESTS * body.length);
    assert.deepEqual(
      harness.counts.filter((name) => name.startsWith('tunnel-request')),
      [],
    );
  });

  it('is not taken for silent meanwhile, nor is its client', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, HANDSHAKE);
    await harness.until(() => received() === HANDSHAKE);
    client.post(`/send/${id}/1`, 'b');
    await patience();
    for (let seconds = 0; seconds < 180; seconds += 10) harness.wheel.advance(10_000);
    link.resume();
    assert.equal(await client.reply(), EMPTY);
    assert.equal(await client.reply(), EMPTY);
    assert.equal(received(), `${HANDSHAKE}b`);
  });

  it('lets an idle pass a send that waits, for it brings nothing', async (t) => {
    const { harness, client, id, received, pauseAtNext } = await startSession(t);
    const other = await harness.client();
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    client.post(`/send/${id}/0`, 'b');
    await patience();
    harness.endpoints[0]?.queue('news');
    other.post(`/idle/${id}/0`);
    assert.equal(await client.reply(), replyOf('\x01news'), 'the answer that waits is released by it');
    harness.wheel.advance(500);
    assert.equal(await other.reply(), EMPTY);
    assert.equal(received(), 'a');
  });

  it('does not wait for a body that stalls before it lets the next one in', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    const [stalling, other] = [await harness.client(), await harness.client()];
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    stalling.send(`POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf`);
    await patience();
    other.post(`/send/${id}/0`, 'b');
    await patience();
    link.resume();
    assert.equal(await other.reply(), EMPTY);
    assert.equal(received(), 'ab');
    stalling.send(' and rest'.slice(0, 6));
    assert.equal(await stalling.reply(), EMPTY);
    assert.equal(received(), 'abhalf and r');
  });

  it('gives up a missing number when nothing is held back any more', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    for (const number of [0, 1, 2, 3]) await client.ask(`/send/${id}/${number}`, `${number}`);
    const early = await harness.client();
    pauseAtNext();
    client.post(`/send/${id}/4`, '4');
    await harness.until(() => received() === '01234');
    early.post(`/send/${id}/6`, '6');
    await patience();
    link.resume();
    assert.equal(await client.reply(), EMPTY);
    const answer = early.reply();
    assert.equal(await answerSoon(answer), null);
    harness.wheel.advance(3100);
    assert.equal(await answer, EMPTY);
    assert.equal(received(), '012346');
  });

  it('carries last words to a request that waits when the session is closed', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    harness.wheel.advance(4050);
    assert.equal(await client.reply(), EMPTY);
    client.post(`/send/${id}/1`, 'b');
    await patience();
    harness.endpoints[0]?.queue('goodbye');
    link.close({ code: 'drain', message: 'enough' });
    assert.equal(await client.reply(), replyOf('\x01goodbye'));
    assert.equal(await client.ask(`/idle/${id}/2`), replyOf('\x00'));
    assert.equal(received(), 'a');
  });

  it('answers what still waits at its end as for any session that is over, and as no guess', async (t) => {
    const { harness, link, client, id, received, pauseAtNext } = await startSession(t);
    pauseAtNext();
    client.post(`/send/${id}/0`, 'a');
    await harness.until(() => received() === 'a');
    client.post(`/send/${id}/1`, 'b');
    await patience();
    assert.ok(link instanceof TunnelLink);
    link.end({ code: 'drain', message: 'enough' });
    assert.equal(await client.reply(), replyOf('\x00'));
    assert.match(await client.reply(), /^HTTP\/1\.1 404 /);
    assert.equal(received(), 'a');
    assert.ok(!harness.counts.includes('tunnel-session-unknown'));
  });
});

describe('A session that asks too fast [tunnel point 11]', () => {
  const RATE = { maxRequestsPerSecond: 20 };

  it('is slowed down to its rate, and loses nothing', async (t) => {
    const { harness, link, client, id, received } = await startSession(t, RATE);
    for (let number = 0; number < 50; number++) client.post(`/send/${id}/${number}`, `${number} `);
    await harness.until(() => received().endsWith(' 19 ') || received().endsWith('19 '));
    await patience();
    assert.equal(received().split(' ').length - 1, 20);
    for (let number = 20; number < 50; number++) {
      harness.wheel.advance(50);
      await harness.until(() => received().endsWith(` ${number} `));
    }
    for (let number = 0; number < 50; number++) assert.equal(await client.reply(), EMPTY);
    assert.partialDeepStrictEqual(link.diagnostics?.(), { requests: 50, delayedRequests: 30 });
  });

  it('slows down idles as well', async (t) => {
    const { harness, client, id } = await startSession(t, { ...RATE, idleHoldMs: 0, setupHoldMs: 0 });
    for (let number = 0; number < 20; number++)
      assert.equal(await client.ask(`/idle/${id}/${number}`), EMPTY);
    const answer = client.ask(`/idle/${id}/20`);
    assert.equal(await answerSoon(answer), null);
    harness.wheel.advance(50);
    assert.equal(await answer, EMPTY);
  });

  it('ends with 429 where more of it waits than comes on one connection', async (t) => {
    const { harness, client, id } = await startSession(t, RATE);
    for (let number = 0; number < 20; number++) await client.ask(`/send/${id}/${number}`, 'x');
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => harness.client()));
    for (const each of crowd) {
      for (let count = 0; count < MAX_WAITING_REQUESTS / CROWD; count++) each.post(`/send/${id}/20`, 'y');
    }
    await patience();
    const last = await harness.client();
    assert.match(await last.ask(`/send/${id}/20`, 'z'), /^HTTP\/1\.1 429 /);
    const [first] = crowd;
    assert.ok(first !== undefined);
    assert.match(await first.reply(), /^HTTP\/1\.1 404 /);
    assert.ok(harness.endpoints[0]?.ends.some((end) => end.includes('tunnel-request-flood')));
    assert.match(await client.ask(`/send/${id}/21`, 'z'), /^HTTP\/1\.1 404 /);
  });
});
