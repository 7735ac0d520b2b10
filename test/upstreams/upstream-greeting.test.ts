import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UpstreamGreeting } from '../../src/upstreams/upstream-greeting.ts';
import { filled, join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { serverHandshake } from '../support/client-wire.ts';
import { MemoryLink } from '../support/memory-link.ts';
import { everyTwoWaySplit, splitEvery } from '../support/splits.ts';

const CONNECT = new ClientMessages().connect('live');
const ANSWER = new ClientMessages().call('_result', 1);

function greet() {
  const link = new MemoryLink();
  const heard: string[] = [];
  const greeting = new UpstreamGreeting(
    link,
    { connect: CONNECT, randomBytes: (lengthBytes) => filled(lengthBytes), isSigned: true, hopCount: 1 },
    {
      onShaken: () => heard.push('shaken'),
      onAnswer: () => heard.push('answer'),
      onEnded: ({ code }) => heard.push(`ended ${code}`),
    },
  );
  link.attach(greeting);
  link.wake();
  return { link, heard, greeting };
}

describe('UpstreamGreeting', () => {
  it('says the connect behind its handshake, and keeps the answer, however what comes is cut', () => {
    const all = join([serverHandshake(), ANSWER]);
    const cuts = [...everyTwoWaySplit(ANSWER)].map((two) => [serverHandshake(), ...two]);
    for (const pieces of [[all], splitEvery(all, 1), splitEvery(all, 1000), ...cuts]) {
      const { link, heard, greeting } = greet();
      for (const piece of pieces) link.push(piece);
      assert.deepEqual(heard, ['shaken', 'answer']);
      assert.equal(link.isPaused, true);
      assert.deepEqual(link.readPulled().subarray(1537 + 1536), Buffer.from(CONNECT));
      assert.deepEqual(join(greeting.answer), ANSWER);
      assert.deepEqual(greeting.takeUnsaid(), []);
    }
  });

  it('takes no answer to have begun before the header of a message is whole', () => {
    const { link, heard } = greet();
    link.push(join([serverHandshake(), ANSWER.subarray(0, 11)]));
    assert.deepEqual(heard, ['shaken']);
    link.push(ANSWER.subarray(11, 12));
    assert.deepEqual(heard, ['shaken', 'answer']);
  });

  it('keeps the connect for who comes next where its Link has not taken that', () => {
    const { link, heard, greeting } = greet();
    link.isHeld = true;
    link.push(join([serverHandshake(), ANSWER]));
    assert.deepEqual(heard, ['shaken', 'answer']);
    assert.deepEqual(join(greeting.takeUnsaid()).subarray(1536), CONNECT);
  });

  it('tells a fault at once: no handshake, no chunk stream, an end', () => {
    const faults: [Uint8Array, string][] = [
      [Buffer.from('HTTP/1.1 400'), 'ended rtmp-version-unsupported'],
      [join([serverHandshake(), Uint8Array.of(0xc9, 1)]), 'ended rtmp-chunk-header-without-start'],
    ];
    for (const [bytes, fault] of faults) {
      const { link, heard } = greet();
      link.push(bytes);
      assert.equal(heard.filter((one) => one !== 'shaken')[0], fault);
      assert.deepEqual(link.internalErrors, []);
    }
    const { link, heard } = greet();
    link.drop('peer-reset');
    assert.deepEqual(heard, ['ended peer-reset']);
  });
});
