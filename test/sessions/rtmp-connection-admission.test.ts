import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Verdict } from '../../src/auth/admission.ts';
import { ACCEPTED, GuardedRig, later } from './guarded-rig.ts';
import type { SessionRig, TestPeer } from './session-rig.ts';

const REJECT: Verdict = {
  type: 'reject',
  code: 'NetConnection.Connect.Rejected',
  description: 'code=403 need auth; authmod=adobe',
  reason: 'The application wants a login.',
  isStep: false,
};
const REJECTED =
  '0 _error 5 null {level: "error", code: "NetConnection.Connect.Rejected", description: "code=403 need auth; authmod=adobe"}';

function reasonOf(rig: SessionRig): unknown[] {
  return rig.lines('session ended').map(({ level, fields }) => [level, fields['reason'], fields['app']]);
}

describe('RtmpConnection, admission to an application', () => {
  it('asks nobody for an application without an admission', () => {
    const rig = new GuardedRig(() => REJECT);
    assert.deepEqual(rig.connecting('live').heard().slice(0, 3), ACCEPTED);
    assert.deepEqual(rig.asked, []);
  });

  it('asks the one of the application, without the query, and tells it what it needs', () => {
    const rig = new GuardedRig(() => ({ type: 'accept' }));
    const properties = { tcUrl: 'rtmp://host/members/room?x=1', flashVer: 'FMLE/3.0' };
    const peer = rig.connecting('members/room?authmod=adobe&user=x', properties);
    assert.equal(rig.asked.length, 1);
    const { signal, ...client } = rig.asked[0] ?? {};
    assert.deepEqual(client, {
      app: 'members',
      instance: 'room',
      query: 'authmod=adobe&user=x',
      tcUrl: 'rtmp://host/members/room?x=1',
      flashVersion: 'FMLE/3.0',
      remoteAddress: '192.0.2.7',
    });
    assert.equal(signal?.aborted, false);
    assert.deepEqual(peer.heard().slice(0, 3), ACCEPTED);
    assert.equal(rig.lines('session connected')[0]?.fields['app'], 'members/room');
  });

  it('rejects with the right transaction, leaves the client the time to read it, and closes [item 60]', () => {
    const rig = new GuardedRig(() => REJECT);
    const peer = rig.connecting();
    assert.deepEqual(peer.heard(), [REJECTED]);
    peer.send(peer.say.call('createStream', 2), peer.say.connect('live'));
    rig.clock.advance(900);
    assert.equal(peer.link.isClosed, false);
    rig.clock.advance(200);
    assert.deepEqual(peer.link.ends, ['closed rtmp-connect-refused']);
    assert.deepEqual(peer.heard(), []);
    assert.deepEqual(reasonOf(rig), [['info', 'rtmp-connect-refused', 'members']]);
    assert.deepEqual(rig.lines('session connected'), []);
  });

  it('says in the log why a client came to nothing that hung up itself, at debug level for a step on the way', () => {
    const rig = new GuardedRig(() => ({ ...REJECT, isStep: true }));
    rig.connecting().link.drop();
    assert.deepEqual(reasonOf(rig), [['debug', 'rtmp-connect-refused', 'members']]);
    assert.equal(rig.lines('session ended')[0]?.fields['detail'], REJECT.reason);
    rig.clock.advance(2000);
    assert.equal(rig.ended.length, 1);
  });

  it('says nothing before the verdict, and reads nothing behind the connect until then', async () => {
    const verdict = later();
    const rig = new GuardedRig(() => verdict.promise);
    const peer = rig.connecting();
    peer.send(peer.say.call('createStream', 2));
    assert.deepEqual(peer.heard(), []);
    await verdict.settle({ type: 'accept' });
    const heard = peer.heard();
    assert.deepEqual(heard.slice(0, 3), ACCEPTED);
    assert.match(heard[3] ?? '', /^0 _result 5 .*NetConnection\.Connect\.Success/);
    assert.deepEqual(heard.slice(4), ['0 _result 2 null 1']);
    assert.equal(rig.lines('session connected').length, 1);
  });

  it('rejects by a verdict that comes later [item 60]', async () => {
    const verdict = later();
    const rig = new GuardedRig(() => verdict.promise);
    const peer = rig.connecting();
    await verdict.settle(REJECT);
    assert.deepEqual(peer.heard(), [REJECTED]);
    rig.clock.advance(1100);
    assert.deepEqual(peer.link.ends, ['closed rtmp-connect-refused']);
  });

  for (const [name, end] of [
    ['the client is gone', (peer: TestPeer) => peer.link.drop()],
    ['the server drains', (peer: TestPeer) => peer.connection.drain()],
    ['too much is sent meanwhile', (peer: TestPeer) => peer.send(new Uint8Array(1024 * 1024 + 1))],
  ] as const) {
    for (const settled of [{ type: 'accept' }, REJECT] as const) {
      it(`makes nothing of a verdict to ${settled.type} where ${name} before it`, async () => {
        const verdict = later();
        const rig = new GuardedRig(() => verdict.promise);
        const peer = rig.connecting();
        end(peer);
        assert.equal(peer.link.isClosed, true);
        assert.equal(rig.asked[0]?.signal.aborted, true);
        await verdict.settle(settled);
        rig.clock.advance(2000);
        assert.deepEqual([peer.heard(), peer.link.internalErrors, rig.ended.length], [[], [], 1]);
        assert.deepEqual(rig.lines('session connected'), []);
      });
    }
  }

  it('gives a client up whose verdict does not come in the time to connect', () => {
    const rig = new GuardedRig(() => new Promise<Verdict>(() => undefined));
    const peer = rig.connecting();
    rig.clock.advance(61_000);
    assert.deepEqual(peer.link.ends.at(-1), 'closed rtmp-connect-timeout');
    assert.equal(rig.asked[0]?.signal.aborted, true);
  });

  for (const [name, decide] of [
    [
      'throws',
      () => {
        throw new Error('the admission is broken');
      },
    ],
    ['answers a promise that is rejected', () => Promise.reject(new Error('the admission is broken'))],
  ] as const) {
    it(`closes the connection as by an error of its own where the admission ${name}`, async () => {
      const rig = new GuardedRig(decide);
      const peer = rig.connecting();
      await new Promise((done) => setImmediate(done));
      assert.match(String(peer.link.internalErrors), /the admission is broken/);
      assert.equal(peer.link.ends.at(-1), 'closed internal-error');
      assert.deepEqual(peer.heard(), []);
      assert.equal(rig.ended.length, 1);
    });
  }

  it('makes nothing of an admission that fails when the client is gone already, as one does that was aborted', async () => {
    const verdict = later();
    const rig = new GuardedRig(() => verdict.promise);
    const peer = rig.connecting();
    peer.link.drop();
    await verdict.fail();
    assert.deepEqual(peer.link.internalErrors, []);
    assert.deepEqual(peer.link.ends, ['closed peer-closed']);
    assert.equal(rig.ended.length, 1);
  });

  it('leaves the admission alone behind its verdict', async () => {
    const verdict = later();
    const rig = new GuardedRig(() => verdict.promise);
    const peer = rig.connecting();
    await verdict.settle({ type: 'accept' });
    peer.link.drop();
    assert.equal(rig.asked[0]?.signal.aborted, false);
  });
});
