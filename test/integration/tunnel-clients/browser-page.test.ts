// A page that speaks RTMPT by XMLHttpRequest, emulated: against a gateway, and against replies that its browser would
// keep from it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BrowserPageClient, type PageHabits } from '../../support/clients/browser-page-client.ts';
import { FlashPlayerClient } from '../../support/clients/flash-player-client.ts';
import { assertSameMedia, numberedMedia } from '../../support/clients/numbered-media.ts';
import { type Address, RawConnection, readReply, requestBytes } from '../../support/clients/raw-http.ts';
import {
  type AnswerChange,
  PROPER_HEADER_LINES,
  properReply,
  replyWith,
  startScriptedTunnel,
} from '../../support/clients/scripted-tunnel.ts';
import { type Cleaner, Scope } from '../../support/programs.ts';
import { startAlteredGateway } from './altered-gateway.ts';
import {
  APP,
  breaks,
  carriesBetween,
  mediaOfEvents,
  newStreamName,
  playsEverything,
  publishesEverything,
  startScene,
  watch,
} from './scene.ts';

const NOTHING = Buffer.alloc(0);
const FORM = 'application/x-www-form-urlencoded';
const ORIGIN = 'http://page.example';

/** Whether it asks for leave, by its content type. */
const TYPES: readonly (readonly [contentType: string, asksLeave: boolean])[] = [
  [FORM, false],
  ['text/plain;charset=UTF-8', false],
  ['multipart/form-data', false],
  ['application/x-fcs', true],
  ['application/octet-stream', true],
  ['not a type', true],
];

describe('a page through the tunnel', () => {
  const scope = new Scope();
  let gateway: Address;

  before(async () => {
    gateway = (await startScene(scope, { tunnel: { idleHoldMs: 50, setupHoldMs: 20 } })).address;
  });
  after(() => scope.close());

  for (const [contentType, asksLeave] of TYPES) {
    const how = asksLeave ? 'with leave for each path' : 'without asking for leave';
    it(`plays and publishes under ${contentType}, ${how} [RTMPT-NOTE 3] [tunnel point 3]`, async (t) => {
      const front = await startAlteredGateway(t, gateway);
      await playsEverything(t, new BrowserPageClient(t, front, { contentType }), gateway.port);
      await publishesEverything(t, new BrowserPageClient(t, front, { contentType }), gateway.port);
      const [asked, posted] = [/^OPTIONS /, /^POST /].map((verb) =>
        front.requests.filter(({ requestLine }) => verb.test(requestLine)).map(({ path }) => path),
      );
      assert.deepEqual(asked, asksLeave ? posted : []);
    });
  }

  it('reads replies as text, one character a byte [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    await playsEverything(t, new BrowserPageClient(t, gateway, { responseType: 'text' }), gateway.port);
  });

  it('is played by Flash, and plays what Flash publishes', async (t) => {
    await carriesBetween(new BrowserPageClient(t, gateway), new FlashPlayerClient(t, gateway));
    await carriesBetween(new FlashPlayerClient(t, gateway), new BrowserPageClient(t, gateway));
  });

  it('sends the head of a browser, its Origin among it [tunnel point 3]', async (t) => {
    const front = await startAlteredGateway(t, gateway);
    const client = new BrowserPageClient(t, front, { contentType: 'application/x-fcs' });
    await client.play(APP, newStreamName());
    await client.close();
    const [leave, open] = front.requests;
    assert.equal(leave?.requestLine, 'OPTIONS /open/1 HTTP/1.1');
    assert.deepEqual(leave?.headerLines.slice(2, 5), [
      'Accept: */*',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: content-type',
    ]);
    assert.deepEqual(open?.headerLines.slice(0, 4), [
      `Host: 127.0.0.1:${front.port}`,
      'Connection: keep-alive',
      'Content-Length: 1',
      'Content-Type: application/x-fcs',
    ]);
    for (const request of [leave, open]) assert.ok(request?.headerLines.includes(`Origin: ${ORIGIN}`));
    assert.equal(new Set(front.requests.map(({ connectionNumber }) => connectionNumber)).size, 1);
  });

  it('is told the status of a session that is over, and not of a network error [RTMPT-NOTE 10] [tunnel point 3]', async (t) => {
    const front = await startAlteredGateway(t, gateway);
    const client = new BrowserPageClient(t, front);
    await client.play(APP, newStreamName());
    const sessionId = front.requests.at(-1)?.path.split('/')[2];
    const killer = await RawConnection.open(t, gateway);
    killer.write(requestBytes(`POST /close/${sessionId} HTTP/1.1`, ['Host: x', 'Content-Length: 0']));
    assert.equal((await readReply(killer)).statusCode, 200);
    const failure = await client.received.waitForFailure();
    assert.match(failure.message, /^came (polling byte 0: the session is over|status 404 to idle)/);
    // The reply that said so, and what is asked behind it, have leave too.
    const gone = await startAlteredGateway(t, gateway, undefined, () => '/idle/gone/1');
    const late = new BrowserPageClient(t, gone);
    await breaks(late.play(APP, 's'), /^Error: came status 404 to \/open/);
  });

  it('sends a request again whose connection ended before the reply, and is heard once [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const streamName = newStreamName();
    let sends = 0;
    const front = await startAlteredGateway(t, gateway, (_request, { verb }) => {
      // Each third send is handled, and its reply lost.
      return verb === 'send' && sends++ % 3 === 2 && sends > 4 ? 'hang-up' : null;
    });
    const client = new BrowserPageClient(t, front);
    await client.publish(APP, streamName);
    const watcher = await watch(t, gateway.port, streamName);
    const sent = numberedMedia(12);
    for (const [index, message] of sent.entries()) {
      await client.sendMedia(message);
      await watcher.waitUntil(() => mediaOfEvents(watcher.events).length > index);
    }
    await client.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    assertSameMedia(mediaOfEvents(watcher.events), sent);
    const paths = front.requests.map(({ path }) => path);
    assert.ok(new Set(paths).size < paths.length, 'no request was sent again');
  });

  it('plays on where replies are lost: a request that comes again gets the very reply of the first time [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    let replies = 0;
    const front = await startAlteredGateway(t, gateway, (_request, { verb, body }) => {
      // Each third reply that carries something of the stream is lost.
      return verb === 'idle' && body.length > 60 && replies++ % 3 === 2 ? 'hang-up' : null;
    });
    const streamName = newStreamName();
    const publisher = new FlashPlayerClient(t, gateway);
    await publisher.publish(APP, streamName);
    const client = new BrowserPageClient(t, front);
    await client.play(APP, streamName);
    const sent = numberedMedia(12);
    for (const [index, message] of sent.entries()) {
      await publisher.sendMedia(message);
      await client.received.waitForMedia(index + 1, 2000);
    }
    assertSameMedia(client.received.media, sent);
    assert.ok(replies > 3, 'no reply was lost');
    await Promise.all([publisher.close(), client.close()]);
  });
});

/** Begins to play from a server that gives leave, but for what it answers otherwise. */
async function play(cleaner: Cleaner, change: AnswerChange, habits: Partial<PageHabits> = {}): Promise<void> {
  const leave = ['Access-Control-Allow-Origin: *', 'Access-Control-Allow-Headers: *'];
  const server = await startScriptedTunnel(cleaner, (request, proper) => {
    const changed = change(request, proper);
    if (changed !== null) return changed;
    if (request.requestLine.startsWith('OPTIONS'))
      return replyWith('HTTP/1.1 204 No Content', leave, NOTHING);
    return replyWith('HTTP/1.1 200 OK', [...PROPER_HEADER_LINES, ...leave.slice(0, 1)], proper.body);
  });
  const client = new BrowserPageClient(cleaner, server, habits);
  await client.play(APP, 's');
  await client.close();
}

/** Answers the preflights. */
function answerLeave(statusLine: string, headerLines: readonly string[]): AnswerChange {
  return ({ requestLine }) => {
    return requestLine.startsWith('OPTIONS') ? replyWith(statusLine, headerLines, NOTHING) : null;
  };
}

describe('a page, as its browser is strict', () => {
  const binary = { contentType: 'application/x-fcs' };

  it('learns nothing of a reply without leave for its origin, or with leave for another one [tunnel point 3]', async (t) => {
    const without: AnswerChange = (_request, { body }) => properReply(body);
    await breaks(play(t, without), /network error: came 200 to open with Access-Control-Allow-Origin null/);
    const forOther: AnswerChange = (_request, { body }) =>
      replyWith('HTTP/1.1 200 OK', ['Access-Control-Allow-Origin: http://other.example'], body);
    await breaks(play(t, forOther), /network error.*needed \* or http:\/\/page\.example/);
    const forIt: AnswerChange = (_request, { body }) =>
      replyWith('HTTP/1.1 200 OK', [`Access-Control-Allow-Origin: ${ORIGIN}`], body);
    await play(t, forIt);
  });

  it('learns no status of an error without leave [tunnel point 3]', async (t) => {
    const failed: AnswerChange = (_request, { verb }) => {
      return verb === 'send' ? replyWith('HTTP/1.1 404 Not Found', [], NOTHING) : null;
    };
    await breaks(play(t, failed), /network error: came 404 to send/);
  });

  it('needs a preflight that succeeds and gives leave for the content type [tunnel point 3]', async (t) => {
    const origin = 'Access-Control-Allow-Origin: *';
    await play(t, () => null, binary);
    const refused = answerLeave('HTTP/1.1 405 Method Not Allowed', [origin]);
    await breaks(play(t, refused, binary), /came 405 to the preflight/);
    await breaks(play(t, answerLeave('HTTP/1.1 200 OK', [origin]), binary), /no leave for content-type/);
    await breaks(play(t, answerLeave('HTTP/1.1 200 OK', []), binary), /Access-Control-Allow-Origin null/);
    const other = answerLeave('HTTP/1.1 200 OK', [origin, 'Access-Control-Allow-Headers: x-other']);
    await breaks(play(t, other, binary), /no leave for content-type/);
    await play(
      t,
      answerLeave('HTTP/1.1 200 OK', [origin, 'Access-Control-Allow-Headers: X-Other, Content-Type']),
      binary,
    );
    await play(t, refused, { contentType: FORM });
  });

  it('gives up at a polling byte of 0, and at a byte order mark in its text [RTMPT-NOTE 7] [tunnel point 7]', async (t) => {
    const body =
      (bytes: string): AnswerChange =>
      (_request, { verb }) => {
        if (verb !== 'send') return null;
        return replyWith('HTTP/1.1 200 OK', ['Access-Control-Allow-Origin: *'], Buffer.from(bytes, 'hex'));
      };
    await breaks(play(t, body('00')), /polling byte 0/);
    await breaks(play(t, body('feff03'), { responseType: 'text' }), /byte order mark/);
  });

  it('sends a request again only on a connection that has carried one, and only once', async (t) => {
    let opens = 0;
    const first: AnswerChange = (_request, { verb }) => {
      if (verb === 'open') opens++;
      return verb === 'open' ? 'hang-up' : null;
    };
    await breaks(play(t, first), /the connection ended/);
    assert.equal(opens, 1);
    let sends = 0;
    const later: AnswerChange = (_request, { verb }) => {
      if (verb === 'send') sends++;
      return verb === 'send' ? 'hang-up' : null;
    };
    await breaks(play(t, later), /the connection ended/);
    assert.equal(sends, 2);
  });
});
