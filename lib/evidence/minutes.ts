/** The minutes of an hour as 60 bits in two words of thirty. */

/** The first minute of a word, 0 to 29. */
export const firstMinute = (word: number): number => 31 - Math.clz32(word & -word);

/** A word without its first minute, 0 if it has no other. */
export const laterMinutes = (word: number): number => word & (word - 1);
