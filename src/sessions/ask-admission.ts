// Asks an application's admission about a client that wants to connect. The verdict may come at once, or later; one that
// comes when the client is gone finds nothing of it any more: a verdict that is slow, or never comes, holds no memory.

import type { Admission, AdmissionRequest, Verdict } from '../auth/admission.ts';
import { isLater } from '../auth/admission.ts';

/** WHY: one for all, since an error made at the abort would keep, by its stack, the connection that is to be let go. */
const WITHDRAWN = new DOMException('The client does not wait for the verdict any more.', 'AbortError');

/** Who waits for a verdict. */
export type Asker = {
  /** Called once at most. */
  readonly decide: (verdict: Verdict) => void;
  /** The error boundary of the connection: a verdict that comes later is decided on, or found wrong, inside of it. */
  readonly runLater: (work: () => void) => void;
};

/**
 * Has `asker` decide: before this returns where the admission knows, otherwise later.
 * @returns the question where it is still open, for whoever has to withdraw it; null where it is answered
 * @throws whatever the admission throws, and an Error of ours where its answer is no verdict
 */
export function askAdmission(
  admission: Admission,
  request: Omit<AdmissionRequest, 'signal'>,
  asker: Asker,
): OpenQuestion | null {
  const withdrawal = new AbortController();
  const verdict = admission.connect({ ...request, signal: withdrawal.signal });
  if (isLater(verdict)) return new OpenQuestion(verdict, asker, withdrawal);
  asker.decide(checked(verdict));
  return null;
}

/** A question that was not answered at once. */
export class OpenQuestion {
  readonly #withdrawal: AbortController;
  /** All that the pending verdict holds of the connection; null once it is answered or withdrawn. */
  #asker: Asker | null;

  constructor(verdict: PromiseLike<Verdict>, asker: Asker, withdrawal: AbortController) {
    this.#withdrawal = withdrawal;
    this.#asker = asker;
    Promise.resolve(verdict).then(
      (settled) => this.#settle(({ decide }) => decide(checked(settled))),
      (error: unknown) => {
        this.#settle(() => {
          throw error;
        });
      },
    );
  }

  /** Nobody waits for the verdict any more: lets go of the asker, and tells the admission. */
  withdraw(): void {
    if (this.#asker === null) return;
    this.#asker = null;
    this.#withdrawal.abort(WITHDRAWN);
  }

  #settle(work: (asker: Asker) => void): void {
    const asker = this.#asker;
    this.#asker = null;
    asker?.runLater(() => work(asker));
  }
}

/** The verdict as it is. @throws Error where it is none: a bug of the admission's, which may be in plain JavaScript */
function checked(verdict: Verdict): Verdict {
  const type: unknown = Object(verdict).type;
  if (type === 'accept' || type === 'reject') return verdict;
  throw new Error(`expected a verdict of type 'accept' or 'reject' of an admission, got ${String(type)}`);
}
