// What is wrong with an entry of a list that has a syntax of its own.

/** A text that is not of its syntax. The message says why, and does not repeat the text. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
}
