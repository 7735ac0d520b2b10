// All fuzz targets by name.

import type { FuzzTarget } from './support/fuzz-target.ts';
import { AMF0 } from './targets/amf0.ts';
import { AMF3 } from './targets/amf3.ts';
import { CHUNKS } from './targets/chunks.ts';
import { CLIENT_SESSION } from './targets/client-session.ts';
import { ENHANCED, FLV } from './targets/flv.ts';
import { HANDSHAKE } from './targets/handshake.ts';
import { LIVE_STREAM } from './targets/live-stream.ts';
import { MESSAGES } from './targets/messages.ts';
import { NAMES } from './targets/names.ts';
import { PROXY_HEADER } from './targets/proxy-header.ts';
import { REQUEST_PATH } from './targets/request-path.ts';
import { SERVER_SESSION } from './targets/server-session.ts';
import { CHUNK_WALKER, SPLICE } from './targets/splice.ts';
import { TUNNEL_SESSION } from './targets/tunnel-session.ts';

/** The targets, as `--target` names them. */
export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  amf0: AMF0,
  amf3: AMF3,
  handshake: HANDSHAKE,
  chunks: CHUNKS,
  messages: MESSAGES,
  flv: FLV,
  enhanced: ENHANCED,
  'server-session': SERVER_SESSION,
  'client-session': CLIENT_SESSION,
  'tunnel-session': TUNNEL_SESSION,
  'request-path': REQUEST_PATH,
  names: NAMES,
  'proxy-header': PROXY_HEADER,
  'live-stream': LIVE_STREAM,
  'chunk-walker': CHUNK_WALKER,
  splice: SPLICE,
};
