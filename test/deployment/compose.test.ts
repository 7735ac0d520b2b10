// docker-compose.yml against the image, the defaults of the gateway and a fresh clone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { pairsOf, readStages, restsOf } from './dockerfile-reader.ts';
import { DEFAULT_PORTS, DEFAULTS, durationMs, readProjectFile, unknownVariables } from './project-facts.ts';

type Service = {
  readonly image?: string;
  readonly build?: string;
  readonly restart: string;
  readonly stop_grace_period: string;
  readonly ports: readonly string[];
  readonly env_file: readonly { readonly path: string; readonly required: boolean }[];
  readonly volumes: readonly string[];
  readonly read_only: boolean;
  readonly tmpfs: readonly string[];
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly user?: string;
  readonly security_opt: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly ulimits: { readonly nofile: number };
  readonly logging: { readonly options: Readonly<Record<string, string>> };
};

type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const text = readProjectFile('docker-compose.yml');
const { services, volumes } = parse(text) as Compose;
const gateway = services['culvert'] ?? assert.fail('no service culvert');
const image = readStages(readProjectFile('Dockerfile')).at(-1) ?? assert.fail('no stage');
const gitIgnored = readProjectFile('.gitignore').split('\n');

/** Host side and container side of "./config:/config:ro". */
function mounts() {
  return gateway.volumes.map((volume) => {
    const [source = '', target = '', mode = 'rw'] = volume.split(':');
    return { source, target, mode };
  });
}

describe('docker-compose.yml', () => {
  it('builds the image here, and asks no registry for one of its name', () => {
    assert.equal(gateway.build, '.');
    assert.equal(gateway.image, undefined);
  });

  it('publishes the ports of the default listeners as themselves, each to be moved by a variable', () => {
    const published = gateway.ports.map((port) => /^\$\{[A-Z_]+:-(\d+)\}:(\d+)$/.exec(port)?.slice(1));
    assert.deepEqual(
      published,
      DEFAULT_PORTS.map((port) => [port, port]),
    );
    assert.deepEqual(pairsOf(image, 'ENV').get('CULVERT_LISTEN')?.split(','), DEFAULTS.listen);
  });

  it('waits for longer than the gateway drains, and starts it again whatever ended it', () => {
    assert.ok(durationMs(gateway.stop_grace_period) > DEFAULTS.shutdown.drainTimeoutMs);
    assert.equal(gateway.restart, 'unless-stopped');
  });

  it('starts on a fresh clone: no file of its own has to be there, and folders are mounted, no files', () => {
    assert.deepEqual(
      gateway.env_file.map(({ required }) => required),
      [false],
    );
    const bound = mounts().filter(({ source }) => source.startsWith('.'));
    assert.deepEqual(
      bound.map(({ source }) => source),
      ['./config', './certs'],
    );
    for (const { mode } of bound) assert.equal(mode, 'ro');
    for (const [path] of gateway.env_file.map((file) => [file.path])) {
      assert.ok(gitIgnored.includes(path?.replace('./', '') ?? ''), path);
    }
    for (const path of ['/config/', '.env', 'docker-compose.override.yml']) {
      assert.ok(gitIgnored.includes(path), path);
    }
  });

  it('keeps what the gateway writes in a volume, and lets it write nowhere else', () => {
    const kept = mounts().filter(({ source }) => !source.startsWith('.'));
    assert.deepEqual(
      kept.map(({ source }) => source),
      Object.keys(volumes),
    );
    assert.deepEqual(
      kept.map(({ target }) => target),
      restsOf(image, 'WORKDIR').slice(-1),
    );
    assert.equal(gateway.read_only, true);
    assert.equal(gateway.tmpfs.length, 1);
  });

  it('takes every privilege away, and leaves the low ports to the sysctl', () => {
    assert.deepEqual(gateway.cap_drop, ['ALL']);
    assert.equal(gateway.cap_add, undefined);
    assert.equal(gateway.privileged, undefined);
    assert.equal(gateway.user, undefined, 'the user is that of the image');
    assert.deepEqual(gateway.security_opt, ['no-new-privileges:true']);
    assert.deepEqual(gateway.sysctls, { 'net.ipv4.ip_unprivileged_port_start': '0' });
  });

  it('has descriptors for as many connections as the gateway takes, and a log that ends', () => {
    assert.ok(gateway.ulimits.nofile > DEFAULTS.listeners.maxConnections);
    assert.match(gateway.logging.options['max-size'] ?? '', /^\d+m$/);
    assert.match(gateway.logging.options['max-file'] ?? '', /^\d+$/);
  });

  it('sets nothing that is no setting', () => {
    assert.deepEqual(unknownVariables(text), []);
  });
});
