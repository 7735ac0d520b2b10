// The page at `/`: the addresses to publish to and to play from, on the listener that it was asked of. Text and style,
// no script.

import { createHash } from 'node:crypto';

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:44rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td{border-top:1px solid #8884;padding:.5rem 1rem .5rem 0;vertical-align:top}code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}`;

/** A host, with or without a port, as a browser sends it. */
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** SHA-256 of the page's style, in base64, as a Content-Security-Policy names it. */
export function startPageStyleHash(): string {
  return createHash('sha256').update(STYLE).digest('base64');
}

/**
 * The page, for a request to `host` with or without TLS. A host that is none is not repeated.
 * @param host the Host header of the request, as it came
 */
export function startPage(host: string, isTls: boolean): string {
  const shownHost = HOST.test(host) ? host : 'HOST';
  const s = isTls ? 's' : '';
  const rows = [
    ['RTMP', `rtmp${s}://${shownHost}/live/stream`, 'FFmpeg, OBS, encoders'],
    ['In HTTP requests', `rtmpt${s}://${shownHost}/live/stream`, 'where only HTTP gets out'],
    ['In a WebSocket', `ws${s}://${shownHost}/rtmp`, 'subprotocol rtmp, binary'],
  ];
  const body = rows
    .map(([way, url, forWhom]) => `<tr><td>${way}<td><code>${url}</code><td>${forWhom}`)
    .join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Culvert</title>
<style>${STYLE}</style>
<h1>Culvert</h1>
<p>An RTMP gateway. Publish to one of these, and play from any of them:
<table>
${body}
</table>
<p><code>live</code> is the application and <code>stream</code> the name; any of both will do.
`;
}
