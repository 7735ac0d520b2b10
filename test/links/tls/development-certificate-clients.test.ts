// Real clients that are given the development certificate to trust check a server that shows it, by its names and its
// addresses; without it they go away.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { newFolder, StoreRig } from './certificate-rig.ts';

const LIMIT_MS = 20_000;
const run = promisify(execFile);

/** Serves a short text over HTTPS with a development certificate: gives its port, and where the certificate is. */
async function serveText(t: TestContext): Promise<{ port: number; caFile: string }> {
  const developmentFolder = newFolder(t);
  const { store } = await StoreRig.load(t, { tls: { certificate: 'development', developmentFolder } });
  const server: Server = createServer(store.defaultOptions, (_request, response) => response.end('a text'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, caFile: join(developmentFolder, 'development-cert.pem') };
}

describe('a client that is given the development certificate to trust', () => {
  it('checks the server by name and by address: curl', async (t) => {
    const { port, caFile } = await serveText(t);
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `https://${host}:${port}/`;
      const { stdout } = await run('curl', ['-sS', '--cacert', caFile, url], { timeout: LIMIT_MS });
      assert.equal(stdout, 'a text');
      await assert.rejects(
        run('curl', ['-sS', url], { timeout: LIMIT_MS }),
        /curl: \(60\) SSL certificate problem/,
      );
    }
    const other = [
      '-sS',
      '--cacert',
      caFile,
      '--connect-to',
      '::127.0.0.1:',
      `https://other.example:${port}/`,
    ];
    await assert.rejects(
      run('curl', other, { timeout: LIMIT_MS }),
      /curl: \(60\) SSL: no alternative certificate subject name/,
    );
  });

  it('checks the server by name and by address: ffmpeg', async (t) => {
    const { port, caFile } = await serveText(t);
    const watch = (host: string, ...trust: string[]) => {
      const input = ['-f', 'data', '-i', `https://${host}:${port}/`];
      const args = ['-v', 'error', '-tls_verify', '1', ...trust, ...input, '-map', '0', '-f', 'null', '-'];
      return run('ffmpeg', args, { timeout: LIMIT_MS });
    };
    for (const host of ['localhost', '127.0.0.1']) {
      await watch(host, '-ca_file', caFile);
      await assert.rejects(watch(host), /certificate/i);
    }
  });
});
