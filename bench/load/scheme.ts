// What can carry a client's RTMP bytes to the server, by the schemes of URLs: `ws` and `wss` are RTMP over WebSocket.

/** All of them, in the order in which they are measured and told. */
export const SCHEMES = ['rtmp', 'rtmpt', 'rtmps', 'rtmpts', 'ws', 'wss'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** What the bytes stand in on the connection. */
export type Framing = 'none' | 'tunnel' | 'websocket';

/** A way for them. */
export type Carrier = {
  readonly framing: Framing;
  /** True where all of it is in TLS. */
  readonly isSecure: boolean;
  /** The plain one whose cost this one's is told beside; null of those. */
  readonly base: Scheme | null;
};

/** Something of each scheme. */
export type PerScheme<T> = Readonly<Record<Scheme, T>>;

/** The ways. */
export const CARRIERS: PerScheme<Carrier> = {
  rtmp: { framing: 'none', isSecure: false, base: null },
  rtmpt: { framing: 'tunnel', isSecure: false, base: null },
  rtmps: { framing: 'none', isSecure: true, base: 'rtmp' },
  rtmpts: { framing: 'tunnel', isSecure: true, base: 'rtmpt' },
  ws: { framing: 'websocket', isSecure: false, base: 'rtmp' },
  wss: { framing: 'websocket', isSecure: true, base: 'rtmp' },
};

/** Those that no server's polls carry: the server writes when it likes. */
export const STREAMING_SCHEMES: readonly Scheme[] = SCHEMES.filter(
  (scheme) => CARRIERS[scheme].framing !== 'tunnel',
);

/** Makes something of each scheme. */
export function perScheme<T>(make: (scheme: Scheme) => T): PerScheme<T> {
  return {
    rtmp: make('rtmp'),
    rtmpt: make('rtmpt'),
    rtmps: make('rtmps'),
    rtmpts: make('rtmpts'),
    ws: make('ws'),
    wss: make('wss'),
  };
}

/** One entry for each client, by how many there are of each scheme. */
export function schemeOfEach(counts: PerScheme<number>): Scheme[] {
  return SCHEMES.flatMap((scheme) => Array<Scheme>(counts[scheme]).fill(scheme));
}
