// Who may connect: the question that a connection asks before it answers a client's connect, and the answers there are.
// How an application's admission decides is its own affair; publish and play are not asked here.

import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import type { StatusCode } from '../protocol/rtmp/server/status.ts';

/** What is known of a client that wants to connect. `query` and `tcUrl` may hold secrets: they are not for the log. */
export type AdmissionRequest = Pick<ConnectEvent, 'app' | 'instance' | 'query' | 'tcUrl' | 'flashVersion'> & {
  /** The client's address, the real one where a trusted proxy told it. */
  readonly remoteAddress: string;
  /**
   * Aborted when the client is gone or given up before the verdict: what is still under way for it can be left, and how
   * it ends, by a verdict or an error, counts for nothing any more. Never aborted behind the verdict.
   */
  readonly signal: AbortSignal;
};

/** The answer to a client that wants to connect. */
export type Verdict =
  | { readonly type: 'accept' }
  | {
      readonly type: 'reject';
      /** Status that the client is told, with `description`, before its connection is closed. */
      readonly code: StatusCode;
      readonly description: string;
      /** Why, for the log: without anything secret. */
      readonly reason: string;
      /** True where a refusal is a step on the way in, which every client takes; it is logged at debug level. */
      readonly isStep: boolean;
    };

/** Decides who may connect to an application. To throw, or to reject the promise, is a bug and ends the connection. */
export interface Admission {
  /** Asked once a connect. The client waits for it, at most until it is given up for not having connected in time. */
  connect(request: AdmissionRequest): Verdict | PromiseLike<Verdict>;
}

/** True where a verdict comes later: whatever has a `then`, as for `await`. */
export function isLater(verdict: Verdict | PromiseLike<Verdict>): verdict is PromiseLike<Verdict> {
  return typeof verdict === 'object' && verdict !== null && 'then' in verdict;
}
