// A real gateway behind a server that alters what it says: requests go on to it as they came, and a test changes single
// replies, or the paths. So a client that is signed, or that speaks AMF3, can be shown a reply that breaks it.

import { type Address, RawConnection, readReply, requestBytes } from '../../support/clients/raw-http.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/clients/scripted-server.ts';
import type { AnswerChange } from '../../support/clients/scripted-tunnel.ts';
import type { Cleaner } from '../../support/programs.ts';

/** Starts it in front of `gateway`; what `change` gives is answered in the place of the gateway's own reply. */
export async function startAlteredGateway(
  cleaner: Cleaner,
  gateway: Address,
  change: AnswerChange = () => null,
  pathOf: (path: string) => string = (path) => path,
): Promise<ScriptedServer> {
  const upstreams = new Map<number, RawConnection>();
  return startScriptedServer(cleaner, async (request) => {
    const { connectionNumber, requestLine, path, headerLines, body } = request;
    const upstream = upstreams.get(connectionNumber) ?? (await RawConnection.open(cleaner, gateway));
    upstreams.set(connectionNumber, upstream);
    upstream.write(requestBytes(requestLine.replace(path, pathOf(path)), headerLines, body));
    const answer = await readReply(upstream);
    const [, first = ''] = path.split('/');
    const head = [answer.statusLine, ...answer.headerLines, '', ''].join('\r\n');
    const reply = Buffer.concat([Buffer.from(head, 'latin1'), answer.body]);
    const verb = first === 'fcs' ? 'ident' : first;
    return change(request, { verb, body: answer.body, reply }) ?? reply;
  });
}
