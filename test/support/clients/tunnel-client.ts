// What every emulated client can do, so that one scene joins any of them. Each has `received`, where tests wait.

import type { MediaMessage } from './numbered-media.ts';
import type { ReceivedMessages } from './received-messages.ts';

/** An emulated client that plays. */
export interface PlayingClient {
  readonly received: ReceivedMessages;
  /** Opens the tunnel and plays; resolves when the server has said so (NetStream.Play.Start). */
  play(app: string, streamName: string): Promise<void>;
  /** Ends as the real client does; resolves when its last request was written, or answered where it waits for that. */
  close(): Promise<void>;
}

/** An emulated client that publishes. */
export interface PublishingClient {
  readonly received: ReceivedMessages;
  /** Opens the tunnel and publishes; resolves when the real client would begin to send media. */
  publish(app: string, streamName: string): Promise<void>;
  /**
   * Takes one media message in, onMetaData without its @setDataFrame; resolves when the real client would take the
   * next one. What it has not flushed may not have left.
   */
  sendMedia(message: MediaMessage): Promise<void>;
  close(): Promise<void>;
}
