/** A hash that distributes texts evenly, also in its low bits. It is not secret and is the same everywhere. */

/** FNV-1a over UTF-16 code units, finished by murmur3's mixing: 32 bits, unsigned. */
export function evenHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
