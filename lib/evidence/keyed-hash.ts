/** HalfSipHash-2-4: a keyed 32-bit hash, so that an attacker cannot choose contacts that the sample leaves out. */
import { createHash } from 'node:crypto';

/** Two secret words. */
export type HashKey = readonly [number, number];

/** Derives the key from a deployment's secret text. */
export function hashKey(secret: string): HashKey {
  const digest = createHash('sha256').update(`sweepwatch sample key\n${secret}`).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/** Seven words. The length is part of the hashed message. */
const MESSAGE_BYTES = 28;

const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));

/**
 * Hash of seven words, unsigned. Follows Aumasson's reference implementation of HalfSipHash (github.com/veorq/SipHash),
 * 2 rounds a word and 4 at the end, over a message of 28 bytes.
 */
export function keyedHash(
  key: HashKey,
  m0: number,
  m1: number,
  m2: number,
  m3: number,
  m4: number,
  m5: number,
  m6: number,
): number {
  let v0 = key[0];
  let v1 = key[1];
  let v2 = 0x6c796765 ^ key[0];
  let v3 = 0x74656462 ^ key[1];
  const words = [m0, m1, m2, m3, m4, m5, m6, MESSAGE_BYTES << 24];
  // Two more steps than words: the finalization is four rounds without input.
  for (let step = 0; step < words.length + 2; step++) {
    const m = words[step] ?? 0;
    if (step === words.length) v2 ^= 0xff;
    v3 ^= m;
    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0;
      v1 = rotate(v1, 5) ^ v0;
      v0 = rotate(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotate(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotate(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotate(v1, 13) ^ v2;
      v2 = rotate(v2, 16);
    }
    v0 ^= m;
  }
  return (v1 ^ v3) >>> 0;
}
