// The file of `tls.ca`: when it is read, and what is said of one that is none.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { newFilePath } from '../../support/programs.ts';
import {
  caFileOf,
  dialDeps,
  faultOf,
  LoopbackServer,
  startTls,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;

describe('the file of tls.ca', () => {
  const fileFault = async (t: TestContext, ca: string): Promise<string> => {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls: { ca } });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'setting');
    await untilSockets(0);
    const start = `expected a PEM file with certificates at ${ca} for rtmps://localhost:${server.port}, found `;
    assert.ok(fault.message.startsWith(start), fault.message);
    return fault.message.slice(start.length);
  };
  const cure = ' (put it there, or correct tls.ca of this upstream)';

  it('is read at each dial, so that another one counts at once', async (t) => {
    const [first, second] = [await makeCertificate('other.example'), await makeCertificate('localhost')];
    const { server } = await startTls(t, second);
    const deps = dialDeps(t);
    const ca = caFileOf(first.cert);
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls: { ca } });
    assert.equal((await faultOf(dialUpstream(upstream, null, deps))).code, 'tls');
    writeFileSync(ca, `${first.cert}\n${second.cert}`);
    (await dialUpstream(upstream, null, deps)).close(DONE);
    (await dialUpstream(upstream, null, deps)).close(DONE);
    rmSync(ca);
    assert.equal((await faultOf(dialUpstream(upstream, null, deps))).code, 'setting');
    await untilSockets(0);
  });

  it('is parsed once while it stays the same', async (t) => {
    const { cert } = await makeCertificate('localhost');
    const { caFiles } = dialDeps(t);
    const path = caFileOf(cert);
    const context = await caFiles.contextOf(path, 'x');
    assert.equal(await caFiles.contextOf(path, 'x'), context);
    writeFileSync(path, `${cert}\n`);
    assert.notEqual(await caFiles.contextOf(path, 'x'), context);
    assert.equal(await caFiles.pemOf(path, 'x'), `${cert}\n`);
  });

  it('is told where it is missing, a folder, empty or broken', async (t) => {
    const { cert, key } = await makeCertificate('localhost');
    assert.equal(await fileFault(t, newFilePath('missing.pem')), `no such file${cure}`);
    assert.equal(await fileFault(t, import.meta.dirname), `no regular file${cure}`);
    assert.equal(await fileFault(t, caFileOf('')), `none in it${cure}`);
    assert.equal(await fileFault(t, caFileOf(key)), `none in it${cure}`);
    const broken = cert.replace(/\n(.{20})/, '\nAAAAAAAAAAAAAAAAAAAA');
    assert.equal(await fileFault(t, caFileOf(cert, broken)), `one that cannot be parsed${cure}`);
    const long = `file of ${4 * 1024 * 1024 + 1} bytes`;
    assert.equal(await fileFault(t, caFileOf('x'.repeat(4 * 1024 * 1024 + 1))), `a ${long}${cure}`);
  });
});
