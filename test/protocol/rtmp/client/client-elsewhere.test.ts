// Where else to connect, as servers say it: a redirect with the refusal of connect, a wish for a reconnect later.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray, type WireObject, type WireValue } from '../../../support/amf-wire.ts';
import { serverCommand, serverHandshake, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names, REQUEST } from './client-harness.ts';

/** The redirect that is told of a refusal with these members beside the code. */
function redirectFor(more: WireObject, wrap = (info: WireObject): WireValue => info): unknown {
  const harness = new ClientHarness();
  harness.session.connect(REQUEST);
  const info = wrap({ level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no', ...more });
  const [event] = harness.receive(serverHandshake(), serverCommand(0, '_error', 1, null, info));
  assert.ok(event?.type === 'connect-rejected');
  return event.redirectUrl;
}

describe('ClientSession, redirect', () => {
  const redirect = 'rtmp://other.example.org/live';

  it('tells where the server sends it, from an object or an ECMA array, with the code or without', () => {
    assert.equal(redirectFor({ ex: { code: 302, redirect } }), redirect);
    assert.equal(redirectFor({ ex: { redirect } }), redirect);
    assert.equal(
      redirectFor({ ex: new WireEcmaArray({ code: 302, redirect }) }, (info) => new WireEcmaArray(info)),
      redirect,
    );
  });

  it('tells of none where there is none, or something else', () => {
    for (const more of [
      {},
      { ex: null },
      { ex: redirect },
      { ex: {} },
      { ex: { code: 302 } },
      { ex: { code: 302, redirect: '' } },
      { ex: { code: 302, redirect: 7 } },
      { ex: { code: 403, redirect } },
      { ex: { code: '302', redirect } },
      { redirect },
    ]) {
      assert.equal(redirectFor(more), null, JSON.stringify(more));
    }
  });

  it('tells it of a refusal that comes as onStatus too, and ends', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const status = serverStatus(0, 'NetConnection.Connect.Rejected', 'error', {
      ex: { code: 302, redirect },
    });
    const [rejected, closed] = harness.receive(serverHandshake(), status);
    assert.ok(rejected?.type === 'connect-rejected');
    assert.equal(rejected.redirectUrl, redirect);
    assert.ok(closed?.type === 'closed');
    assert.equal(closed.reason.code, 'rtmp-connect-refused');
  });
});

describe('ClientSession, reconnect request', () => {
  for (const [tcUrl, wanted] of [
    ['rtmps://b.example.org:443/other', 'rtmps://b.example.org:443/other'],
    ['//b.example.org/other?token=1', 'rtmp://b.example.org/other?token=1'],
    ['/other/room', 'rtmp://example.org/other/room'],
    ['other', 'rtmp://example.org/other'],
    ['', 'rtmp://example.org/live'],
    ['rtmp://[bad', 'rtmp://example.org/live'],
    [7, 'rtmp://example.org/live'],
    [undefined, 'rtmp://example.org/live'],
  ] as const) {
    it(`is told with an absolute URL where the server says ${String(tcUrl) || 'an empty one'}`, () => {
      const harness = new ClientHarness().publish();
      const events = harness.receive(
        serverStatus(0, 'NetConnection.Connect.ReconnectRequest', 'status', { tcUrl }),
      );
      const [event] = events;
      assert.deepEqual(names(events), ['reconnect-requested NetConnection.Connect.ReconnectRequest']);
      assert.ok(event?.type === 'reconnect-requested');
      assert.equal(event.tcUrl, wanted);
    });
  }

  it('ends nothing: what is published goes on', () => {
    const harness = new ClientHarness().publish();
    harness.receive(serverStatus(1, 'NetConnection.Connect.ReconnectRequest'));
    assert.equal(harness.session.isPublishing, true);
    assert.equal(harness.session.sendVideo(0, new Uint8Array(1)), true);
  });

  it('is told before connect is answered too', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const events = harness.receive(
      serverHandshake(),
      serverStatus(0, 'NetConnection.Connect.ReconnectRequest'),
    );
    assert.deepEqual(names(events), ['reconnect-requested NetConnection.Connect.ReconnectRequest']);
    assert.equal(harness.session.state, 'connecting');
  });
});
