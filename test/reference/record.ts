/** A record whose addresses and interface are numbers. */
import type { FlowRecord } from '../../lib/flowlog/record.ts';

type Numbered = 'source' | 'target' | 'interfaceSource' | 'interfaceTarget' | 'interfaceId';

export type NumberedRecord = Omit<FlowRecord, Numbered> & Readonly<Record<Numbered, number>>;
