/** The draws that a composed network is made of. All come from one seed. */
import { type Random, randomOf, shuffled } from '../../bench/random.ts';

export class Dice {
  readonly #seed: string;
  readonly #random: Random;

  constructor(seed: string) {
    this.#seed = seed;
    this.#random = randomOf(seed);
  }

  /** Dice of their own, so that what one actor draws does not change what another draws. */
  of(name: string): Dice {
    return new Dice(`${this.#seed}/${name}`);
  }

  /** From 0 up to, and without, 1. */
  share(): number {
    return this.#random.next();
  }

  isLikely(probability: number): boolean {
    return this.share() < probability;
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return this.#random.whole(from, to);
  }

  between(from: number, to: number): number {
    return from + this.share() * (to - from);
  }

  /** Between two positive numbers, small ones as likely as large ones: for durations, which span magnitudes. */
  spread(from: number, to: number): number {
    return from * (to / from) ** this.share();
  }

  /** Seconds until the next event of a Poisson process. */
  wait(meanSeconds: number): number {
    return -Math.log(1 - this.share()) * meanSeconds;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)]!;
  }

  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    return shuffled(items, this.#random);
  }

  /** Some of the items, in random order. */
  some<T>(items: readonly T[], count: number): T[] {
    return this.shuffle(items).slice(0, count);
  }
}
