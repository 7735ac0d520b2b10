// What the composition root decides for the tunnel's routes.

import type { IncomingMessage } from 'node:http';
import type { Guard } from '../../errors.ts';
import type { TunnelSettings } from '../../protocol/rtmpt/limits.ts';
import type { Link, Peer, Wheel } from '../link.ts';
import type { SessionCapsConfig } from './session-caps.ts';

/** The tunnel's part of the configuration. */
export type RtmptConfig = TunnelSettings &
  SessionCapsConfig & {
    /** Requests of one session a second, and at once; further ones wait. */
    readonly maxRequestsPerSecond: number;
    /** Time in ms that a connection which is full of replies may take none of them. */
    readonly writeTimeoutMs: number;
    /** Longest body of a request, in bytes; 16 MiB by default. */
    readonly maxBodyBytes: number;
    /** Least time in ms from one reply with media to the next, 0 or more: media gathers meanwhile. */
    readonly gatherTimeMs: number;
    /** Content-Type of replies, `application/x-fcs` by default; some clients take no other. */
    readonly contentType: string;
    /** Answer to /fcs/ident and /fcs/ident2: 404, or 200 with this text. */
    readonly ident: 'not-found' | { readonly text: string };
  };

/** What the composition root hands the plugin. */
export type RtmptPluginOptions = {
  readonly config: RtmptConfig;
  readonly wheel: Wheel;
  /** Cryptographically random bytes, as many as asked. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  readonly guard: Guard;
  /** Who sent a request. */
  readonly peerOf: (request: IncomingMessage) => Peer;
  /** A session was opened: attach an endpoint to it before returning, or close it, which answers /open with 503. */
  readonly onLink: (link: Link) => void;
  /** Counts one event, by the name of its metric or error code. */
  readonly count?: (name: string) => void;
};
