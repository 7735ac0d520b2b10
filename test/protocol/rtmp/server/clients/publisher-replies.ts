// What publishers wait for around their publish, as lines, and media as they send them.

/** An access unit of AVC without pictures, a keyframe. */
export const ACCESS_UNIT = Uint8Array.of(0x17, 1, 0, 0, 0);
export const ACCESS_UNIT_HEX = '1701000000';

/** A sequence header of AAC-LC. */
export const AAC_HEADER = Uint8Array.of(0xaf, 0, 0x12, 0x10);

/** FCPublish of transaction `id`, answered by result and notice. */
export function fcPublished(id: number, name = 'key'): string[] {
  const info = `{code: "NetStream.Publish.Start", description: "${name}"}`;
  return [`0 _result ${id} null undefined`, `0 onFCPublish 0 null ${info}`];
}

/** FCUnpublish of transaction `id`, answered by result and notice. */
export function fcUnpublished(id: number, name = 'key'): string[] {
  const info = `{code: "NetStream.Unpublish.Success", description: "${name}"}`;
  return [`0 _result ${id} null undefined`, `0 onFCUnpublish 0 null ${info}`];
}
