// A gateway with several certificates in its configuration file: each client gets the one that names the host which it
// asks for.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makePems, writePems } from '../links/tls/certificate-rig.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { newFilePath, Scope } from '../support/programs.ts';
import { openTls } from './hostile-door-client.ts';

/** What is asked for, nothing where it is null, and the common name of what is shown. */
const CASES = [
  ['a.example', 'a'],
  ['A.Example', 'a'],
  ['b.example', 'b'],
  ['one.wild.example', 'b'],
  ['main.example', 'main'],
  ['wild.example', 'main'],
  ['unknown.example', 'main'],
  [null, 'main'],
] as const;

describe('a gateway with certificates for several hosts', () => {
  const scope = new Scope();
  let gateway: GatewayProcess;

  before(async () => {
    const folder = newFilePath('certificates');
    mkdirSync(folder);
    const write = async (label: string, ...names: string[]) =>
      writePems(folder, label, await makePems(names, { commonName: label }));
    const settings = {
      tls: await write('main', 'main.example'),
      certificates: {
        a: await write('a', 'a.example'),
        b: await write('b', 'b.example', '*.wild.example'),
      },
    };
    const config = join(folder, 'culvert.yaml');
    // YAML takes JSON as it is.
    writeFileSync(config, JSON.stringify(settings));
    const listen = ['tls:127.0.0.1:0', 'any:127.0.0.1:0'];
    // Set to nothing, for beside a certificate of one's own the folder of all tests would be warned of.
    const env = { CULVERT_TLS_DEVELOPMENT_FOLDER: '' };
    gateway = await startGateway(scope, { listen, args: ['--config', config], env });
  });
  after(() => scope.close());

  for (const [serverName, shown] of CASES) {
    it(`shows ${shown} to a client that asks for ${serverName ?? 'no host'}`, async () => {
      for (const port of gateway.ports) {
        const socket = await openTls(port, serverName === null ? {} : { servername: serverName });
        assert.equal(socket.getPeerCertificate().subject.CN, shown);
        socket.destroy();
      }
    });
  }

  it('tells each certificate by its label', () => {
    const inForce = gateway.lines.filter(({ msg }) => msg === 'certificate in force');
    assert.deepEqual(
      inForce.map((line) => line['label']),
      ['certificates.a', 'certificates.b', 'tls'],
    );
  });
});
