// `culvert cert`: the files that it makes, what it prints, and what it refuses.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { runCertCommand } from '../../src/cli/cert-command.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NODE = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'node');
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

type Run = { exitCode: number; stdout: string; stderr: string };

async function run(...argv: string[]): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const writerOf = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const io = { stdout: writerOf('stdout'), stderr: writerOf('stderr') };
  return { exitCode: await runCertCommand(argv, io), ...written };
}

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-cert-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function certificateIn(folder: string): X509Certificate {
  return new X509Certificate(readFileSync(join(folder, 'cert.pem')));
}

describe('culvert cert', () => {
  it('makes a certificate and its key for the names and the days that are given, and prints what it made', async (t) => {
    const folder = join(newFolder(t), 'new');
    const names = ['Live.Example', '*.live.example', '192.0.2.7', '2001:db8::7', 'münchen.example'];
    const { exitCode, stdout, stderr } = await run(
      ...names.flatMap((name) => ['--name', name]),
      ...['--out', folder, '--days', '30'],
    );
    assert.deepEqual([exitCode, stderr], [0, '']);
    const made = certificateIn(folder);
    assert.equal(made.checkPrivateKey(createPrivateKey(readFileSync(join(folder, 'key.pem')))), true);
    for (const name of ['live.example', 'xn--mnchen-3ya.example']) assert.equal(made.checkHost(name), name);
    assert.equal(made.checkHost('a.live.example'), '*.live.example');
    for (const address of ['192.0.2.7', '2001:db8::7']) assert.equal(made.checkIP(address), address);
    assert.equal(made.checkHost('localhost'), undefined);
    const days = (made.validToDate.getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 29.9 && days <= 30, `${days} days`);
    assert.deepEqual(stdout.split('\n'), [
      `certificate  ${join(folder, 'cert.pem')}`,
      `key          ${join(folder, 'key.pem')}`,
      'names        live.example *.live.example 192.0.2.7 2001:db8::7 xn--mnchen-3ya.example',
      `valid until  ${made.validToDate.toISOString()}`,
      `SHA-256      ${made.fingerprint256}`,
      '',
    ]);
    assert.equal(statSync(join(folder, 'key.pem')).mode & 0o777, 0o600);
  });

  it('makes one for this machine and a year, in the folder certs, where nothing is said', (t) => {
    const folder = newFolder(t);
    const { status, stdout, stderr } = spawnSync(NODE, [MAIN, 'cert'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^names {8}localhost .*\b127\.0\.0\.1 ::1\b/m);
    const made = certificateIn(join(folder, 'certs'));
    assert.equal(made.checkHost('localhost'), 'localhost');
    const days = (made.validToDate.getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 364.9 && days <= 365, `${days} days`);
  });

  it('does not write over files that are there, but where it is told to', async (t) => {
    const folder = newFolder(t);
    writeFileSync(join(folder, 'key.pem'), 'mine');
    const refused = await run('--out', folder);
    assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
    assert.equal(
      refused.stderr,
      `culvert cert: ${join(folder, 'key.pem')} is there already: --force writes over, --out takes another folder\n`,
    );
    assert.deepEqual(readdirSync(folder), ['key.pem']);
    assert.equal(readFileSync(join(folder, 'key.pem'), 'utf8'), 'mine');
    assert.equal((await run('--out', folder, '--force')).exitCode, 0);
    const first = certificateIn(folder).fingerprint256;
    assert.match((await run('--out', folder)).stderr, /cert\.pem and \S+key\.pem are there already/);
    assert.equal((await run('--force', '--out', folder)).exitCode, 0);
    assert.notEqual(certificateIn(folder).fingerprint256, first);
  });

  it('gives 1 where the files cannot be written', async (t) => {
    const file = join(newFolder(t), 'file');
    writeFileSync(file, '');
    const { exitCode, stderr } = await run('--out', join(file, 'certs'));
    assert.equal(exitCode, 1);
    assert.match(stderr, /^culvert cert: expected a folder that can be written, found \S+certs \(ENOTDIR/);
  });

  it('refuses what is no name, no number of days and no flag, with exit code 2', async (t) => {
    const folder = newFolder(t);
    const tooMany = Array.from({ length: 101 }, (_, index) => `--name=n${index}`);
    const cases = [
      [['--name', 'a,O=b'], '--name: expected a host name, *.HOST.NAME or an address, found "a,O=b"'],
      [['--name', ''], '--name: expected a host name, *.HOST.NAME or an address, found ""'],
      [['--name', 'a.*.b'], '--name: expected a host name, *.HOST.NAME or an address, found "a.*.b"'],
      [
        ['--name', 'fe80::1%eth0'],
        '--name: expected a host name, *.HOST.NAME or an address, found "fe80::1%eth0"',
      ],
      [['--days', '0'], '--days: expected a number of 1 to 3650, found "0"'],
      [['--days', '3651'], '--days: expected a number of 1 to 3650, found "3651"'],
      [['--days', '1d'], '--days: expected a number of 1 to 3650, found "1d"'],
      [['--out', ''], '--out: expected a folder, found nothing'],
      [tooMany, '--name: expected at most 100 of them, found 101'],
      [['--nmae', 'a'], "culvert cert: Unknown option '--nmae' (see culvert cert --help)"],
      [['--days'], "culvert cert: Option '--days <value>' argument missing (see culvert cert --help)"],
      [['localhost'], "culvert cert: Unexpected argument 'localhost' (see culvert cert --help)"],
    ] as const;
    for (const [argv, said] of cases) {
      const { exitCode, stdout, stderr } = await run('--out', folder, ...argv);
      assert.deepEqual([exitCode, stdout, stderr], [2, '', `${said}\n`]);
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  it('takes as many names as there may be', async (t) => {
    const folder = newFolder(t);
    const names = Array.from({ length: 100 }, (_, index) => `--name=n${index}.example`);
    assert.equal((await run('--out', folder, ...names)).exitCode, 0);
    assert.equal(certificateIn(folder).checkHost('n99.example'), 'n99.example');
  });

  it('prints its help', async () => {
    for (const flag of ['--help', '-h']) {
      const { exitCode, stdout } = await run(flag);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^culvert cert \[FLAGS\]\n/);
      for (const name of ['--name NAME', '--out FOLDER', '--days N', '--force'])
        assert.ok(stdout.includes(`  ${name} `));
    }
  });
});
