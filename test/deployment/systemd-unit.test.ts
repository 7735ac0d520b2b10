// docs/culvert.service against the gateway: what it starts is there, and what it takes away is not needed.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ExitCode } from '../../src/cli/exit-code.ts';
import { DEFAULTS, durationMs, ROOT_FOLDER, readProjectFile, unknownVariables } from './project-facts.ts';
import { readUnit, serviceValue } from './unit-reader.ts';

const text = readProjectFile('docs/culvert.service');
const unit = readUnit(text);

function value(key: string): string {
  return serviceValue(unit, key) ?? assert.fail(`no ${key}`);
}

/** What a path below the place of installation is in the project. */
function inProject(path: string): string {
  const below = /^\/opt\/culvert\/(.+)$/.exec(path)?.[1];
  return below ?? assert.fail(`${path} is not below /opt/culvert`);
}

describe('docs/culvert.service', () => {
  it('starts `serve` from the sources with the Node of the lock file', () => {
    const [node = '', main = '', ...words] = value('ExecStart').split(' ');
    assert.equal(inProject(node), 'node_modules/.bin/node');
    assert.ok(existsSync(join(ROOT_FOLDER, inProject(node))), node);
    assert.ok(existsSync(join(ROOT_FOLDER, inProject(main))), main);
    assert.deepEqual(words, ['serve']);
    const [page = ''] = unit.get('Unit.Documentation') ?? [];
    assert.ok(existsSync(join(ROOT_FOLDER, inProject(page.replace('file:', '')))), page);
  });

  it('starts it again after a failure, and not after a wrong setting', () => {
    assert.equal(value('Restart'), 'on-failure');
    assert.equal(Number(value('RestartPreventExitStatus')), ExitCode.WrongSetting);
  });

  it('stops it by the signal that it drains on, waits for longer than that takes, and reloads it by SIGHUP', () => {
    assert.equal(value('KillSignal'), 'SIGTERM');
    assert.ok(durationMs(value('TimeoutStopSec')) > DEFAULTS.shutdown.drainTimeoutMs);
    assert.match(value('ExecReload'), /kill -HUP \$MAINPID$/);
  });

  it('gives it a user of its own, and one privilege: ports below 1024', () => {
    assert.notEqual(value('User'), 'root');
    assert.equal(value('AmbientCapabilities'), 'CAP_NET_BIND_SERVICE');
    assert.equal(value('CapabilityBoundingSet'), 'CAP_NET_BIND_SERVICE');
    assert.equal(value('NoNewPrivileges'), 'yes');
    // In a namespace of its own users the privilege would be worth nothing on the machine's ports.
    assert.equal(serviceValue(unit, 'PrivateUsers'), undefined);
  });

  it('lets it write the development certificate, and nothing else', () => {
    assert.equal(value('ProtectSystem'), 'strict');
    assert.equal(value('WorkingDirectory'), `/var/lib/${value('StateDirectory')}`);
    assert.ok(!DEFAULTS.tls.developmentFolder.startsWith('/'), 'is below the folder it is started in');
    assert.equal(serviceValue(unit, 'ReadWritePaths'), undefined);
  });

  it('leaves V8 the right to write machine code, and the sockets that the gateway and Node need', () => {
    assert.equal(serviceValue(unit, 'MemoryDenyWriteExecute'), undefined);
    assert.deepEqual(value('RestrictAddressFamilies').split(' '), [
      'AF_INET',
      'AF_INET6',
      'AF_NETLINK',
      'AF_UNIX',
    ]);
    assert.equal(unit.get('Service.SystemCallFilter')?.[0], '@system-service');
    assert.equal(value('SystemCallErrorNumber'), 'EPERM');
  });

  it('has descriptors for as many connections as the gateway takes', () => {
    assert.ok(Number(value('LimitNOFILE')) > DEFAULTS.listeners.maxConnections);
  });

  it('needs no file of settings, and sets nothing that is no setting', () => {
    assert.match(value('EnvironmentFile'), /^-/);
    assert.deepEqual(unknownVariables(text), []);
  });
});
