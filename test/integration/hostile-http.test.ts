// Bad HTTP requests against a gateway that runs as a process, plain and in TLS: each is answered with its status and
// hardly a word, no request that hides behind another one is heeded, and viewers beside miss nothing.

import assert from 'node:assert/strict';
import { on } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Scope } from '../support/programs.ts';
import { openPlain, openTls, untilClosed } from './hostile-door-client.ts';
import { DoorRig, type Told } from './hostile-door-rig.ts';
import {
  EXPECTING,
  EXPECTING_MALFORMED,
  HIDDEN,
  MALFORMED,
  OVERSIZED,
  UNHEEDED,
  UPGRADES,
} from './hostile-http-rows.ts';

/** Listeners, and what is spoken on them: HTTP as it is, and HTTP in TLS. */
const KINDS = ['plain', 'tls'] as const;
type Kind = (typeof KINDS)[number];

/** Longest body of such an answer, in characters. */
const MAX_WORDS_CHARS = 120;

/** A request that is answered with 404, the last one of its connection. */
const LAST = 'GET /fcs/ident2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

// WHY: not to unknown sessions, for so many from one address are answered otherwise.
const SEND_TO_NO_PATH = 'POST /send HTTP/1.1\r\nHost: h\r\n';

const PIPELINED_COUNT = 200;

/** So many that Node, reading a TLS socket below its stream, answers some and cuts the others off. */
const FLOOD_COUNT = 5000;

/** Status of each answer, in order; asserts that hardly a word is said, and nothing of the gateway's insides. */
function statusesOf(received: Buffer): number[] {
  const text = received.toString('latin1');
  assert.doesNotMatch(text, /\bat .*(\.ts|\.js):|Error:/);
  const [first, ...answers] = text.split(/^HTTP\/1\.1 /m);
  assert.equal(first, '');
  for (const answer of answers)
    assert.ok((answer.split('\r\n\r\n')[1] ?? '').length <= MAX_WORDS_CHARS, answer);
  return answers.map((answer) => Number(answer.slice(0, 3)));
}

/** How often each status stands there. */
function countsOf(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('the gateway, asked in bad HTTP', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, { CULVERT_TUNNEL_SETUP_HOLD: '1s' });
  });
  after(() => scope.close());

  function open(kind: Kind): Promise<Socket> {
    return kind === 'plain' ? openPlain({ port: rig.portOf(kind) }) : openTls(rig.portOf(kind));
  }

  /** Sends a text, and gives the status of each answer until the gateway closed the connection. */
  async function ask(kind: Kind, text: string): Promise<number[]> {
    const { received, wasClosed } = await untilClosed(await open(kind), text);
    assert.ok(wasClosed, received.toString('latin1'));
    return statusesOf(received);
  }

  /** Opens a tunnel by this request; its connection stays. */
  async function openTunnel(kind: Kind, text: string) {
    const socket = await open(kind);
    const parts: Buffer[] = [];
    socket.write(text);
    for await (const [part] of on(socket, 'data') as AsyncIterable<[Buffer]>) {
      parts.push(part);
      const received = Buffer.concat(parts);
      const [, id] = /\r\n\r\n([\w-]{22})\n/.exec(received.toString('latin1')) ?? [];
      if (id === undefined) continue;
      for (const name of ['tunnel-opened', 'tunnel-ended']) rig.expectCount(name, 1);
      return { id, socket, received };
    }
    return assert.fail('no tunnel was opened');
  }

  async function closeTunnel(kind: Kind, id: string, sequenceNumber: number): Promise<void> {
    const headers = 'Host: h\r\nConnection: close\r\nContent-Length: 0';
    assert.deepEqual(
      await ask(kind, `POST /close/${id}/${sequenceNumber} HTTP/1.1\r\n${headers}\r\n\r\n`),
      [200],
    );
  }

  /** Asks on each kind of listener, and asserts how it is answered, and what is told and counted of it. */
  async function assertAnswers(
    text: string,
    statuses: readonly number[],
    { told = {}, counted = null }: { readonly told?: Told; readonly counted?: string | null },
  ): Promise<void> {
    for (const kind of KINDS) {
      assert.deepEqual(await ask(kind, text), statuses, kind);
      if (counted !== null) rig.expectCount(counted, 1);
      await rig.assertTold(kind, told);
    }
  }

  for (const [what, text] of MALFORMED) {
    it(`answers ${what} with 400, once, and ends the connection`, async () => {
      await assertAnswers(text, [400], { told: { 'http-malformed': 1 } });
    });
  }

  for (const [what, text] of OVERSIZED) {
    it(`answers ${what} with 431, once, and ends the connection [tunnel point 14]`, async () => {
      await assertAnswers(text, [431], { told: { 'http-head-too-large': 1 } });
    });
  }

  for (const [what, text, statusCode, counted] of UNHEEDED) {
    it(`answers ${what} with ${statusCode}, and nothing that is hidden behind it`, async () => {
      await assertAnswers(text + LAST, [statusCode, 404], { counted });
    });
  }

  for (const [what, text] of EXPECTING) {
    it(`answers an expectation that is none and ${what} with 417, and nothing behind it`, async () => {
      await assertAnswers(text, [417], {});
    });
  }

  for (const [what, text] of EXPECTING_MALFORMED) {
    it(`answers an expectation that is none and ${what} with 400, once, and ends the connection`, async () => {
      await assertAnswers(text, [400], { told: { 'http-malformed': 1 } });
    });
  }

  for (const [what, text, statusCode, counted] of UPGRADES) {
    it(`answers an upgrade ${what} with ${statusCode}, and nothing behind it`, async () => {
      await assertAnswers(text, [statusCode], { counted });
    });
  }

  it('answers a body over the cap with 413, and ends the connection', async () => {
    const text = `POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${17 * 1024 * 1024}\r\n\r\n${HIDDEN}`;
    await assertAnswers(text, [413], { counted: 'tunnel-body-too-large' });
  });

  it('heeds nothing behind a request that was to be the last', async () => {
    const text = `POST /elsewhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n${HIDDEN}`;
    for (const kind of KINDS) {
      const [status] = await ask(kind, text);
      assert.equal(status, 404);
      await rig.assertTold(kind, { 'http-malformed': 1 });
    }
  });

  for (const [what, text, statuses] of [
    ['says nothing of going on [tunnel point 2]', 'POST /open/1 HTTP/1.1\r\nHost: h\r\n', [200]],
    [
      'waits to be told to go on [tunnel point 2]',
      'POST /open/1 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n',
      [100, 200],
    ],
    [
      'would rather speak HTTP/2 [tunnel point 2]',
      'POST /open/1 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n',
      [200],
    ],
    [
      'takes it for a proxy [tunnel point 14]',
      'POST http://other.example/open/1 HTTP/1.1\r\nHost: other.example\r\n',
      [200],
    ],
    [
      'says much of itself, in 101 lines [tunnel point 14]',
      `POST /open/1 HTTP/1.1\r\nHost: h\r\n${'Accept-Language: en-US\r\n'.repeat(99)}`,
      [200],
    ],
  ] as const) {
    it(`opens a tunnel, once, to a client that ${what}`, async () => {
      for (const kind of KINDS) {
        const { id, socket, received } = await openTunnel(kind, `${text}Content-Length: 1\r\n\r\nx`);
        assert.deepEqual(statusesOf(received), statuses);
        assert.deepEqual(statusesOf((await untilClosed(socket, LAST)).received), [404]);
        await closeTunnel(kind, id, 0);
        await rig.assertTold(kind, { 'peer-closed': 1 });
      }
    });
  }

  it('bears garbage behind a poll that it holds', async () => {
    for (const kind of KINDS) {
      const { id, socket } = await openTunnel(kind, HIDDEN);
      const poll = `POST /idle/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`;
      const { received, wasClosed } = await untilClosed(socket, poll + '\0'.repeat(1000));
      assert.ok(wasClosed);
      assert.deepEqual(statusesOf(received), [400]);
      await closeTunnel(kind, id, 1);
      await rig.assertTold(kind, { 'http-malformed': 1, 'peer-closed': 1 });
    }
  });

  for (const lengthBytes of [1, 2000]) {
    it(`answers ${PIPELINED_COUNT} requests of ${lengthBytes} bytes that come at once`, async () => {
      const body = 'x'.repeat(lengthBytes);
      const request = `${SEND_TO_NO_PATH}Content-Length: ${lengthBytes}\r\n\r\n${body}`;
      for (const kind of KINDS) {
        const statuses = await ask(kind, request.repeat(PIPELINED_COUNT) + LAST);
        assert.deepEqual(statuses, Array<number>(PIPELINED_COUNT + 1).fill(404));
        rig.expectCount('tunnel-path-unknown', PIPELINED_COUNT);
        await rig.assertTold(kind, {});
      }
    });
  }

  it(`answers ${FLOOD_COUNT} requests for the start page that come at once`, async () => {
    const request = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';
    for (const kind of KINDS) {
      const { received, wasClosed } = await untilClosed(await open(kind), request.repeat(FLOOD_COUNT) + LAST);
      assert.ok(wasClosed);
      const heads = received.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g);
      const statuses = Array.from(heads, ([, status]) => Number(status));
      assert.deepEqual(countsOf(statuses), { 200: FLOOD_COUNT, 404: 1 }, kind);
      assert.equal(statuses.at(-1), 404);
      await rig.assertTold(kind, {});
    }
  });

  it('has opened no tunnel but those, and counted each by its reason', () => rig.assertCounted());
});
