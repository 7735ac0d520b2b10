// The one kind of error that a peer's bytes can cause. Everything a peer may send wrong is a
// ProtocolError with a stable code; an ordinary Error thrown from protocol/ is a bug of ours.

/** A peer broke the protocol. `code` is stable and documented in docs/errors.md. */
export abstract class ProtocolError extends Error {
  abstract readonly code: string;
}
