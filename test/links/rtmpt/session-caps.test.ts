import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuessLimit } from '../../../src/links/rtmpt/guess-limit.ts';
import { SessionCaps, type SessionPlace } from '../../../src/links/rtmpt/session-caps.ts';
import { startTunnel } from './tunnel-harness.ts';

const WIDE = { maxSessions: 100, maxSessionsPerSource: 100, maxHalfOpenSessions: 100 };
const HANDSHAKE = 'h'.repeat(3073);

function placeOf(entered: SessionPlace | string): SessionPlace {
  assert.ok(typeof entered !== 'string', String(entered));
  return entered;
}

describe('SessionCaps [tunnel point 11]', () => {
  it('gives as many places as there are, and one that was given back again', () => {
    const caps = new SessionCaps({ ...WIDE, maxSessions: 2 });
    const first = placeOf(caps.enter('192.0.2.1'));
    placeOf(caps.enter('192.0.2.2'));
    assert.equal(caps.enter('192.0.2.3'), 'tunnel-session-limit');
    first.leave();
    placeOf(caps.enter('192.0.2.3'));
  });

  it('counts by source, an IPv6 /64 for one', () => {
    const caps = new SessionCaps({ ...WIDE, maxSessionsPerSource: 1 });
    const first = placeOf(caps.enter('2001:db8::1'));
    assert.equal(caps.enter('2001:db8::2'), 'tunnel-source-limit');
    placeOf(caps.enter('192.0.2.1'));
    first.leave();
    placeOf(caps.enter('2001:db8::2'));
  });

  it('counts those that have not shaken hands', () => {
    const caps = new SessionCaps({ ...WIDE, maxHalfOpenSessions: 1 });
    const first = placeOf(caps.enter('192.0.2.1'));
    assert.equal(caps.enter('192.0.2.1'), 'tunnel-half-open-limit');
    first.shaken();
    first.shaken();
    const second = placeOf(caps.enter('192.0.2.1'));
    assert.equal(caps.enter('192.0.2.1'), 'tunnel-half-open-limit');
    second.leave();
    placeOf(caps.enter('192.0.2.1'));
  });
});

describe('the caps of a tunnel [tunnel point 11]', () => {
  it('are answered on /open, and a place is free again when a session has ended', async (t) => {
    const harness = await startTunnel(t, { maxSessions: 1 });
    const client = await harness.client();
    const id = await client.open();
    assert.match(await client.ask('/open/1'), /^HTTP\/1\.1 503 /);
    await client.ask(`/close/${id}/1`);
    await client.open();
    assert.deepEqual(
      harness.counts.filter((name) => name.endsWith('-limit')),
      ['tunnel-session-limit'],
    );
  });

  it('answer 429 where it is the source that has too many', async (t) => {
    const harness = await startTunnel(t, { maxSessionsPerSource: 1 });
    const client = await harness.client();
    await client.open();
    assert.match(await client.ask('/open/1'), /^HTTP\/1\.1 429 /);
  });

  it('let in another session when one has shaken hands', async (t) => {
    const harness = await startTunnel(t, { maxHalfOpenSessions: 1 });
    const client = await harness.client();
    const id = await client.open();
    assert.match(await client.ask('/open/1'), /^HTTP\/1\.1 503 /);
    await client.ask(`/send/${id}/0`, HANDSHAKE);
    await client.open();
  });
});

describe('a source that guesses ids', () => {
  it('is answered 404 until it has guessed too often, then 429, and 404 again when it has waited', () => {
    const limit = new GuessLimit();
    const asked = Array.from({ length: 600 }, () => limit.mayAsk('192.0.2.1', 1000));
    assert.equal(asked.filter(Boolean).length, 500);
    assert.equal(limit.mayAsk('192.0.2.2', 1000), true, 'another source is none of it');
    assert.equal(limit.mayAsk('192.0.2.1', 1050), true);
    assert.equal(limit.mayAsk('192.0.2.1', 1050), false);
  });

  it('finds none of ten thousand, and leaves a valid session behind the same address alone', async (t) => {
    const harness = await startTunnel(t);
    const valid = await harness.client();
    const id = await valid.open();
    const guesser = await harness.client();
    const statuses = new Map<string, number>();
    for (let n = 0; n < 10_000; n++) {
      const guess = n.toString(36).padStart(22, 'A');
      const [, status = ''] = (await guesser.ask(`/send/${guess}/0`, 'x')).split(' ');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (n % 100 === 0) assert.match(await valid.ask(`/send/${id}/${n}`, 'x'), /^HTTP\/1\.1 200 /);
    }
    assert.deepEqual([...statuses.keys()].sort(), ['404', '429']);
    assert.equal(statuses.get('404'), 500, 'the wheel of the test stands still');
    assert.equal(statuses.get('429'), 9500);
  });
});
