import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseUpstreamUrl } from '../../src/config/upstream-url.ts';
import { AmfObject } from '../../src/protocol/amf/amf-value.ts';
import { parseAppPath } from '../../src/protocol/rtmp/server/stream-name.ts';
import { type ChangingUpstream, connectChanges } from '../../src/upstreams/connect-changes.ts';

const CONNECT = said('live', 'rtmp://gateway.example/live');
const CLIENT = { remoteAddress: '192.0.2.7' };

/** A connect as it is read that says these. */
function said(app: string, tcUrl: string) {
  return { ...parseAppPath(app, tcUrl), properties: AmfObject.of({ app, tcUrl }) };
}

function upstream(url: string, more: Partial<ChangingUpstream> = {}): ChangingUpstream {
  return { url: parseUpstreamUrl(url), addressProperty: '', addressParameter: '', ...more };
}

describe('connectChanges', () => {
  it('changes nothing where nothing is set', () => {
    assert.deepEqual(connectChanges(CONNECT, 'live', upstream('rtmp://10.0.0.5'), CLIENT), {});
    const withInstance = said('live/room', 'rtmp://gateway.example/live/room');
    assert.deepEqual(connectChanges(withInstance, 'live/room', upstream('rtmp://10.0.0.5'), CLIENT), {});
  });

  it('moves app and tcUrl to another application', () => {
    assert.deepEqual(connectChanges(CONNECT, 'other', upstream('rtmp://10.0.0.5'), CLIENT), {
      app: 'other',
      tcUrl: 'rtmp://10.0.0.5:1935/other',
    });
    assert.deepEqual(connectChanges(CONNECT, 'other', upstream('rtmp://[2001:db8::5]:1936'), CLIENT), {
      app: 'other',
      tcUrl: 'rtmp://[2001:db8::5]:1936/other',
    });
  });

  it('takes the query of the client and that of the upstream along', () => {
    const asked = said('live', 'rtmp://gateway.example/live?token=1');
    assert.deepEqual(connectChanges(asked, 'live', upstream('rtmp://10.0.0.5/live?key=2'), CLIENT), {
      app: 'live?token=1&key=2',
      tcUrl: 'rtmp://10.0.0.5:1935/live?token=1&key=2',
    });
    assert.deepEqual(connectChanges(asked, 'other', upstream('rtmp://10.0.0.5'), CLIENT), {
      app: 'other?token=1',
      tcUrl: 'rtmp://10.0.0.5:1935/other?token=1',
    });
  });

  it("says the client's address in a property", () => {
    const changes = connectChanges(
      CONNECT,
      'live',
      upstream('rtmp://10.0.0.5', { addressProperty: 'realIp' }),
      CLIENT,
    );
    assert.deepEqual(changes, { properties: { realIp: '192.0.2.7' } });
  });

  it("says the client's address in a parameter of tcUrl, in place of one that the client forged", () => {
    const address = { remoteAddress: '2001:db8::7' };
    const by = upstream('rtmp://10.0.0.5', { addressParameter: 'ip' });
    assert.deepEqual(connectChanges(CONNECT, 'live', by, address), {
      tcUrl: 'rtmp://gateway.example/live?ip=2001%3Adb8%3A%3A7',
    });
    const forged = said('live', 'rtmp://gateway.example/live?ip=9.9.9.9&a=1&%69p=8.8.8.8');
    assert.deepEqual(connectChanges(forged, 'live', by, CLIENT), {
      tcUrl: 'rtmp://gateway.example/live?a=1&ip=192.0.2.7',
    });
  });

  it("leaves no address that the client forged in the application's query, moved or not", () => {
    const by = upstream('rtmp://10.0.0.5', { addressParameter: 'ip' });
    const forged = said('live?ip=9.9.9.9&a=1', 'rtmp://gateway.example/live');
    assert.deepEqual(connectChanges(forged, 'live', by, CLIENT), {
      app: 'live?a=1',
      tcUrl: 'rtmp://gateway.example/live?ip=192.0.2.7',
    });
    assert.deepEqual(connectChanges(forged, 'other', by, CLIENT), {
      app: 'other?a=1',
      tcUrl: 'rtmp://10.0.0.5:1935/other?a=1&ip=192.0.2.7',
    });
    const alone = said('/live/?ip=9.9.9.9', 'rtmp://gateway.example/live');
    assert.equal(connectChanges(alone, 'live', by, CLIENT).app, '/live/');
  });

  it('says the address where every URL parser finds it, and finds no other one', () => {
    const by = upstream('rtmp://10.0.0.5', { addressParameter: 'ip' });
    const behind = [
      '#',
      '#?ip=9.9.9.9',
      '?a#b',
      '?#&ip=9.9.9.9',
      '?a=1;ip=9.9.9.9',
      '?i\tp=9.9.9.9',
      '?a?ip=9.9.9.9',
    ];
    for (const text of behind) {
      const connect = said('live', `rtmp://gateway.example/live${text}`);
      const { tcUrl = '' } = connectChanges(connect, 'live', by, CLIENT);
      assert.deepEqual(new URL(tcUrl).searchParams.getAll('ip'), ['192.0.2.7'], tcUrl);
      assert.doesNotMatch(tcUrl, /9\.9\.9\.9/);
    }
  });

  it('takes a token along in whole, however long', () => {
    const token = `token=${'x'.repeat(10_000)}`;
    const long = said('live', `"rtmp://gateway.example/live?${token}"`);
    const by = upstream('rtmp://10.0.0.5', { addressParameter: 'ip' });
    assert.deepEqual(connectChanges(long, 'live', by, CLIENT), {
      tcUrl: `rtmp://gateway.example/live?${token}&ip=192.0.2.7`,
    });
    assert.deepEqual(connectChanges(long, 'other', upstream('rtmp://10.0.0.5'), CLIENT), {
      app: `other?${token}`,
      tcUrl: `rtmp://10.0.0.5:1935/other?${token}`,
    });
  });
});
