/** HalfSipHash-2-4: a keyed 32-bit hash, so that an attacker cannot choose contacts that the sample leaves out. */

let key0: u32 = 0;
let key1: u32 = 0;

/** Sets the secret. */
export function setKey(first: u32, second: u32): void {
  key0 = first;
  key1 = second;
}

/** Seven words. The length is part of the hashed message. */
const MESSAGE_BYTES: u32 = 28;

let v0: u32 = 0;
let v1: u32 = 0;
let v2: u32 = 0;
let v3: u32 = 0;

// @ts-expect-error: decorator
@inline
function round(): void {
  v0 += v1;
  v1 = rotl(v1, 5) ^ v0;
  v0 = rotl(v0, 16);
  v2 += v3;
  v3 = rotl(v3, 8) ^ v2;
  v0 += v3;
  v3 = rotl(v3, 7) ^ v0;
  v2 += v1;
  v1 = rotl(v1, 13) ^ v2;
  v2 = rotl(v2, 16);
}

// @ts-expect-error: decorator
@inline
function absorb(word: u32): void {
  v3 ^= word;
  round();
  round();
  v0 ^= word;
}

/**
 * Hash of seven words. Follows Aumasson's reference implementation of HalfSipHash (github.com/veorq/SipHash), 2 rounds a
 * word and 4 at the end, over a message of 28 bytes.
 */
export function keyedHash(m0: u32, m1: u32, m2: u32, m3: u32, m4: u32, m5: u32, m6: u32): u32 {
  v0 = key0;
  v1 = key1;
  v2 = 0x6c796765 ^ key0;
  v3 = 0x74656462 ^ key1;
  absorb(m0);
  absorb(m1);
  absorb(m2);
  absorb(m3);
  absorb(m4);
  absorb(m5);
  absorb(m6);
  absorb(MESSAGE_BYTES << 24);
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return v1 ^ v3;
}
