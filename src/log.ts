// What the house needs of a logger; pino's has this shape. And how text of peers stands in its lines.

/** Writes lines of a level: fields for programs, a message for people. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  /** What an operator has to do something about before long; never what a peer does wrong. */
  warn(fields: object, message: string): void;
  /** A bug of ours. */
  error(fields: object, message: string): void;
}

/** `text` with what JSON leaves as it is written out: DEL, the C1 controls, the separators that some readers end a line
 * at, what is not seen or turns the direction of the text around it (Cf), and halves of surrogate pairs. */
export function printable(text: string): string {
  return text.replaceAll(/[\u007f-\u009f\u2028\u2029\p{Cf}\p{Cs}]/gu, (character) => {
    return Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }).join('');
  });
}
