// One POST and its reply, as undici tells of it. It ends in exactly one outcome; what undici says afterwards is ignored.

import type { Dispatcher } from 'undici';
import type { CertificateFault } from '../dial/certificate-judgement.ts';
import { CertificateError } from './lane-dispatcher.ts';

/** How a POST ended. */
export type PostOutcome =
  | {
      readonly type: 'reply';
      readonly statusCode: number;
      /** The body as it came: views that nobody writes to any more. */
      readonly parts: readonly Uint8Array[];
      readonly lengthBytes: number;
    }
  | { readonly type: 'too-large' }
  | {
      readonly type: 'failed';
      /** What happened; holds no path, no header and no URL. */
      readonly text: string;
      /** True where nothing of the request can have left. */
      readonly isUnsent: boolean;
      /** What is wrong with the server's certificate, where that is why. */
      readonly certificateFault?: CertificateFault;
    };

/** Codes of what fails while a connection is opened, and at no other time. */
const UNSENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Hears of one POST. */
export class PostExchange implements Dispatcher.DispatchHandler {
  readonly #maxReplyBytes: number;
  readonly #done: (outcome: PostOutcome) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #statusCode = 0;
  readonly #parts: Uint8Array[] = [];
  #lengthBytes = 0;
  #isOver = false;
  #isAbandoned = false;

  constructor(maxReplyBytes: number, done: (outcome: PostOutcome) => void) {
    this.#maxReplyBytes = maxReplyBytes;
    this.#done = done;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) this.#abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    this.#statusCode = statusCode;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#lengthBytes += chunk.length;
    if (this.#lengthBytes <= this.#maxReplyBytes) {
      this.#parts.push(chunk);
      return;
    }
    this.#end({ type: 'too-large' });
    this.#abort();
  }

  onResponseEnd(): void {
    this.#end({
      type: 'reply',
      statusCode: this.#statusCode,
      parts: this.#parts,
      lengthBytes: this.#lengthBytes,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    const text = error.message === '' ? code : `${error.message} (${code})`;
    const isUnsent = UNSENT_CODES.has(code);
    const certificate = error instanceof CertificateError ? { certificateFault: error.fault } : {};
    if (this.#isOver) return;
    this.#isOver = true;
    // WHY: undici says so in the middle of taking the connection down, and fails on a new request in there.
    queueMicrotask(() => {
      if (!this.#isAbandoned) this.#done({ type: 'failed', text, isUnsent, ...certificate });
    });
  }

  /** Nobody waits for it any more: there is no outcome. */
  abandon(): void {
    this.#isOver = true;
    this.#isAbandoned = true;
    this.#abort();
  }

  #end(outcome: PostOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#done(outcome);
  }

  #abort(): void {
    this.#controller?.abort(new Error('the reply is not waited for any more'));
  }
}
