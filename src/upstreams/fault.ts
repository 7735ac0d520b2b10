// Why a dial, a greeting or a check of an upstream failed, in two words: for who decides, and for the log.

/** What `error` is told by: its code, '' for a bug of ours, and its text. */
export function faultOf(error: unknown): { readonly code: string; readonly reason: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { code, reason: error instanceof Error ? error.message : String(error) };
}
