import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSessionCounters } from '../../src/protocol/rtmp/server/session-counters.ts';
import { SessionLog } from '../../src/sessions/session-log.ts';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { MEMORY_FACTS } from '../support/memory-link.ts';
import { SessionRig, sendKey } from './session-rig.ts';

const HEX_ID = /^[0-9a-f]{12}$/;

describe('SessionLog', () => {
  it('writes one line at connect and one at the end, with all that an operator asks for', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    rig.clock.advance(4321);
    publisher.link.drop();
    const lines = rig.log.filter(({ level }) => level === 'info');
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['session connected', 'session ended'],
    );
    const [connected, ended] = lines;
    assert.ok(connected !== undefined && ended !== undefined);
    const { session, ...facts } = connected.fields;
    assert.match(String(session), HEX_ID);
    assert.deepEqual(facts, {
      transport: 'rtmp',
      remoteAddress: '192.0.2.7',
      remotePort: 50_000,
      localPort: 1935,
      app: 'live',
      client: '',
    });
    const { bytesIn, bytesOut, ...rest } = ended.fields;
    assert.deepEqual(rest, {
      session,
      ...facts,
      role: 'publisher',
      stream: 's',
      skips: 0,
      skippedBytes: 0,
      waitingBytes: 0,
      durationMs: 4321,
      reason: 'peer-closed',
      detail: 'The peer closed the connection.',
    });
    const sentBytes = clientHandshake().length;
    assert.ok(typeof bytesIn === 'number' && bytesIn > sentBytes && bytesIn < sentBytes + 500, `${bytesIn}`);
    assert.ok(typeof bytesOut === 'number' && bytesOut > 3073 && bytesOut < 4500, `${bytesOut}`);
  });

  it('counts exactly the bytes that came and went', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const { say } = peer;
    const bytes = Buffer.concat([clientHandshake(), say.connect('live'), say.call('createStream', 2)]);
    peer.send(bytes);
    const wentBytes = peer.link.pulls.flat().reduce((sum, { length }) => sum + length, 0);
    peer.link.drop();
    const { fields } = rig.lines('session ended')[0] ?? {};
    assert.deepEqual([fields?.['bytesIn'], fields?.['bytesOut']], [bytes.length, wentBytes]);
  });

  it('says how often a player fell behind, whether it plays still or not', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 0);
    const players = [rig.player('s'), rig.player('s')];
    for (const { link } of players) link.isHeld = true;
    for (let n = 1; n <= 200; n++) sendKey(publisher, n * 40, n);
    for (const { link } of players) link.pull();
    const [first, second] = players;
    assert.ok(first !== undefined && second !== undefined);
    first.send(first.say.call('deleteStream', 0, 1));
    for (const { link } of players) link.drop();
    assert.deepEqual(
      rig.lines('session ended').map(({ fields }) => [fields['role'], fields['skips']]),
      [
        ['player', 1],
        ['player', 1],
      ],
    );
  });

  it('never writes queries or keys, wherever the client put them', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const { say } = peer;
    const tcUrl = 'rtmp://h/live?key=hush';
    peer.send(clientHandshake(), say.connect('live?key=hush', { tcUrl, flashVer: 'FMLE/3.0' }));
    peer.send(say.call('releaseStream', 2, 's?key=hush'), say.call('createStream', 3));
    peer.send(say.onStream(1, 'publish', 's?key=hush', 'live'), say.video(1, 0, PAYLOAD.key(1)));
    const second = rig.connected('live?key=hush');
    second.send(second.say.call('createStream', 2), second.say.onStream(1, 'publish', 's?key=hush'));
    const player = rig.connected();
    player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's?key=hush'));
    rig.clock.advance(2000);
    peer.send(say.connect('live?key=hush'));
    player.link.drop();
    assert.equal(rig.lines('session ended').length, 3);
    assert.doesNotMatch(JSON.stringify(rig.log), /hush/);
  });

  it('writes a session that never connected at debug level alone', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(Uint8Array.of(3));
    rig.clock.advance(11_000);
    assert.deepEqual(
      rig.log.map(({ level, message, fields }) => `${level} ${message} ${String(fields['reason'])}`),
      ['debug session ended rtmp-handshake-timeout'],
    );
  });

  it('writes what a client gets wrong at info level, and an error of ours as one', () => {
    const rig = new SessionRig();
    const wrong = rig.connected();
    wrong.send(wrong.say.setChunkSize(0));
    const ours = rig.connected();
    ours.link.fail({ code: 'internal-error', message: 'The server met an error of its own.' });
    assert.deepEqual(
      rig.lines('session ended').map(({ level, fields }) => `${level} ${String(fields['reason'])}`),
      ['info rtmp-chunk-size-invalid', 'error internal-error'],
    );
  });

  it('writes a client at info level whose application name is none, as every one that is turned away for good', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(clientHandshake(), peer.say.connect('..'));
    assert.deepEqual(
      rig.log.map(({ level, message, fields }) => `${level} ${message} ${String(fields['reason'])}`),
      ['info session ended rtmp-connect-invalid'],
    );
  });

  it('escapes what is not seen, what turns text around, and halves of characters', () => {
    const streams: unknown[] = [];
    const write = (fields: object): void => {
      streams.push('stream' in fields && fields.stream);
    };
    const log = new SessionLog({ debug: write, info: write, warn: write, error: write }, MEMORY_FACTS, 0);
    const names = ['\u202egnp.exe', 'a\u200bb\ufeffc\u00add', 'tag\u{e0041}', 'half\ud83d', '\u{1f600}é'];
    for (const name of names) log.published(name);
    assert.deepEqual(streams, [
      String.raw`\u202egnp.exe`,
      String.raw`a\u200bb\ufeffc\u00add`,
      String.raw`tag\udb40\udc41`,
      String.raw`half\ud83d`,
      '\u{1f600}é',
    ]);
  });

  it('says at the end what a tunnel knows of itself, and has no field for it elsewhere', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    const ended: object[] = [];
    const write = (fields: object): number => ended.push(fields);
    const log = new SessionLog({ debug: write, info: write, warn: write, error: write }, MEMORY_FACTS, 0);
    log.end({ code: 'peer-closed', message: '' }, 10, createSessionCounters(), { meanHoldMs: 12.5 });
    assert.partialDeepStrictEqual(ended, [{ skips: 0, tunnel: { meanHoldMs: 12.5 } }]);
    peer.link.drop();
    assert.ok(!('tunnel' in (rig.lines('session ended')[0]?.fields ?? {})));
  });

  it('cuts what a client says of itself', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(clientHandshake(), peer.say.connect('live', { flashVer: 'v'.repeat(1000) }));
    assert.equal(rig.log[0]?.fields['client'], 'v'.repeat(128));
  });

  it('leaves counters out that stand at 0', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    peer.send(peer.say.message(99, Uint8Array.of(1)));
    peer.link.drop();
    const { fields = {} } = rig.lines('session ended')[0] ?? {};
    assert.equal(fields['unknownMessages'], 1);
    assert.equal('strayMedia' in fields, false);
  });
});
