// What the load program says to whoever started it: one JSON line an event on its standard output.

import type { PerScheme } from '../load/scheme.ts';

/** What was measured over one transport. */
export type TransportResult = {
  readonly viewers: number;
  /** How many times a viewer joined: more than there are viewers where they come and go. */
  readonly joins: number;
  /** Frames that came in the measured stretch, over all viewers. */
  readonly frames: number;
  /** How often something came in that stretch, over all viewers: reads close to each other are one arrival. */
  readonly arrivals: number;
  /** Requests that were answered in the measured stretch; 0 but for tunnels. */
  readonly requests: number;
  /** Sending to arrival, ms; null where nothing came. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly latencyMaxMs: number;
  /** Connecting to the first frame, ms. */
  readonly setupP50Ms: number | null;
  readonly setupP99Ms: number | null;
};

/** What clients without RTMP got, or sent, in the measured stretch. */
export type BareResult = {
  readonly clients: number;
  /** Bytes of all of them together. */
  readonly bytes: number;
  /** How often something came, over all of them. */
  readonly arrivals: number;
  /** Replies; 0 but for those that poll. */
  readonly requests: number;
};

/** What a flood of hostile requests came to. */
export type HostileResult = {
  readonly requests: number;
  /** Answers by kind of request and status; `none` where none came. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Statuses with which the gateway refused sessions that came in crowds; null where it did not. */
  readonly refusals: { readonly ofOneAddress: number | null; readonly withoutHandshake: number | null };
  /** The longest time in which nothing came to the viewer over RTMP, and to the one through the tunnel, ms. */
  readonly rtmpPauseMs: number;
  readonly rtmptPauseMs: number;
  /** The longest time for which this program's own events had to wait, ms: it is in those pauses. */
  readonly ownDelayMs: number;
};

/** The result of a load run. Of each scheme its viewers; none where a run has none of it. */
export type LoadResult = PerScheme<TransportResult> & {
  /** Clients of a floor; null in every other run. */
  readonly bare: BareResult | null;
  /** Of a run with hostile requests alone. */
  readonly hostile?: HostileResult;
  readonly publishers: number;
  /** Length of the measured stretch by this program's clock. */
  readonly measuredMs: number;
  /** Over all publishers. */
  readonly sentMessages: number;
  /** How late frames were sent, ms. */
  readonly sendLateP99Ms: number | null;
  /** Publisher's time minus stream time, ms: each base that a viewer saw, once. */
  readonly basesMs: readonly number[];
  /** Versions and ciphers that clients over TLS agreed on with the server, each pair once. */
  readonly ciphers: readonly string[];
  /** The load program's own CPU time over the measured stretch, as a share of one core. */
  readonly loadCpuShare: number;
  /** True where that was too much for the figures to mean anything. */
  readonly isVoid: boolean;
  /** Faults by kind; empty where all was right. */
  readonly faults: Readonly<Record<string, number>>;
  readonly faultTexts: readonly string[];
};

/** One line of the load program. */
export type LoadEvent =
  | { readonly type: 'publishing' }
  | { readonly type: 'steady' }
  | { readonly type: 'steady-end' }
  /** A moment to weigh the gateway at. */
  | { readonly type: 'weigh' }
  | { readonly type: 'result'; readonly result: LoadResult };

/** Above this share of its core a load program measures itself. */
export const MAX_LOAD_CPU_SHARE = 0.8;
