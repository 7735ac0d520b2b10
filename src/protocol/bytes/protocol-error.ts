// The one kind of error that a peer's bytes can cause. Everything a peer may send wrong is a
// ProtocolError with a stable code; an ordinary Error thrown from protocol/ is a bug of ours.

/** A peer broke the protocol. The message names what was expected and what came; `code` is of docs/errors.md. */
export abstract class ProtocolError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
