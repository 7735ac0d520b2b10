// Reads an FLV stream as it comes out of a program's pipe, tag by tag. [FLV E.2, E.4.1] Only what is needed to know a
// frame again: its type, and its payload without the five bytes in front of it, in which muxers write times of their own.

/** Type of a video tag. */
export const VIDEO_TAG = 9;

/** One tag. */
export type FlvTag = {
  readonly typeId: number;
  /** A view of its own buffer: the codec's bytes. */
  readonly frame: Buffer;
};

const FILE_HEADER_BYTES = 9 + 4;
const TAG_HEADER_BYTES = 11;
const PREVIOUS_TAG_SIZE_BYTES = 4;
const FRAME_OFFSET = 5;
const NO_BYTES = Buffer.alloc(0);

/** Reads one pipe. */
export class FlvTagReader {
  #bytes: Buffer = NO_BYTES;
  #isInTags = false;

  /** Takes in some bytes and gives the tags that are whole with them. @throws Error where it is no FLV */
  receive(bytes: Buffer): FlvTag[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#isInTags && !this.#skipHeader()) return [];
    const tags: FlvTag[] = [];
    while (this.#bytes.length >= TAG_HEADER_BYTES) {
      const end = TAG_HEADER_BYTES + this.#bytes.readUIntBE(1, 3);
      if (this.#bytes.length < end + PREVIOUS_TAG_SIZE_BYTES) break;
      const typeId = this.#bytes.readUInt8(0) & 0x1f;
      tags.push({ typeId, frame: this.#bytes.subarray(TAG_HEADER_BYTES + FRAME_OFFSET, end) });
      this.#bytes = this.#bytes.subarray(end + PREVIOUS_TAG_SIZE_BYTES);
    }
    return tags;
  }

  #skipHeader(): boolean {
    if (this.#bytes.length < FILE_HEADER_BYTES) return false;
    if (this.#bytes.toString('latin1', 0, 3) !== 'FLV') throw new Error('expected FLV from a pipe');
    this.#bytes = this.#bytes.subarray(FILE_HEADER_BYTES);
    this.#isInTags = true;
    return true;
  }
}
