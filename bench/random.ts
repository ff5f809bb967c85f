/** A small seeded generator: the same numbers on every machine, which Math.random cannot promise. */

export interface Random {
  /** A number from 0 up to, and without, 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
}

/** FNV-1a over UTF-16 code units (Fowler, Noll, Vo), finished with murmur3's mixing: 32 bits. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Marsaglia's xorshift with 32 bits of state, started from a text. */
export function randomOf(seed: string): Random {
  let state = hash(seed) || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return { next, whole: (from, to) => from + Math.floor(next() * (to - from + 1)) };
}

/** The items in random order (Fisher, Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let last = all.length - 1; last > 0; last--) {
    const other = random.whole(0, last);
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}
