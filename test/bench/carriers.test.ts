import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bareWriteAs } from '../../bench/cases/play.ts';
import { heldRoute } from '../../bench/cases/tunnel.ts';
import { parseLoadOptions } from '../../bench/load/load-options.ts';
import { CARRIERS, perScheme, SCHEMES, STREAMING_SCHEMES, schemeOfEach } from '../../bench/load/scheme.ts';
import { carrierLines, cipherLines } from '../../bench/support/carrier-remarks.ts';
import { CULVERT, culvertFor } from '../../bench/support/culvert-server.ts';
import { arrivalsPerClientSecond, repliesPerClientSecond } from '../../bench/support/measurement-table.ts';
import { peersOver, readStretchFlags } from '../../bench/support/stretch-flags.ts';
import { summarise } from '../../bench/support/summary.ts';
import { groupOver, measurementOf } from './measurements.ts';

const URL = ['--url', 'rtmp://127.0.0.1:1935/live/show'];

describe('the command line of the load program', () => {
  it('has a number of clients for each scheme', () => {
    const counts = perScheme((scheme) => SCHEMES.indexOf(scheme) + 1);
    const words = SCHEMES.flatMap((scheme) => [`--${scheme}`, String(counts[scheme])]);
    const options = parseLoadOptions([...URL, ...words]);
    assert.deepEqual(
      perScheme((scheme) => options[scheme]),
      counts,
    );
    assert.equal(schemeOfEach(options).length, 21);
    assert.deepEqual(schemeOfEach(options).slice(0, 4), ['rtmp', 'rtmpt', 'rtmpt', 'rtmps']);
  });

  it('speaks TLS at the port of the URL where it names no other', () => {
    assert.equal(parseLoadOptions(URL).securePort, 1935);
    assert.equal(parseLoadOptions([...URL, '--secure-port', '443']).securePort, 443);
    assert.throws(() => parseLoadOptions([...URL, '--secure-port', '65536']), /expected --secure-port 0 to/);
  });
});

describe('rates of clients', () => {
  it('are arrivals without a tunnel, whatever carries them', () => {
    for (const scheme of STREAMING_SCHEMES) {
      assert.equal(arrivalsPerClientSecond(measurementOf('culvert', { scheme, arrivals: 21 })), 21, scheme);
    }
  });

  it('are replies through tunnels, in TLS too', () => {
    for (const scheme of ['rtmpt', 'rtmpts'] as const) {
      const measurement = measurementOf('culvert', { scheme, replies: 10 });
      assert.equal(repliesPerClientSecond(measurement), 10, scheme);
      assert.equal(arrivalsPerClientSecond(measurement), null, scheme);
    }
  });
});

describe('a floor', () => {
  const figures = { tickMs: 40, kbps: 1130 };

  it('of its own kind stands beside each transport', () => {
    const names = STREAMING_SCHEMES.map((scheme) => bareWriteAs('', [], { ...figures, scheme }).name);
    assert.deepEqual(names, ['bare write', 'bare TLS write', 'bare ws', 'bare wss']);
    const routes = (['rtmpt', 'rtmpts'] as const).map((scheme) => {
      return heldRoute('', [], { ...figures, gatherMs: 50, scheme }).name;
    });
    assert.deepEqual(routes, ['bare Fastify', 'bare TLS Fastify']);
  });

  it('writes as often as the gateway did over that transport', () => {
    const earlier = [
      measurementOf('culvert', { scheme: 'rtmps', arrivals: 12.5 }),
      measurementOf('culvert', { scheme: 'ws', arrivals: 25 }),
    ];
    const versionOver = (scheme: 'rtmps' | 'ws') =>
      bareWriteAs(groupOver(scheme), earlier, { ...figures, scheme }).version();
    assert.match(versionOver('rtmps'), / every 80 ms$/);
    assert.match(versionOver('ws'), / every 40 ms$/);
  });
});

describe('servers by transport', () => {
  it('are the gateway without TLS where nobody comes in it', () => {
    assert.equal(culvertFor('rtmp', 'rtmpt', 'ws'), CULVERT);
    assert.ok(!CULVERT.schemes.some((scheme) => CARRIERS[scheme].isSecure));
    for (const scheme of ['rtmps', 'rtmpts', 'wss'] as const) {
      assert.ok(culvertFor('rtmp', scheme).schemes.includes(scheme), scheme);
    }
  });

  it('are both peers over RTMP and RTMPS, and none over the rest', () => {
    const options = readStretchFlags({ runs: '1', peer: 'all', smoke: false }, 1130);
    const names = perScheme((scheme) => peersOver(options, scheme).map(({ name }) => name));
    const both = ['nginx', 'node-media-server'];
    assert.deepEqual(names, { rtmp: both, rtmpt: [], rtmps: both, rtmpts: [], ws: [], wss: [] });
  });
});

describe('remarks about carriers', () => {
  it('tell what TLS and WebSocket cost beside the plain one, of as many viewers who do the same', () => {
    const summaries = summarise([
      measurementOf('culvert', { cost: 0.2 }),
      measurementOf('bare write', { cost: 0.1 }),
      measurementOf('culvert', { scheme: 'rtmps', cost: 0.36 }),
      measurementOf('culvert', { scheme: 'wss', cost: 0.4 }),
      measurementOf('culvert', { scheme: 'rtmpts', cost: 0.9, doing: ', back to back' }),
      measurementOf('culvert', { scheme: 'rtmpt', cost: 0.6, doing: ', polls of 100 ms' }),
    ]);
    assert.deepEqual(carrierLines(summaries), [
      '1000 rtmps: costs culvert 1.80 times what 1000 rtmp costs it',
      '1000 wss: costs culvert 2.00 times what 1000 rtmp costs it',
    ]);
  });

  it('say nothing where all runs of either were void', () => {
    const runs = [measurementOf('culvert', { isVoid: true }), measurementOf('culvert', { scheme: 'ws' })];
    assert.deepEqual(carrierLines(summarise(runs)), []);
  });

  it('name the ciphers and who spoke them, so that others are seen', () => {
    const [usual, other] = ['TLSv1.3 TLS_AES_256_GCM_SHA384', 'TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA'];
    const summaries = summarise([
      measurementOf('culvert'),
      measurementOf('culvert', { scheme: 'rtmps', ciphers: [usual] }),
      measurementOf('culvert', { scheme: 'wss', ciphers: [usual] }),
      measurementOf('nginx', { scheme: 'rtmps', ciphers: [other] }),
      measurementOf('bare TLS write', { scheme: 'rtmps', ciphers: [usual] }),
    ]);
    assert.deepEqual(cipherLines(summaries), [`${usual}: culvert, bare TLS write`, `${other}: nginx`]);
  });
});
