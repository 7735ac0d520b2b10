// Names that are meant for somebody else: for the terminal of who reads the log, or for a file system. The log stays one
// JSON object a line, and a name that could climb out of a folder is refused, or is nothing but a name.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { Scope, sleep } from '../support/programs.ts';
import type { HostileClient } from './hostile-client.ts';
import { LAST_CALL } from './hostile-client.ts';
import { HostileRig } from './hostile-rig.ts';
import { inOrder } from './hostile-wire.ts';

const LOG_LIMIT_MS = 10_000;

const CLIENT = new ClientMessages();
const CONNECT = inOrder(clientHandshake(), CLIENT.connect('live'), CLIENT.call('createStream', 2));

/** Every character that a terminal may obey, as UTF-16 code units. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

/** What would end a line, forge another one, or colour a terminal. */
const ASCII_CONTROLS = ['\0', '\r', '\n', '\n{"level":60,"forged":1}', '\x1b[31m', '\x07'];

/** DEL, control characters beyond ASCII, and separators that some readers of lines take for the end of one. */
const OTHER_CONTROLS = [
  '\x7f',
  '\x85',
  '\x9b31m',
  '\x9d0;title\x9c',
  '\u2028{"level":60,"forged":1}',
  '\u2029',
];

/** Where a client can put a text that the log may repeat. */
const PLACES: Readonly<Record<string, (text: string) => Uint8Array>> = {
  application: (text) => inOrder(clientHandshake(), CLIENT.connect(`live${text}`)),
  instance: (text) => inOrder(clientHandshake(), CLIENT.connect(`live/${text}`)),
  program: (text) => inOrder(clientHandshake(), CLIENT.connect('live', { flashVer: `FMLE${text}` })),
  'stream to publish': (text) => inOrder(CONNECT, CLIENT.onStream(1, 'publish', `name${text}`)),
  'stream to play': (text) => inOrder(CONNECT, CLIENT.onStream(1, 'play', `name${text}`)),
  'first command': (text) => inOrder(clientHandshake(), CLIENT.call(`name${text}`, 1)),
};

/** Names that climb, whatever separates them. */
const CLIMBING = [
  '..',
  '../x',
  '/../x',
  '../../../etc/passwd',
  'a/../b',
  'x/..',
  '..\\x',
  'x\\..\\y',
  'flv:../x',
  'mp4:../x',
  'mp4:a/../../x',
  '../x?key=1',
  'x\0',
  'x\0.flv',
  '..\0/x',
  '',
  '/',
  '?key=1',
  'x'.repeat(257),
];

/** Names that mean something to a file system or a URL, and nothing to who carries live streams. */
const LITERAL: readonly (readonly [string, string])[] = [
  ['/etc/passwd', 'etc/passwd'],
  ['%2e%2e/x', '%2e%2e/x'],
  ['..%2fx', '..%2fx'],
  ['..%5cx', '..%5cx'],
  ['x%00.flv', 'x%00.flv'],
  ['C:\\x', 'C:\\x'],
  ['\\\\host\\x', '\\\\host\\x'],
  ['....//x', '..../x'],
  ['./x', './x'],
  ['file:///etc/passwd', 'file:/etc/passwd'],
  ['mp4:/etc/passwd', 'mp4:/etc/passwd'],
  ['__proto__', '__proto__'],
];

/** The codes of what a client was told of its NetStreams. */
function codesOf(client: HostileClient): unknown[] {
  return client.commands('onStatus').map((values) => Reflect.get(Object(values.at(3)), 'code'));
}

/** Regular files that a process has open. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((name) => readlinkSync(`${folder}/${name}`))
    .filter((target) => target.startsWith('/') && !target.startsWith('/dev/'));
}

/** Sends every text to every place, a client each, and gives the lines that were logged of them. */
async function linesFor(rig: HostileRig, texts: readonly string[]): Promise<string[]> {
  const from = rig.gateway.texts.length;
  const messages = Object.values(PLACES).flatMap((say) => texts.map(say));
  for (const message of messages) {
    const client = await rig.open('rtmp');
    client.send(inOrder(message, LAST_CALL));
    await client.isAnswered();
    await client.end();
  }
  const lines = (): string[] => rig.gateway.texts.slice(from);
  const deadlineMs = performance.now() + LOG_LIMIT_MS;
  while (lines().filter((line) => line.includes('"msg":"session ended"')).length < messages.length) {
    assert.ok(performance.now() < deadlineMs, 'the log says the end of every session');
    await sleep(10);
  }
  return lines();
}

/** Asserts that every line is a JSON object, and none has what a terminal obeys. */
function assertClean(lines: readonly string[]): void {
  const unclean = lines.filter((line) => !/^\{.*\}$/.test(line) || CONTROL_CHARACTERS.test(line));
  assert.deepEqual(
    unclean.map((line) => JSON.stringify(line)),
    [],
  );
  const parsed = lines.map((line): unknown => JSON.parse(line));
  assert.ok(
    parsed.every((line) => typeof line === 'object' && line !== null && !Reflect.has(line, 'forged')),
  );
}

describe('names of a client', () => {
  const scope = new Scope();
  let rig: HostileRig;

  before(async () => {
    rig = await HostileRig.start(scope);
  });
  after(() => scope.close());

  it('reach the log without a control character of ASCII, one JSON object a line', async () => {
    assertClean(await linesFor(rig, ASCII_CONTROLS));
    await rig.assertUntouched();
  });

  it('reach the log without another control character, or what some readers take for the end of a line', async (t) => {
    const ownRig = await HostileRig.start(t);
    assertClean(await linesFor(ownRig, OTHER_CONTROLS));
    await ownRig.assertUntouched();
  });

  it('that climb out of a folder, are empty or too long are refused, to publish and to play [item 58]', async () => {
    for (const name of CLIMBING) {
      for (const [command, code] of [
        ['publish', 'NetStream.Publish.BadName'],
        ['play', 'NetStream.Play.StreamNotFound'],
      ] as const) {
        const client = await rig.open('rtmp');
        client.send(inOrder(CONNECT, CLIENT.onStream(1, command, name), LAST_CALL));
        assert.equal(await client.isAnswered(), true);
        assert.deepEqual(codesOf(client), [code], JSON.stringify(name));
        await client.end();
      }
    }
    await rig.assertUntouched();
  });

  it('of applications that climb out of a folder are refused [item 58]', async () => {
    for (const app of ['../live', 'live/..', 'live/../../etc', 'live/..\\x']) {
      const client = await rig.open('rtmp');
      client.send(inOrder(clientHandshake(), CLIENT.connect(app), LAST_CALL));
      assert.equal(await client.isAnswered(), false, app);
      assert.equal((await rig.endOf(client, 'rtmp'))['reason'], 'rtmp-connect-invalid', app);
    }
    await rig.assertUntouched();
  });

  it('that mean something to a file system are taken as they stand, each a stream of its own, and open no file', async () => {
    const publishers: HostileClient[] = [];
    for (const [name] of LITERAL) {
      const client = await rig.open('rtmp');
      client.send(inOrder(CONNECT, CLIENT.onStream(1, 'publish', name), LAST_CALL));
      assert.equal(await client.isAnswered(), true);
      assert.deepEqual(codesOf(client), ['NetStream.Publish.Start'], name);
      publishers.push(client);
    }
    assert.deepEqual(openFiles(rig.gateway.pid), []);
    for (const [index, client] of publishers.entries()) {
      await client.end();
      assert.equal((await rig.endOf(client, 'rtmp'))['stream'], LITERAL[index]?.[1]);
    }
    await rig.assertUntouched();
  });
});
