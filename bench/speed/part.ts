/** What a part of the benchmark is given, and what it gives back. */
import type { Table } from '../table.ts';
import type { Verdict } from './budgets.ts';

/** How much is measured. */
export interface Scale {
  /** Records of an ordinary log. The small log has a tenth of them. */
  readonly records: number;
  readonly rounds: number;
  readonly noiseSources: number;
  readonly probes: number;
  readonly sources: number;
  readonly scanners: number;
  readonly interfaces: number;
  /** Unpacked size of a bomb. */
  readonly bombBytes: number;
  readonly deliveries: number;
  /** Size of an audit log. */
  readonly auditBytes: number;
}

export const FULL: Scale = {
  records: 5_000_000,
  rounds: 5,
  noiseSources: 1_000_000,
  probes: 10_000_000,
  sources: 100_000,
  scanners: 10_000,
  interfaces: 10_000,
  bombBytes: 2 ** 31,
  deliveries: 100,
  auditBytes: 10 ** 9,
};

export const QUICK: Scale = {
  records: 300_000,
  rounds: 2,
  noiseSources: 30_000,
  probes: 300_000,
  sources: 2000,
  scanners: 200,
  interfaces: 2000,
  bombBytes: 2 ** 28,
  deliveries: 5,
  auditBytes: 10 ** 8,
};

export interface Section {
  readonly verdicts: readonly Verdict[];
  readonly tables: readonly Table[];
  /** A picture beside the page: its file, what it shows in words, and its text. */
  readonly figure?: { readonly file: string; readonly alternative: string; readonly svg: string };
  /** What the tables do not say. */
  readonly text: string;
}

export type Part = (scale: Scale) => Promise<Section>;

export const SEED = 'bench';
