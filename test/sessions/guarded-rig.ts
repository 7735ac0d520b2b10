// A server in memory whose application `members` asks an admission that the test gives.

import type { Admission, AdmissionRequest, Verdict } from '../../src/auth/admission.ts';
import type { ConnectionDeps } from '../../src/sessions/rtmp-connection.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { SessionRig, type TestPeer } from './session-rig.ts';

/** What an accepted client hears first. */
export const ACCEPTED: readonly string[] = [
  'window 2500000',
  'bandwidth 2500000 dynamic',
  'chunk size 60000',
];

/** A server whose application `members` asks `decide`; what it was asked is kept. */
export class GuardedRig extends SessionRig {
  readonly asked: AdmissionRequest[] = [];

  constructor(decide: () => Verdict | PromiseLike<Verdict>, deps: Partial<ConnectionDeps> = {}) {
    const asked: AdmissionRequest[] = [];
    const admission: Admission = {
      connect: (request) => {
        asked.push(request);
        return decide();
      },
    };
    super({ admissions: new Map([['members', admission]]), ...deps });
    this.asked = asked;
  }

  /** A connection that has said connect, with transaction id 5, and nothing else. */
  connecting(app = 'members', properties: Record<string, string> = {}): TestPeer {
    const peer = this.peer();
    peer.send(clientHandshake());
    peer.heard();
    peer.send(peer.say.command({}, 'connect', 5, { app, ...properties }));
    return peer;
  }
}

/** A verdict that the test gives later. */
export function later(): {
  promise: Promise<Verdict>;
  settle: (verdict: Verdict) => Promise<void>;
  fail: () => Promise<void>;
} {
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  const soon = (): Promise<void> => new Promise((done) => setImmediate(done));
  return {
    promise,
    settle: (verdict) => {
      resolve(verdict);
      return soon();
    },
    fail: () => {
      reject(new Error('the admission is broken'));
      return soon();
    },
  };
}
