// How long a text is on the wire, for lengths that stand in front of it.

/** Length of `text` as UTF-8, in bytes, without making them; a lone surrogate becomes U+FFFD. */
export function utf8LengthBytes(text: string): number {
  let lengthBytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) lengthBytes += 1;
    else if (unit < 0x800) lengthBytes += 2;
    else lengthBytes += 3;
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        lengthBytes += 1;
        index += 1;
      }
    }
  }
  return lengthBytes;
}
