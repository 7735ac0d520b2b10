// How the room gets connections to upstreams: the composition root hands in who dials.

import type { Upstream } from '../config/routing.ts';
import type { Link, LinkFacts } from '../links/link.ts';

/**
 * Opens a Link to an upstream, without an endpoint; rejects where that fails, or at `signal`. `client` is whose address the
 * upstream is told, null where there is none. What it rejects with has a `code`: 'timeout' where connectTimeoutMs was too
 * little, 'turned-away' where the upstream hung up knowing whose connection it is.
 */
export type Dial = (upstream: Upstream, client: LinkFacts | null, signal: AbortSignal) => Promise<Link>;

/** The upstream of that name; one that the configuration does not have is a bug of ours, and throws. */
export type UpstreamOf = (name: string) => Upstream;
