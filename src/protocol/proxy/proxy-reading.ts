// What became of reading a PROXY header. That bytes are missing, or wrong, is an answer and no error: what it means to
// the connection is decided where it is known whether the sender may send a header at all.

/** The client as a proxy tells it. */
export type ProxySource = {
  /** IPv4 or IPv6 as text, in the one form that sockets give; IPv4 is never written as IPv6. */
  readonly address: string;
  /** 0 to 65,535. */
  readonly port: number;
};

/**
 * What stands at the start of a connection: too little to say, no valid header (the message names what was expected and
 * what was found), or a header of `lengthBytes`. `source` is null where the sender speaks for itself.
 */
export type ProxyReading =
  | { readonly type: 'incomplete' }
  | { readonly type: 'invalid'; readonly message: string }
  | { readonly type: 'header'; readonly lengthBytes: number; readonly source: ProxySource | null };

/** More bytes are needed. */
export const INCOMPLETE: ProxyReading = { type: 'incomplete' };

/** No bytes that follow could make this a header. */
export function invalidReading(expected: string, found: string): ProxyReading {
  return { type: 'invalid', message: `expected ${expected}, found ${found}` };
}
