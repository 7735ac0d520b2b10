// A connection's way into an application: its connect, the application's admission, and the answer.

import type { Admission, Verdict } from '../auth/admission.ts';
import type { LinkFacts } from '../links/link.ts';
import { type Front, type Passage, refusalOfHops } from '../links/passage.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import type { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { OpenQuestion } from './ask-admission.ts';
import { askAdmission } from './ask-admission.ts';
import { type Refusal, UNAVAILABLE } from './refusal.ts';
import type { SessionLog } from './session-log.ts';

/** What an entrance needs of its connection. */
export type EntranceDeps = {
  readonly session: RtmpServerSession;
  readonly log: SessionLog;
  readonly refusal: Refusal;
  /** Who may connect, by application; whoever likes where an application has none. */
  readonly admissions: ReadonlyMap<string, Admission>;
  readonly facts: LinkFacts;
  /** Where clients are passed on to; null where the gateway serves them all. */
  readonly front: Front | null;
  /** Has the client go on elsewhere. */
  readonly passOn: (passage: Passage) => void;
  /** The connection's error boundary, for a verdict that comes later; works off what comes up behind it. */
  readonly runLater: (work: () => void) => void;
};

/** Lets one client in, or refuses it. */
export class Entrance {
  readonly #deps: EntranceDeps;
  #app = '';
  #question: OpenQuestion | null = null;

  constructor(deps: EntranceDeps) {
    this.#deps = deps;
  }

  /** The application that the client asked for, with its instance; '' before. */
  get app(): string {
    return this.#app;
  }

  /** Answers a connect, now or later. @throws whatever the application's admission throws */
  connect(event: ConnectEvent): void {
    const { app, instance, query, tcUrl, flashVersion } = event;
    this.#app = instance === '' ? app : `${app}/${instance}`;
    const { admissions, facts, runLater } = this.#deps;
    const { remoteAddress } = facts;
    const admission = admissions.get(app);
    if (admission === undefined) {
      this.#judge(event, { type: 'accept' });
      return;
    }
    const request = { app, instance, query, tcUrl, flashVersion, remoteAddress };
    const decide = (verdict: Verdict): void => this.#judge(event, verdict);
    this.#question = askAdmission(admission, request, { decide, runLater });
  }

  /** The connection is over: whatever verdict still comes counts for nothing. */
  close(): void {
    this.#question?.withdraw();
    this.#question = null;
  }

  #judge(event: ConnectEvent, verdict: Verdict): void {
    const { session, log, refusal, front, facts } = this.#deps;
    const { flashVersion } = event;
    if (verdict.type === 'reject') {
      log.refused(this.#app, flashVersion, verdict.isStep);
      session.rejectConnect(verdict.code, verdict.description);
      refusal.refused({ code: 'rtmp-connect-refused', message: verdict.reason });
      return;
    }
    const route = front?.routeOf(event, facts, session.hopCount) ?? 'here';
    const circle = route === 'here' ? null : refusalOfHops(session.hopCount);
    if (circle !== null) {
      session.rejectConnect(StatusCode.ConnectRejected, UNAVAILABLE);
      refusal.refused({ code: 'upstream-loop', message: circle });
      return;
    }
    // WHY: first, for accepting reads on, and what it reads may end the session.
    log.connected(this.#app, flashVersion, session.isEncrypted);
    if (route === 'here') session.acceptConnect();
    else this.#deps.passOn(route);
  }
}
