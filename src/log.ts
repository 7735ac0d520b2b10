// What the house needs of a logger; pino's has this shape.

/** Writes lines of a level: fields for programs, a message for people. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  /** What an operator has to do something about before long; never what a peer does wrong. */
  warn(fields: object, message: string): void;
  /** A bug of ours. */
  error(fields: object, message: string): void;
}
