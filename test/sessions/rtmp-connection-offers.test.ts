// Connections whose Links carry at any time what is offered: plain players in step are offered what comes, and one of
// RTMPE takes all of it, for it has to be encrypted on its way.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineOf } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { RtmpeClient } from '../support/rtmpe-client.ts';
import { SERVER_HANDSHAKE_BYTES, ServerReplyReader } from '../support/server-reply-reader.ts';
import { SessionRig, sendInter, sendKey, type TestPeer } from './session-rig.ts';

/** Sends frame number `number`, a keyframe for 0, and lets the stream wake those who watch. */
function publish(rig: SessionRig, publisher: TestPeer, number: number, lengthBytes?: number): void {
  const send = number === 0 ? sendKey : sendInter;
  send(publisher, number * 40, number, lengthBytes);
  rig.scheduler.run();
}

/** A line for each of the frames from `first` to `last` that {@link publish} sends, perhaps on another NetStream. */
function frameLines(first: number, last: number, on = ''): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const number = first + index;
    return `${number === 0 ? 'key' : 'inter'} ${number} @${number * 40}${on}`;
  });
}

/** A player of `s` whose Link takes offers. */
function openPlayer(rig: SessionRig): TestPeer {
  const player = rig.player('s');
  player.link.takesOffers = true;
  return player;
}

describe('RtmpConnection, on a Link that takes offers', () => {
  it('offers a plain player in step what comes, the very ranges of the log, and does not wake its Link', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    const players = [openPlayer(rig), openPlayer(rig)];
    publish(rig, publisher, 0);
    for (const player of players) assert.deepEqual(player.heard(), frameLines(0, 0), 'who begins takes');
    const wakes = players.map(({ link }) => link.wakes);
    for (let number = 1; number <= 10; number++) publish(rig, publisher, number);
    assert.deepEqual(
      players.map(({ link }) => link.wakes),
      wakes,
    );
    assert.deepEqual(
      players.map(({ link }) => link.offers.length),
      [10, 10],
    );
    assert.ok(players[0]?.link.offers.every((offer, index) => offer === players[1]?.link.offers[index]));
    for (const player of players) assert.deepEqual(player.heard(), frameLines(1, 10));
  });

  it('offers a player of RTMPE nothing: it takes all, encrypted [item 5]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    const peer = rig.peer();
    peer.link.takesOffers = true;
    const { say, link } = peer;
    const client = new RtmpeClient();
    peer.send(client.c0c1);
    peer.send(client.answer(link.readPulled()));
    const wishes = [say.connect('live'), say.call('createStream', 2), say.onStream(1, 'play', 's')];
    peer.send(client.encrypt(Buffer.concat(wishes)));
    const reader = new ServerReplyReader();
    reader.read(client.decrypt(link.readPulled()));
    for (let number = 0; number <= 10; number++) {
      publish(rig, publisher, number);
      const bytes = client.decrypt(link.readPulled());
      assert.deepEqual(reader.read(bytes).map(lineOf), frameLines(number, number));
    }
    assert.deepEqual(link.offers, []);
    assert.deepEqual(link.internalErrors, []);
  });

  it('sends whole messages of both where two NetStreams of one connection play', () => {
    const rig = new SessionRig();
    const publishers = [rig.publisher('s'), rig.publisher('other')];
    const player = openPlayer(rig);
    const { say, link } = player;
    player.send(say.call('createStream', 3), say.onStream(2, 'play', 'other'));
    player.heard();
    for (let number = 0; number <= 12; number++) {
      // In between the Link takes nothing, and what waits is pulled at the next wake, that of either.
      link.takesOffers = link.isHeld = false;
      if (number % 4 === 3) link.isHeld = true;
      else link.takesOffers = true;
      for (const publisher of publishers) sendFrame(publisher, number);
      rig.scheduler.run();
    }
    const heard = player.heard();
    for (const on of ['', ' on 2']) {
      const lines = heard.filter((line) => line.endsWith(' on 2') === (on !== ''));
      assert.deepEqual(lines, frameLines(0, 12, on));
    }
    assert.ok(link.offers.length > 0);
    assert.deepEqual(link.internalErrors, []);
  });

  it('puts what was offered into the bytes out of its last line, of NetStreams that have ended too', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    const player = rig.peer();
    player.link.takesOffers = true;
    const { say, link } = player;
    player.send(clientHandshake(), say.connect('live'));
    player.send(say.call('createStream', 2), say.onStream(1, 'play', 's'));
    for (let number = 0; number <= 5; number++) publish(rig, publisher, number, 30_000);
    player.send(say.call('deleteStream', 0, 1));
    player.send(say.call('createStream', 3), say.onStream(1, 'play', 's'), say.onStream(2, 'play', 's'));
    for (let number = 6; number <= 9; number++) publish(rig, publisher, number, 30_000);
    const offeredBytes = Buffer.concat(link.offers.flat()).length;
    assert.ok(offeredBytes > 9 * 30_000, `${offeredBytes}`);
    const wentBytes = link.readPulled().length;
    assert.ok(wentBytes > SERVER_HANDSHAKE_BYTES + offeredBytes);
    link.drop();
    const [line] = rig.lines('session ended');
    assert.equal(line?.fields['bytesOut'], wentBytes);
  });
});

function sendFrame(publisher: TestPeer, number: number): void {
  const send = number === 0 ? sendKey : sendInter;
  send(publisher, number * 40, number);
}
