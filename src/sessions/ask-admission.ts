// Asks an application's admission about a client that wants to connect. The verdict may come at once or later; a
// verdict that fails to come is an error of ours, and goes to the error boundary like any other.

import type { Admission, AdmissionRequest, Verdict } from '../auth/admission.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';

/**
 * Calls `decide` with the verdict: before it returns where the admission knows it, otherwise later, inside of
 * `runLater`, which is to be the error boundary of the connection. `decide` is called once at most; the connection may be
 * over by then.
 * @throws whatever the admission throws
 */
export function askAdmission(
  admission: Admission,
  request: AdmissionRequest,
  decide: (verdict: Verdict) => void,
  runLater: (work: () => void) => void,
): void {
  const verdict = admission.connect(request);
  if (!(verdict instanceof Promise)) {
    decide(verdict);
    return;
  }
  verdict.then(
    (settled) => runLater(() => decide(settled)),
    (error: unknown) => {
      runLater(() => {
        throw error;
      });
    },
  );
}

/** What an admission is told of a connect. */
export function admissionRequestOf(event: ConnectEvent, remoteAddress: string): AdmissionRequest {
  const { app, instance, query, tcUrl, flashVersion } = event;
  return { app, instance, query, tcUrl, flashVersion, remoteAddress };
}
