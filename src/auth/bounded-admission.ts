// An admission with a bound on how many clients wait for its verdicts at one time. What hangs behind it (a database, a
// web hook) may stand still; clients that come then are told at once, and nothing grows with them.

import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { Admission, AdmissionRequest, Verdict } from './admission.ts';
import { isLater } from './admission.ts';
import { MAX_OPEN_QUESTIONS } from './limits.ts';

const TOO_MANY_QUESTIONS: Verdict = {
  type: 'reject',
  code: StatusCode.ConnectRejected,
  description: 'The server is busy. Please try again later.',
  reason: `More than ${MAX_OPEN_QUESTIONS} clients wait to be let in to the application.`,
  isStep: false,
};

/** Asks another admission while at most MAX_OPEN_QUESTIONS clients wait for it, and refuses beyond that. */
export class BoundedAdmission implements Admission {
  readonly #admission: Admission;
  #openQuestions = 0;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  connect(request: AdmissionRequest): Verdict | PromiseLike<Verdict> {
    if (this.#openQuestions >= MAX_OPEN_QUESTIONS) return TOO_MANY_QUESTIONS;
    const verdict = this.#admission.connect(request);
    if (!isLater(verdict)) return verdict;
    this.#openQuestions++;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.#openQuestions--;
      isOpen = false;
    };
    // WHY: nobody waits for it any more then, and an admission that never answers would be closed for good.
    request.signal.addEventListener('abort', close, { once: true });
    return Promise.resolve(verdict).finally(close);
  }
}

/** The same admissions with a bound each; one that serves several applications has one bound for all of them. */
export function boundedAdmissions(
  admissions: ReadonlyMap<string, Admission>,
): ReadonlyMap<string, BoundedAdmission> {
  const bounded = new Map(
    [...admissions.values()].map((admission) => [admission, new BoundedAdmission(admission)] as const),
  );
  const byApp = new Map<string, BoundedAdmission>();
  for (const [app, admission] of admissions) {
    const found = bounded.get(admission);
    if (found !== undefined) byApp.set(app, found);
  }
  return byApp;
}
