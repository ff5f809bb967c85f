/** HalfSipHash-2-4 against a reference written byte by byte from the paper, and against a published vector. */
import { describe, expect, test } from '@jest/globals';
import { type HashKey, hashKey, keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import fc from '../../properties.ts';

/** HalfSipHash-2-4 with a 32-bit tag over any bytes, in exact integers (Aumasson and Bernstein, SipHash, section 2). */
function reference(key: Uint8Array, message: Uint8Array): number {
  const MASK = 0xffffffffn;
  const word = (bytes: Uint8Array, at: number) =>
    [0, 1, 2, 3].reduce((sum, i) => sum + (BigInt(bytes[at + i] ?? 0) << BigInt(8 * i)), 0n);
  const left = (value: bigint, by: bigint) => ((value << by) | (value >> (32n - by))) & MASK;
  const v = [word(key, 0), word(key, 4), 0x6c796765n ^ word(key, 0), 0x74656462n ^ word(key, 4)] as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const sipRound = () => {
    v[0] = (v[0] + v[1]) & MASK;
    v[1] = left(v[1], 5n);
    v[1] ^= v[0];
    v[0] = left(v[0], 16n);
    v[2] = (v[2] + v[3]) & MASK;
    v[3] = left(v[3], 8n);
    v[3] ^= v[2];
    v[0] = (v[0] + v[3]) & MASK;
    v[3] = left(v[3], 7n);
    v[3] ^= v[0];
    v[2] = (v[2] + v[1]) & MASK;
    v[1] = left(v[1], 13n);
    v[1] ^= v[2];
    v[2] = left(v[2], 16n);
  };
  const whole = message.length - (message.length % 4);
  const compress = (m: bigint) => {
    v[3] ^= m;
    sipRound();
    sipRound();
    v[0] ^= m;
  };
  for (let at = 0; at < whole; at += 4) compress(word(message, at));
  const tail = new Uint8Array(4);
  tail.set(message.subarray(whole));
  tail[3] = message.length & 255;
  compress(word(tail, 0));
  v[2] ^= 0xffn;
  for (let round = 0; round < 4; round++) sipRound();
  return Number(v[1] ^ v[3]);
}

const bytesOf = (words: readonly number[]) => {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) bytes.writeUInt32LE(word >>> 0, at * 4);
  return bytes;
};
const sequence = (length: number) => Uint8Array.from({ length }, (_, at) => at);
const wordsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 4 }, (_, at) => Buffer.from(bytes).readUInt32LE(at * 4));
type Seven = [number, number, number, number, number, number, number];

describe('the keyed hash', () => {
  test('equals the published HalfSipHash-2-4 vectors, and so does the reference', () => {
    // github.com/veorq/SipHash, vectors.h, vectors_hsip32: entries 0, 1, 7 and 28 (a message of 28 bytes).
    expect(reference(sequence(8), sequence(0))).toBe(0x5b9f35a9);
    expect(reference(sequence(8), sequence(1))).toBe(0xb85a4727);
    expect(reference(sequence(8), sequence(7))).toBe(0xc563cf8b);
    expect(reference(sequence(8), sequence(28))).toBe(0x004064b0);
    const key = wordsOf(sequence(8)) as unknown as HashKey;
    expect(keyedHash(key, ...(wordsOf(sequence(28)) as Seven))).toBe(0x004064b0);
  });

  test('equals the reference for any key and any seven words, signed or not', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.tuple(word, word), fc.tuple(word, word, word, word, word, word, word), (key, words) => {
        expect(keyedHash(key, ...words)).toBe(reference(bytesOf(key), bytesOf(words)));
      }),
      { numRuns: 300 },
    );
  });

  test('is keyed: another secret gives another order', () => {
    const order = (secret: string) => {
      const key = hashKey(secret);
      return Array.from({ length: 50 }, (_, port) => port)
        .sort((a, b) => keyedHash(key, 0, 0, 0, 0, 0, 0, a) - keyedHash(key, 0, 0, 0, 0, 0, 0, b))
        .join();
    };
    expect(order('one')).toBe(order('one'));
    expect(order('one')).not.toBe(order('two'));
  });
});
