// What a server session has dropped or ignored, by cause: none of it ends a connection unless it comes too often.

/** Counts since the start. */
export type SessionCounters = Record<
  | 'malformedControls'
  | 'malformedCommands'
  | 'malformedData'
  | 'malformedMedia'
  | 'unknownMessages'
  | 'strayMedia',
  number
>;

/** Counts of a session that begins. */
export function createSessionCounters(): SessionCounters {
  return {
    malformedControls: 0,
    malformedCommands: 0,
    malformedData: 0,
    malformedMedia: 0,
    unknownMessages: 0,
    strayMedia: 0,
  };
}
