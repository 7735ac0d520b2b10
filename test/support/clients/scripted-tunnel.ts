// A tunnel that does everything right, for the scripted server: opens, shakes hands, answers connect, createStream,
// publish and play. A test lets it answer all requests but the one with which it breaks the client.

import type { Cleaner } from '../programs.ts';
import { commandIn, MessageReader } from './message-reader.ts';
import {
  ChunkWriter,
  c0c1,
  MessageType,
  PACKET_BYTES,
  type RtmpMessage,
  SERVER_HANDSHAKE_BYTES,
} from './rtmp-bytes.ts';
import {
  type ScriptedAnswer,
  type ScriptedRequest,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';

/** What the tunnel would answer, for a test that changes it. */
export type ProperAnswer = {
  /** ident, open, send, idle or close. */
  readonly verb: string;
  /** The body of the proper reply: polling byte and whole messages, or the id and LF; empty with 404. */
  readonly body: Buffer;
  /** The whole proper reply. */
  readonly reply: Buffer;
};

/** Gives another answer than the proper one, or null to leave it. */
export type AnswerChange = (request: ScriptedRequest, proper: ProperAnswer) => ScriptedAnswer | null;

/** Changes the answer to one request only: the one of this verb with this index, from 0. */
export function changeOnly(
  verb: string,
  index: number,
  change: (proper: ProperAnswer, request: ScriptedRequest) => ScriptedAnswer | null,
): AnswerChange {
  let seen = 0;
  return (request, proper) => (proper.verb === verb && seen++ === index ? change(proper, request) : null);
}

const CLIENT_HANDSHAKE_BYTES = 1 + 2 * PACKET_BYTES;

/** The reply that every client understands, with this body. */
export function properReply(body: Uint8Array): Buffer {
  return replyWith('HTTP/1.1 200 OK', PROPER_HEADER_LINES, body);
}

/** Header lines of a proper reply, without the length. */
export const PROPER_HEADER_LINES: readonly string[] = [
  'Content-Type: application/x-fcs',
  'Cache-Control: no-cache',
  'Connection: Keep-Alive',
];

/** A reply with any status line and header lines, `Content-Length` behind them. */
export function replyWith(statusLine: string, headerLines: readonly string[], body: Uint8Array): Buffer {
  const head = [statusLine, ...headerLines, `Content-Length: ${body.length}`, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** Starts a server of one session that does everything right but for what `change` answers in its place. */
export async function startScriptedTunnel(
  cleaner: Cleaner,
  change: AnswerChange = () => null,
  sessionId = 'A1B2C3D4E5',
): Promise<ScriptedServer & { readonly tunnel: ScriptedTunnel }> {
  const tunnel = new ScriptedTunnel(sessionId);
  const server = await startScriptedServer(cleaner, (request) => {
    const proper = tunnel.answer(request);
    return change(request, proper) ?? proper.reply;
  });
  return { ...server, tunnel };
}

/** One session of a server that does everything right. */
export class ScriptedTunnel {
  /** What the client has said behind its handshake. */
  readonly heard: RtmpMessage[] = [];
  readonly writer = new ChunkWriter();
  readonly #sessionId: string;
  readonly #reader = new MessageReader();
  #handshakeBytes = 0;
  #pending: Buffer[] = [];

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  /** Queues bytes for the next reply to a send or an idle. */
  say(bytes: Uint8Array): void {
    this.#pending.push(Buffer.from(bytes));
  }

  /** What a good server answers to this request. */
  answer(request: ScriptedRequest): ProperAnswer {
    const verb = request.path.split('/')[1] === 'fcs' ? 'ident' : (request.path.split('/')[1] ?? '');
    if (verb === 'ident' || !this.#isKnown(verb, request.path)) {
      const reply = replyWith('HTTP/1.1 404 Not Found', PROPER_HEADER_LINES.slice(1), Buffer.alloc(0));
      return { verb, body: Buffer.alloc(0), reply };
    }
    const body = this.#bodyFor(verb, request);
    return { verb, body, reply: properReply(body) };
  }

  #isKnown(verb: string, path: string): boolean {
    return verb === 'open' || path.split('/')[2] === this.#sessionId;
  }

  #bodyFor(verb: string, request: ScriptedRequest): Buffer {
    if (verb === 'open') return Buffer.from(`${this.#sessionId}\n`, 'latin1');
    if (verb === 'close') return Buffer.of(0);
    if (verb === 'send') this.#feed(request.body);
    return Buffer.concat([Buffer.of(1), ...this.#pending.splice(0)]);
  }

  #feed(body: Buffer): void {
    const wasBytes = this.#handshakeBytes;
    const takenBytes = Math.min(body.length, CLIENT_HANDSHAKE_BYTES - wasBytes);
    this.#handshakeBytes += takenBytes;
    if (wasBytes <= PACKET_BYTES && this.#handshakeBytes > PACKET_BYTES) this.say(serverHandshake());
    for (const message of this.#reader.receive(body.subarray(takenBytes))) {
      this.heard.push(message);
      this.#answerCommand(message);
    }
  }

  #answerCommand(message: RtmpMessage): void {
    const command = commandIn(message);
    if (command === null) return;
    const { name, transactionId } = command;
    const stream = { chunkStreamId: 5, messageStreamId: message.messageStreamId };
    switch (name) {
      case 'connect':
        this.say(this.writer.control(MessageType.WindowAckSize, 2_500_000));
        this.say(this.writer.setChunkSize(4096));
        this.#say(
          '_result',
          transactionId,
          { fmsVer: 'FMS/3,5,3,888' },
          status('NetConnection.Connect.Success'),
        );
        return;
      case 'createStream':
        this.#say('_result', transactionId, null, 1);
        return;
      case 'publish':
        this.say(this.writer.command('onStatus', 0, [null, status('NetStream.Publish.Start')], stream));
        return;
      case 'play':
        this.say(this.writer.userControl(0, message.messageStreamId));
        this.say(this.writer.command('onStatus', 0, [null, status('NetStream.Play.Start')], stream));
        return;
      default:
    }
  }

  #say(
    name: string,
    transactionId: number,
    object: Parameters<ChunkWriter['command']>[2][0],
    info: typeof object,
  ): void {
    this.say(this.writer.command(name, transactionId, [object, info]));
  }
}

/** S0, S1 and S2 of a plain server: version zeros, so that no client looks for a digest. */
export function serverHandshake(): Buffer {
  const s0s1 = c0c1();
  return Buffer.concat([s0s1, s0s1.subarray(1)]).subarray(0, SERVER_HANDSHAKE_BYTES);
}

function status(code: string): { level: string; code: string; description: string } {
  return { level: 'status', code, description: `said ${code}` };
}
