// How the load program makes its clients: viewers and publishers, over whatever carries them.

import { Histogram } from '../support/histogram.ts';
import type { LoadResult, TransportResult } from '../support/load-events.ts';
import { FaultKind, FaultList } from './fault-list.ts';
import { FlvMedia } from './flv-media.ts';
import type { LoadOptions } from './load-options.ts';
import type { StretchFigures } from './load-stretch.ts';
import { faultsOf } from './load-stretch.ts';
import { MediaPump } from './media-pump.ts';
import type { MediaSource } from './media-source.ts';
import { SyntheticMedia } from './media-source.ts';
import type { Address, TlsRecord } from './open-socket.ts';
import { Publisher } from './publisher.ts';
import { connectBytes, playBytes, publishBytes } from './rtmp-bytes.ts';
import type { PerScheme, Scheme } from './scheme.ts';
import { CARRIERS, perScheme, SCHEMES } from './scheme.ts';
import type { SentMessages } from './sent-messages.ts';
import { SocketTransport } from './socket-transport.ts';
import type { TransportFactory } from './transport.ts';
import type { TunnelContext } from './tunnel-transport.ts';
import { TunnelTransport } from './tunnel-transport.ts';
import type { ViewerOptions } from './viewer.ts';
import { Viewer } from './viewer.ts';
import type { CheckContext } from './viewer-check.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** What the viewers of one transport share. */
export type ViewersContext = CheckContext &
  TunnelContext & {
    readonly setups: Histogram;
    readonly tls: TlsRecord;
    /** How often something came while `isSteady`, over all viewers. */
    arrivals: number;
  };

type LiveSource = { readonly publisher: Publisher; readonly pump: MediaPump };

/** A run with one stream: its publisher, and what it sends. */
export type LiveRun = LiveSource & {
  readonly faults: FaultList;
  /** Rejects when the publisher fails: there is no run then. */
  readonly failed: Promise<never>;
};

/** Longest silence of a publisher's tunnel, ms: it polls then, for what the server has to say. */
const PUBLISHER_POLL_MS = 500;

/** A context of viewers who have seen nothing yet. */
export function viewersContext(options: LoadOptions, sent: SentMessages, faults: FaultList): ViewersContext {
  return {
    sent,
    faults,
    latencies: new Histogram(),
    setups: new Histogram(),
    frames: 0,
    arrivals: 0,
    requests: 0,
    tls: { ciphers: new Set() },
    isSteady: false,
    startsAtKeyframe: options.startsAtKeyframe,
    pollMs: options.pollMs,
    sendsAtOnce: false,
  };
}

/** Creates a viewer of `streamName`; it is not connected. */
export function createViewer(
  options: LoadOptions,
  scheme: Scheme,
  context: ViewersContext,
  viewer: Pick<ViewerOptions, 'name' | 'onBytes'> & { readonly streamName: string },
): Viewer {
  const { streamName, ...named } = viewer;
  const start = options.isIdle ? null : playBytes(streamName);
  const script = { connect: connectCommand(options, scheme), start };
  const connect = transportOf(options, scheme, context);
  const onArrival = (): void => {
    if (context.isSteady) context.arrivals++;
  };
  return new Viewer({ ...named, script, context, connect, onArrival });
}

/** Creates a publisher of `streamName`; it is not connected. */
export function createPublisher(
  options: LoadOptions,
  scheme: Scheme,
  streamName: string,
  onFailed: (text: string) => void,
): Publisher {
  const script = { connect: connectCommand(options, scheme), start: publishBytes(streamName) };
  const counts = { isSteady: false, requests: 0, tls: { ciphers: new Set<string>() } };
  const context = { pollMs: PUBLISHER_POLL_MS, sendsAtOnce: true, ...counts };
  const connect = transportOf(options, scheme, context);
  return new Publisher({ name: `publisher of ${streamName}`, script, connect, onFailed });
}

/** Publishes the one stream of a run. @throws Error where the server does not want it */
export async function startLive(options: LoadOptions): Promise<LiveRun> {
  const faults = new FaultList();
  const { promise, reject } = Promise.withResolvers<never>();
  const live = createSource(options, (text) => {
    faults.add(FaultKind.Connection, text);
    reject(new Error(text));
  });
  await Promise.race([live.publisher.start(), promise]);
  live.pump.start();
  if (options.isQuiet) live.pump.stop();
  return { ...live, faults, failed: promise };
}

function createSource(options: LoadOptions, onFailed: (text: string) => void): LiveSource {
  const { streamName, flvPath, startMs, publishPort } = options;
  const publisher = createPublisher(
    { ...options, port: publishPort },
    options.publishOver,
    streamName,
    onFailed,
  );
  const source: MediaSource = flvPath === null ? mediaOf(options) : new FlvMedia(flvPath);
  const write = (bytes: Buffer): void => publisher.send(bytes);
  return { publisher, pump: new MediaPump({ source, isStamped: flvPath === null, startMs, write }) };
}

/** Synthetic media as the command line wants it. */
export function mediaOf({ kbps, fps }: LoadOptions): SyntheticMedia {
  return new SyntheticMedia(kbps, fps);
}

/** All transports of a run with one stream. */
export type ViewersContexts = PerScheme<ViewersContext>;

/** Contexts of all transports. */
export function viewersContexts(options: LoadOptions, { pump, faults }: LiveRun): ViewersContexts {
  return perScheme(() => viewersContext(options, pump.sent, faults));
}

/** Turns counting on and off for all. */
export function setSteady(contexts: ViewersContexts, isSteady: boolean): void {
  for (const scheme of SCHEMES) contexts[scheme].isSteady = isSteady;
}

/** The part of a result that follows from the publisher and what the viewers have counted. */
export function liveResult(
  options: LoadOptions,
  { pump, faults }: LiveRun,
  contexts: ViewersContexts,
): Omit<LoadResult, keyof StretchFigures | 'basesMs'> {
  return {
    ...perScheme((scheme) => transportResult(options[scheme], contexts[scheme])),
    bare: null,
    publishers: 1,
    sentMessages: pump.sent.nextSequence,
    sendLateP99Ms: pump.lateness.percentileMs(0.99),
    ciphers: [...new Set(SCHEMES.flatMap((scheme) => [...contexts[scheme].tls.ciphers]))],
    ...faultsOf(faults),
  };
}

/** What a context has come to. */
export function transportResult(viewers: number, context: ViewersContext): TransportResult {
  const { latencies, setups, frames, arrivals, requests } = context;
  return {
    viewers,
    joins: setups.count,
    frames,
    arrivals,
    requests,
    latencyP50Ms: latencies.percentileMs(0.5),
    latencyP99Ms: latencies.percentileMs(0.99),
    latencyMaxMs: Math.round(latencies.maxMs * 10) / 10,
    setupP50Ms: setups.percentileMs(0.5),
    setupP99Ms: setups.percentileMs(0.99),
  };
}

/** Where clients of a scheme connect to; what they agree on over TLS is noted in `tls`. */
export function addressOf({ host, port, securePort }: LoadOptions, scheme: Scheme, tls: TlsRecord): Address {
  return CARRIERS[scheme].isSecure ? { host, port: securePort, tls } : { host, port };
}

function connectCommand({ host, port, securePort, app }: LoadOptions, scheme: Scheme): Buffer {
  const usedPort = CARRIERS[scheme].isSecure ? securePort : port;
  return connectBytes(app, `${scheme}://${host}:${usedPort}/${app}`);
}

function transportOf(
  options: LoadOptions,
  scheme: Scheme,
  context: TunnelContext & { readonly tls: TlsRecord },
): TransportFactory {
  const address = addressOf(options, scheme, context.tls);
  switch (CARRIERS[scheme].framing) {
    case 'none':
      return (listener) => new SocketTransport(address, listener);
    case 'tunnel':
      return (listener) => new TunnelTransport(address, context, listener);
    case 'websocket':
      return (listener) => new WebSocketTransport(address, listener);
  }
}
