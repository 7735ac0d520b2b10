// Every state of a NetStream against every command: what is answered, what is told, and what is let pass.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WireValue } from '../../../support/amf-wire.ts';
import {
  connected,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playing,
  playLine,
  publishing,
  type ServerBench,
  UNPUBLISHED,
} from './server-bench.ts';

type State = 'no NetStream' | 'idle' | 'publishing' | 'playing';

const STATES: Readonly<Record<State, () => ServerBench>> = {
  'no NetStream': () => connected(),
  idle: () => {
    const bench = connected();
    return bench.receive(bench.client.call('createStream', 2)).forget();
  },
  publishing: () => publishing(),
  playing: () => playing(),
};

/** What a command does in a state: events, then replies. */
type Outcome = readonly [readonly string[], readonly string[]];

const NOTHING: Outcome = [[], []];
const BAD_NAME = '1 onStatus error NetStream.Publish.BadName';
const NOT_FOUND = '1 onStatus error NetStream.Play.StreamNotFound';
const PLAY_FAILED: Outcome = [[], ['1 onStatus error NetStream.Play.Failed']];
const PUBLISHED: Outcome = [['publish 1 "new" query "" live'], PUBLISH_REPLIES];
const PLAYED: Outcome = [[playLine(1, 'new')], PLAY_REPLIES];
const RECEIVING = ['1 onStatus status NetStream.Seek.Notify', '1 onStatus status NetStream.Play.Start'];
const STOPPED: Outcome = [['stop 1'], []];
const ENDED: Outcome = [['unpublish 1'], [UNPUBLISHED]];

const COMMANDS: readonly (readonly [string, readonly WireValue[], Partial<Record<State, Outcome>>])[] = [
  [
    'publish',
    ['new'],
    {
      'no NetStream': PUBLISHED,
      idle: PUBLISHED,
      publishing: [[], [BAD_NAME]],
      playing: [['stop 1', ...PUBLISHED[0]], PUBLISHED[1]],
    },
  ],
  ['publish', [false], { publishing: ENDED, playing: STOPPED }],
  ['publish', [], { publishing: ENDED, playing: STOPPED }],
  [
    'publish',
    [''],
    {
      'no NetStream': [[], [BAD_NAME]],
      idle: [[], [BAD_NAME]],
      publishing: ENDED,
      playing: [[], [BAD_NAME]],
    },
  ],
  [
    'play',
    ['new'],
    {
      'no NetStream': PLAYED,
      idle: PLAYED,
      publishing: [
        ['unpublish 1', ...PLAYED[0]],
        [UNPUBLISHED, ...PLAYED[1]],
      ],
      playing: [['stop 1', ...PLAYED[0]], PLAYED[1]],
    },
  ],
  [
    'play',
    [''],
    {
      'no NetStream': [[], [NOT_FOUND]],
      idle: [[], [NOT_FOUND]],
      publishing: [[], [NOT_FOUND]],
      playing: [[], [NOT_FOUND]],
    },
  ],
  [
    'play2',
    [{ streamName: 'new' }],
    { 'no NetStream': PLAY_FAILED, idle: PLAY_FAILED, publishing: PLAY_FAILED, playing: PLAY_FAILED },
  ],
  [
    'pause',
    [true, 0],
    {
      playing: [['filter 1 audio true video true paused true'], ['1 onStatus status NetStream.Pause.Notify']],
    },
  ],
  [
    'pauseRaw',
    [false, 0],
    {
      playing: [
        ['filter 1 audio true video true paused false'],
        ['begin 1', '1 onStatus status NetStream.Unpause.Notify'],
      ],
    },
  ],
  [
    'seek',
    [1000],
    { playing: [['seek 1'], ['eof 1', '1 onStatus status NetStream.Seek.Notify', 'begin 1']] },
  ],
  ['receiveAudio', [false], { playing: [['filter 1 audio false video true paused false'], []] }],
  ['receiveVideo', [true], { playing: [['filter 1 audio true video true paused false'], RECEIVING] }],
  ['closeStream', [], { publishing: ENDED, playing: STOPPED }],
  ['deleteStream', [1], { publishing: ENDED, playing: STOPPED }],
  ['onStatus', [], {}],
  ['_result', [], {}],
  ['_error', [], {}],
  ['unheardOf', [], {}],
];

describe('RtmpServerSession, by state and command', () => {
  for (const [name, args, outcomes] of COMMANDS) {
    for (const [state, create] of Object.entries(STATES)) {
      const [events, replies] = outcomes[state as State] ?? NOTHING;
      const shown = args.map((arg) => JSON.stringify(arg)).join();
      it(`takes ${name}(${shown}) in the state ${state}`, () => {
        const bench = create();
        bench.receive(bench.client.onStream(1, name, ...args));
        assert.deepEqual(bench.events(), events);
        assert.deepEqual(bench.replies(), replies);
        assert.equal(bench.session.state, 'connected');
      });
    }
  }

  it('refuses calls that it does not know, where they want an answer [item 72]', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('application.method', 7, 1, 2), client.call('other', 0));
    const failed = 'level: "error", code: "NetConnection.Call.Failed"';
    assert.deepEqual(bench.replies(), [
      `0 _error 7 null {${failed}, description: "Method not found (application.method)."}`,
    ]);
    bench.receive(client.command({}, '', 8, null));
    assert.deepEqual(bench.replies(), [`0 _error 8 null {${failed}, description: "Method not found ()."}`]);
  });

  it('ignores answers to calls that it never made, however many [item 72]', () => {
    const bench = connected();
    for (let id = 0; id < 100; id++) {
      bench.receive(bench.client.call('_result', id, 1), bench.client.call('_error', id, {}));
    }
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
  });

  it('repeats of a long name only as much as an answer can bear', () => {
    const bench = connected();
    const name = 'x'.repeat(50_000);
    bench.receive(bench.client.call(name, 2), bench.client.call('FCPublish', 3, name));
    const [refusal, , notice] = bench.replies();
    assert.ok(refusal?.includes(`(${'x'.repeat(64)})`) && refusal.length < 300);
    assert.ok(notice?.includes(`"${'x'.repeat(128)}"`));
  });

  for (const transactionId of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    it(`takes the transaction id ${transactionId} for none [item 52]`, () => {
      const bench = connected();
      bench.receive(
        bench.client.call('unheardOf', transactionId),
        bench.client.call('_checkbw', transactionId),
      );
      assert.deepEqual(bench.replies(), []);
    });
  }

  it('repeats a transaction id that is not whole [item 52]', () => {
    const bench = connected();
    bench.receive(bench.client.call('createStream', 2.5));
    assert.deepEqual(bench.replies(), ['0 _result 2.5 null 1']);
  });
});
