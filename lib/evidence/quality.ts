/** The limits of the logs, as bits that can be united, and the sentence that each bit stands for in a finding. */
import type { ColumnMap } from '../flowlog/columns.ts';
import { LOSSES, type LossSubject, lossesWithout, WITHOUT_FLAGS } from '../flowlog/read-columns.ts';
import type { Identity } from './interfaces.ts';

export { WITHOUT_FLAGS };
export const SKIPPED_RECORDS = 4;
export const LONG_AGGREGATION = 8;
export const SAMPLED = 16;
export const TRANSIT_GATEWAY = 32;
export const DROPPED = 64;

interface Limit {
  readonly bit: number;
  readonly about: LossSubject;
  readonly text: string;
}

/** Limits of the log's content, in addition to missing columns. */
const LIMITS: readonly Limit[] = [
  {
    bit: SKIPPED_RECORDS,
    about: 'contacts',
    text: 'SKIPDATA: AWS dropped flow log records of an interface involved, so contacts may be missing',
  },
  {
    bit: LONG_AGGREGATION,
    about: 'contacts',
    text: 'aggregation above 90 seconds: times and order of contacts are approximate',
  },
  {
    bit: SAMPLED,
    about: 'contacts',
    text: 'some contacts exceed the limit per source and hour: their counts are estimates from a uniform sample',
  },
  {
    bit: DROPPED,
    about: 'contacts',
    text: 'memory limit reached: the least suspicious sources were dropped, and early contacts of this source may be missing',
  },
  {
    bit: TRANSIT_GATEWAY,
    about: 'contacts',
    text: 'transit gateway log: it has no action and no interface, so outcomes are inferred from tcp-flags and lost packets, and the instance is unknown',
  },
];

const SENTENCES: readonly Limit[] = [
  ...LOSSES.map(({ bit, about, columns, text }) => ({ bit, about, text: `no ${listed(columns)} in the log: ${text}` })),
  ...LIMITS,
];

/**
 * Bits for what no record with these columns can show. A transit gateway log has no interfaces, which has its own
 * sentence.
 */
export function qualityOfColumns(columns: ColumnMap): number {
  const losses = lossesWithout((name) => columns.indexOf(name) >= 0);
  return columns.kind === 'vpc' ? losses : TRANSIT_GATEWAY | (losses & WITHOUT_FLAGS);
}

/** The properties of a source that decide which limits matter to its finding. */
export interface DescribedSource {
  readonly inside: boolean;
  readonly identity?: Identity | undefined;
}

/** The sentences for the bits that matter to a finding about this source. Without a source, those for a campaign. */
export function describeQuality(bits: number, source?: DescribedSource): string[] {
  const fields = source?.identity?.fields;
  const isKnown = fields?.['instance-id'] !== undefined || fields?.['ecs-task-id'] !== undefined;
  const matters: Readonly<Record<LossSubject, boolean>> = {
    contacts: true,
    source: source?.inside === true,
    holder: source?.inside === true && !isKnown,
  };
  return SENTENCES.filter(({ bit, about }) => bits & bit && matters[about]).map(({ text }) => text);
}

/** How many of the limits concern the contacts. Each lowers the confidence of a finding. */
export const countQuality = (bits: number): number =>
  SENTENCES.filter(({ bit, about }) => bits & bit && about === 'contacts').length;

function listed(columns: readonly string[]): string {
  if (columns.length > 2) return `${columns[0]!.split('-')[0]} columns`;
  return columns.join(' and ');
}
