// A gateway with a plain listener and one with TLS, the clients that come to them, and a client by WebSocket whose bytes
// the test reads and writes itself.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import WebSocket from 'ws';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { testFolder } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';

/** Starts a gateway with a plain listener and one with TLS; `port` is that of the plain one. */
export function startPair(
  t: TestContext,
  overrides: Parameters<typeof startTestGateway>[1] = {},
): Promise<TestGateway> {
  const listen = ['127.0.0.1:0', 'tls:127.0.0.1:0'];
  return startTestGateway(t, { listen, tls: { developmentFolder: testFolder() }, ...overrides });
}

/** How a client comes, to the ports of {@link startPair}. */
export const CLIENTS = {
  ws: (t: TestContext, [plain = 0]: readonly number[]) => TestClient.overWebSocket(t, plain, 'live'),
  wss: (t: TestContext, [, tls = 0]: readonly number[]) =>
    TestClient.overWebSocket(t, tls, 'live', { tls: true }),
  rtmp: (t: TestContext, [plain = 0]: readonly number[]) => TestClient.overTcp(t, plain, 'live'),
  rtmpt: (t: TestContext, [plain = 0]: readonly number[]) => TestClient.overTunnel(t, plain, 'live'),
};

/** The transports of the lines with that message, in order. */
export function transportsOf({ log }: TestGateway, message: string): unknown[] {
  return log
    .filter((line) => line.message === message)
    .map(({ fields }) => 'transport' in fields && fields.transport);
}

/** Asserts that nothing was logged as an error of ours. */
export function assertNoErrors({ log }: TestGateway): void {
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
  );
}

/** A WebSocket by the library, whose bytes the test reads and writes itself. */
export class PlainClient {
  readonly webSocket: WebSocket;
  readonly say = new ClientMessages();
  readonly #parts: Buffer[] = [];

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    webSocket.on('message', (data: Buffer) => this.#parts.push(data));
    webSocket.on('error', () => webSocket.terminate());
  }

  /** One that is connected to `live`. */
  static async connected(t: TestContext, port: number): Promise<PlainClient> {
    const client = new PlainClient(new WebSocket(`ws://127.0.0.1:${port}/rtmp`, 'rtmp'));
    t.after(() => client.webSocket.terminate());
    await once(client.webSocket, 'open');
    client.webSocket.send(Buffer.concat([clientHandshake(), client.say.connect('live')]));
    await until(() => client.heard.includes('Connect.Success'));
    return client;
  }

  /** All that came. */
  get heard(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Number and text of its close frame. */
  async closed(): Promise<readonly [number, string]> {
    const [code, text]: unknown[] = await once(this.webSocket, 'close');
    return [Number(code), String(text)];
  }
}
