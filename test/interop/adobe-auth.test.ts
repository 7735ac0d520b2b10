// Adobe authentication with the programs that speak it: ffmpeg (which as a publisher says it is FMLE, as a player that it
// is Flash, and so gets both wordings) over RTMP and RTMPT, GStreamer's rtmp2sink, and a client session of our own. What
// each says to a user who is refused is part of it. librtmp cannot, as Debian builds it: with GnuTLS its base64 has no
// end, and it crashes before it answers; and rtmpdump does not authenticate where it plays.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it, type TestContext } from 'node:test';
import { AdobeAdmission } from '../../src/auth/adobe-admission.ts';
import { AdobeAuthenticator } from '../../src/auth/adobe-authenticator.ts';
import { ClientAuth, type ClientAuthStep } from '../../src/protocol/rtmp/client/client-auth.ts';
import { assertReceived, type ReceivedOptions } from '../support/frames.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { type Cleaner, type RunningProgram, Scope, startProgram } from '../support/programs.ts';
import { FFMPEG_RTMPT_TAIL_FRAMES, publishWithFfmpeg } from '../support/publishers.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

const PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['bob', 'secret-of-bob'],
  ['alice', 'secret-of-alice'],
]);

/** Players end by themselves within this time of the end of their stream. */
const END_LIMIT_MS = 6000;
/** What a program takes at most to start, to authenticate and to ask for its stream, on a machine that is busy. */
const START_LIMIT_MS = 8000;
const PUBLISH_LIMIT_MS = 40_000;
/** A publisher that is refused ends long before its stream would be over, and the server leaves it little time. */
const REFUSED_LIMIT_MS = 2900;

describe('Adobe authentication', () => {
  const scope = new Scope();
  let server: TestGateway;
  let sourcePath = '';

  before(async () => {
    const authenticator = new AdobeAuthenticator({
      passwordOf: (user) => PASSWORDS.get(user) ?? null,
      nowMs: () => performance.now(),
      randomBytes: (lengthBytes) => randomBytes(lengthBytes),
    });
    const admissions = new Map([['members', new AdobeAdmission(authenticator)]]);
    server = await startTestGateway(scope, {}, admissions);
    sourcePath = await mediaFile(scope, 'h264-aac', 3);
  });
  after(() => scope.close());

  function urlOf(scheme: 'rtmp' | 'rtmpt', login: string, stream: string): string {
    return `${scheme}://${login}127.0.0.1:${server.port}/members/${stream}`;
  }

  /** Starts a player, then what `publish` starts, and checks what of it came out. */
  async function assertReaches(
    t: TestContext,
    stream: string,
    publish: () => RunningProgram,
    received: ReceivedOptions = {},
  ): Promise<void> {
    const player = playWithFfmpeg(t, urlOf('rtmp', 'alice:secret-of-alice@', stream));
    await player.waitForOutput(/Sending play command/, START_LIMIT_MS);
    const publisher = publish();
    assertEndedWell(publisher, await publisher.ended);
    await endByItself(player, END_LIMIT_MS);
    withOutputOf(player, () =>
      assertReceived(sourcePath, player.outputPath, { fromStart: true, ...received }),
    );
  }

  it('lets ffmpeg publish and play that knows the password [item 73]', async (t) => {
    const url = urlOf('rtmp', 'bob:secret-of-bob@', 'ffmpeg');
    await assertReaches(t, 'ffmpeg', () => publishWithFfmpeg(t, sourcePath, url));
  });

  it('lets ffmpeg publish through the tunnel, where each step is a tunnel of its own [item 73]', async (t) => {
    const url = urlOf('rtmpt', 'bob:secret-of-bob@', 'tunnel');
    const received = { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES };
    await assertReaches(t, 'tunnel', () => publishWithFfmpeg(t, sourcePath, url), received);
  });

  for (const authmod of ['adobe', 'auto']) {
    it(`lets GStreamer publish with authmod=${authmod} [item 73]`, async (t) => {
      const stream = `gstreamer-${authmod}`;
      const login = `username=bob password=secret-of-bob authmod=${authmod}`;
      const publish = () => publishWithRtmp2sink(t, sourcePath, urlOf('rtmp', '', stream), login);
      await assertReaches(t, stream, publish, { isRemuxed: true });
    });
  }

  const FFMPEG_FAILED =
    /Incorrect username\/password[\s\S]*Server error: .*authmod=adobe.*\?reason=authfailed/;
  for (const scheme of ['rtmp', 'rtmpt'] as const) {
    for (const [name, login, said] of [
      ['a wrong password', 'bob:wrong@', FFMPEG_FAILED],
      ['a user that does not exist', 'eve:secret-of-bob@', FFMPEG_FAILED],
      ['no login', '', /No credentials set[\s\S]*Server error: .*code=403 need auth; authmod=adobe/],
    ] as const) {
      it(`refuses an ffmpeg that publishes by ${scheme} with ${name}, which says why [item 60]`, async (t) => {
        const publisher = publishWithFfmpeg(t, sourcePath, urlOf(scheme, login, 'refused'));
        await assertIsRefused(publisher, said);
      });
    }
  }

  it('refuses an ffmpeg that plays with a wrong password, which says why [item 60]', async (t) => {
    const player = playWithFfmpeg(t, urlOf('rtmp', 'bob:wrong@', 'refused'));
    await assertIsRefused(player, FFMPEG_FAILED);
  });

  for (const [name, login, said] of [
    [
      'a wrong password',
      'username=bob password=wrong',
      /Not authorized to connect: authentication failed.*authfailed/,
    ],
    [
      'a user that does not exist',
      'username=eve password=secret-of-bob',
      /Not authorized to connect: authentication failed.*authfailed/,
    ],
    ['no login', '', /Not authorized to connect: no username for adobe authentication/],
  ] as const) {
    it(`refuses a GStreamer that publishes with ${name}, which says why [item 60]`, async (t) => {
      await assertIsRefused(publishWithRtmp2sink(t, sourcePath, urlOf('rtmp', '', 'refused'), login), said);
    });
  }

  for (const [carrier, open] of [
    ['TCP', TestClient.overTcp],
    ['the tunnel', TestClient.overTunnel],
  ] as const) {
    it(`lets a client of our own in over ${carrier}, and tells it why where it refuses it`, async (t) => {
      const { client, steps } = await login(t, server.port, open, 'secret-of-bob');
      assert.deepEqual(
        steps.map(({ type }) => type),
        ['reconnect', 'reconnect'],
      );
      assert.equal((await client.publish(`own by ${carrier}`)).type, 'publish-started');

      const refused = await login(t, server.port, open, 'wrong');
      assert.deepEqual(refused.steps.at(-1), {
        type: 'failed',
        message: 'The server refused the user or the password.',
      });
      // The server closes what the client leaves open.
      await refused.client.waitUntil(() => refused.client.isOver);
    });
  }

  it('refuses a client of our own that sends a login again [item 73]', async (t) => {
    const { steps } = await login(t, server.port, TestClient.overTcp, 'secret-of-bob');
    const last = steps.at(-1);
    assert.ok(last?.type === 'reconnect');
    const replay = await TestClient.overTcp(t, server.port, last.app);
    const rejected = await replay.waitFor(({ type }) => type === 'connect-rejected');
    assert.ok(rejected.type === 'connect-rejected');
    assert.match(rejected.status.description, /authfailed/);
  });

  it('says in the log who was refused and why, and no secret of anybody', () => {
    const refused = server.log.filter(
      ({ level, fields }) =>
        level === 'info' && 'reason' in fields && fields.reason === 'rtmp-connect-refused',
    );
    assert.ok(refused.length >= 8, `${refused.length} lines`);
    const text = JSON.stringify(server.log);
    assert.doesNotMatch(text, /secret-of|authmod|response=|challenge=|salt=/);
    assert.deepEqual(
      server.log.filter(({ level }) => level === 'error'),
      [],
    );
  });
});

/** GStreamer's rtmp2sink with its properties of a login: 'username=bob password=secret'. */
function publishWithRtmp2sink(
  cleaner: Cleaner,
  sourcePath: string,
  url: string,
  loginProperties: string,
): RunningProgram {
  const pipeline =
    `filesrc location=${sourcePath} ! flvdemux name=demux ` +
    `flvmux name=mux streamable=true ! rtmp2sink location=${url} ${loginProperties} ` +
    'demux.video ! queue ! mux.video demux.audio ! queue ! mux.audio';
  return startProgram(cleaner, {
    title: 'rtmp2sink publishing',
    command: 'gst-launch-1.0',
    args: ['-q', '-e', ...pipeline.split(/ +/)],
    limitMs: PUBLISH_LIMIT_MS,
  });
}

/** A program that is told no ends with an error, long before its stream would be over, and says what it was told. */
async function assertIsRefused(program: RunningProgram, said: RegExp): Promise<void> {
  const end = await program.ended;
  assert.ok(end.exitCode !== 0 && !end.wasTooLong, `it was not refused: ${program.describe()}`);
  assert.ok(end.durationMs < REFUSED_LIMIT_MS, `it was refused late: ${program.describe()}`);
  assert.match(program.output(), said, program.describe());
}

/** Connects as `bob` by as many connections as it takes, and gives the last one, and what was to be done after each. */
async function login(
  t: TestContext,
  port: number,
  open: typeof TestClient.overTcp,
  password: string,
): Promise<{ client: TestClient; steps: ClientAuthStep[] }> {
  const app = 'members';
  const tcUrl = `rtmp://127.0.0.1:${port}/${app}`;
  const auth = new ClientAuth({
    app,
    tcUrl,
    user: 'bob',
    password,
    randomBytes: (lengthBytes) => randomBytes(lengthBytes),
  });
  const steps: ClientAuthStep[] = [];
  let client = await open(t, port, app);
  for (;;) {
    const rejected = client.events.find((event) => event.type === 'connect-rejected');
    if (rejected === undefined) return { client, steps };
    const step = auth.next(rejected.status);
    steps.push(step);
    if (step.type !== 'reconnect') return { client, steps };
    assert.equal(step.tcUrl, `rtmp://127.0.0.1:${port}/${step.app}`);
    client = await open(t, port, step.app);
  }
}
