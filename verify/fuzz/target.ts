/** What is fuzzed: where inputs come from, what is done with each, and what must hold of the outcome. */
import type { Random } from '../../bench/random.ts';

/** How one input was answered. */
export interface Verdict {
  /** One of a few words: the class of the outcome, for the table. */
  readonly outcome: string;
  /** Whether it got past what stands before the contents: the header, the container, the shape of the message. */
  readonly isPast: boolean;
}

/** Something that takes bytes from elsewhere. */
export interface Target {
  readonly name: string;
  /** Inputs out of a thousand, where targets share a number of them: more where one takes less time. */
  readonly weight: number;
  /** Shipped files and folders whose lines this target is meant to reach. */
  readonly covers: readonly string[];
  /** Makes ready what all inputs share. */
  readonly setUp?: () => Promise<void>;
  /** An input: the same for the same numbers. `index` counts the inputs from 0. */
  readonly input: (random: Random, index: number) => Uint8Array;
  /** Tries one input. @throws what no input may cause: a {@link Violation}, or whatever the tried code threw. */
  readonly run: (input: Uint8Array) => Verdict | Promise<Verdict>;
}

/** Something that must hold of every input does not. */
class Violation extends Error {
  override name = 'Violation';
}

/** @throws Violation unless the condition holds. */
export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message());
}

export const pick = <T>(items: readonly T[], random: Random): T => items[random.whole(0, items.length - 1)]!;
