// Waiting for what a test cannot be told of.

/** LIMIT: what is waited for comes in milliseconds; a busy machine makes seconds of them. */
const LIMIT_MS = 10_000;

/**
 * Resolves once `isTrue`, looking every ms.
 * @throws Error with `what` was waited for, where it does not come true within `limitMs`
 */
export async function until(
  isTrue: () => boolean,
  what: string | (() => string) = () => `${isTrue}`,
  limitMs = LIMIT_MS,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > endMs) {
      throw new Error(`waited ${limitMs} ms for ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
