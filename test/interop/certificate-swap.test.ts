// A certificate that is swapped on disk while ffmpeg plays over RTMPS, by itself and by SIGHUP: nothing of the stream is
// missing, and the next connection sees the new one.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type CertificatePair, makeCertificate } from '../support/certificates.ts';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { newFilePath, type RunningProgram, Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself } from './pairing.ts';

const DURATION_S = 8;
const JOIN_DELAY_MS = 1000;
const END_LIMIT_MS = 6000;
const NOTICE_LIMIT_MS = 5000;
const PATH = 'live/swap';

/** SHA-256 fingerprint of the certificate that a new connection sees. */
async function seenFingerprint(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function fingerprintOf({ cert }: CertificatePair): string {
  return new X509Certificate(cert).fingerprint256;
}

describe('A certificate that is swapped while a stream is published and played by RTMPS', () => {
  const scope = new Scope();
  const pairPath = newFilePath('pair.pem');
  const seen: string[] = [];
  const told: string[] = [];
  let pairs: readonly CertificatePair[] = [];
  let sourcePath = '';
  let gateway: GatewayProcess;
  let programs: readonly RunningProgram[] = [];

  /**
   * Puts a pair in the place of the one before, as a renewal does, asks for it to be read where `isAsked`, and waits until
   * the gateway tells of it.
   */
  async function swapIn(text: string, message: RegExp, isAsked = false): Promise<void> {
    const toldBefore = gateway.lines.filter(({ msg }) => message.test(msg)).length;
    writeFileSync(`${pairPath}.new`, text, { mode: 0o600 });
    renameSync(`${pairPath}.new`, pairPath);
    if (isAsked) process.kill(gateway.pid, 'SIGHUP');
    await gateway.waitForLine(
      ({ msg }) =>
        message.test(msg) && gateway.lines.filter((line) => message.test(line.msg)).length > toldBefore,
      NOTICE_LIMIT_MS,
    );
    seen.push(await seenFingerprint(gateway.ports[0] ?? 0));
  }

  before(async () => {
    pairs = await Promise.all(['localhost', 'localhost', 'localhost'].map(makeCertificate));
    const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = pairs;
    writeFileSync(pairPath, `${first.cert}\n${first.key}`, { mode: 0o600 });
    sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
    gateway = await startGateway(scope, {
      listen: ['tls:127.0.0.1:0'],
      env: { CULVERT_TLS_CERTIFICATE: pairPath },
    });
    const publisher = publishWithFfmpeg(scope, sourcePath, gateway.url('rtmps', PATH));
    await sleep(JOIN_DELAY_MS);
    const player = playWithFfmpeg(scope, gateway.url('rtmps', PATH));
    programs = [publisher, player];
    seen.push(await seenFingerprint(gateway.ports[0] ?? 0));
    await swapIn(`${first.cert}\n${second.key}`, /certificate refused/);
    await swapIn(`${second.cert}\n${second.key}`, /certificate/);
    await swapIn(`${third.cert}\n${third.key}`, /^certificates were read again$/, true);
    await publisher.ended;
    await endByItself(player, END_LIMIT_MS);
    told.push(...gateway.lines.map(({ msg }) => msg));
  });
  after(() => scope.close());

  it('is shown to the next connection, and one that does not fit its key never is', () => {
    const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = pairs.map(fingerprintOf);
    assert.deepEqual(seen, [first, first, second, third]);
    assert.equal(told.filter((message) => /certificate refused/.test(message)).length, 1);
  });

  it('is read at once by SIGHUP, and that is told', () => {
    const from = told.indexOf('reading the certificates again');
    const expected = [
      'reading the certificates again',
      'certificate in force',
      'certificates were read again',
    ];
    assert.deepEqual(
      told.slice(from).filter((message) => /certificate/.test(message)),
      expected,
    );
  });

  it('leaves the stream whole', async (t) => {
    const [publisher = assert.fail(), player = assert.fail()] = programs;
    assertEndedWell(publisher, await publisher.ended);
    assertReceived(sourcePath, player.outputPath, { minDurationMs: DURATION_S * 1000 - 2500 });
    await assertDecodesClean(t, player.outputPath);
  });
});
