// Waiting for what a test cannot be told of.

/** LIMIT: what is waited for comes in milliseconds; a busy machine makes seconds of them. */
const LIMIT_MS = 10_000;

/** Resolves once `isTrue`, looking every few ms. @throws Error where it does not come true within ten seconds */
export async function until(isTrue: () => boolean): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS;
  while (!isTrue()) {
    if (performance.now() > limitMs) throw new Error(`waited ${LIMIT_MS} ms for ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
