// Which headers a late joiner must get, kept without the help of src's own keeping: the newest data of each handler, and
// the newest sequence header of each track where that came in a message of one track. A message of several tracks is cut
// down for late joiners, so that it has no bytes to look for; it takes the place of what its tracks had, and so does a header
// of a codec that is not known.

import type { MediaHeader } from '../../src/protocol/flv/media-record.ts';

/** The newest headers of one publish. */
export class HeadersInForce {
  readonly #payloads = new Map<string, Buffer>();

  /** All of them: what they are, and their bytes. */
  get all(): Iterable<readonly [string, Buffer]> {
    return this.#payloads;
  }

  /** Takes note of an audio or video message that was passed on. */
  saw(media: 'audio' | 'video', header: MediaHeader, payload: Buffer): void {
    for (const { kind, trackId } of header.tracks ?? [header]) {
      if (kind !== 'sequence-header' && kind !== 'unknown-header') continue;
      const key = `the ${media} header of track ${trackId}`;
      if (kind === 'sequence-header' && header.tracks === null) this.#payloads.set(key, payload);
      else this.#payloads.delete(key);
    }
  }

  /** Takes note of data to be kept. */
  set(handler: string, payload: Buffer): void {
    this.#payloads.set(`data of ${handler}`, payload);
  }

  /** Takes note that data are to be forgotten. */
  cleared(handler: string): void {
    this.#payloads.delete(`data of ${handler}`);
  }
}
