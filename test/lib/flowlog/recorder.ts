/** A sink that keeps every record as plain values, so that tests can compare what was read. */

import type { ColumnMap } from '../../../lib/flowlog/columns.ts';
import { type FileReport, type ReadOptions, readFlowLog } from '../../../lib/flowlog/read.ts';
import { type FlowLogConsumer, type FlowRecord, IDENTITY_FIELDS, type StatusRow } from '../../../lib/flowlog/record.ts';
import { type ByteSource, bufferSource } from '../../../lib/flowlog/source.ts';
import { formatAddress, type Words } from '../../../lib/net/address.ts';

/** A record with its addresses and interface as text. */
export interface PlainRecord {
  readonly source: string;
  readonly target: string;
  readonly interfaceSource: string;
  readonly interfaceTarget: string;
  readonly interfaceId: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  readonly action: number;
  readonly tcpFlags: number;
  readonly direction: number;
  readonly identity: Readonly<Record<string, string>>;
}

const addressText = (words: Words | undefined): string => (words ? formatAddress(...words) : '-');

export class Recorder implements FlowLogConsumer {
  readonly records: PlainRecord[] = [];
  readonly statuses: (Omit<StatusRow, 'interfaceId'> & { readonly interfaceId: string })[] = [];
  readonly layouts: ColumnMap[] = [];

  columns(columns: ColumnMap): void {
    this.layouts.push(columns);
  }

  record(record: FlowRecord): void {
    const { text, source, target, interfaceSource, interfaceTarget, interfaceId = '-', ...numbers } = record;
    const identity = IDENTITY_FIELDS.flatMap((field) => {
      const value = text(field);
      return value === undefined ? [] : [[field, value] as const];
    });
    this.records.push({
      ...numbers,
      source: addressText(source),
      target: addressText(target),
      interfaceSource: addressText(interfaceSource),
      interfaceTarget: addressText(interfaceTarget),
      interfaceId,
      identity: Object.fromEntries(identity),
    });
  }

  status({ interfaceId = '-', ...row }: StatusRow): void {
    this.statuses.push({ ...row, interfaceId });
  }
}

/** What was read from one file. */
export interface Read {
  readonly report: FileReport;
  readonly records: readonly PlainRecord[];
  readonly statuses: Recorder['statuses'];
  readonly layouts: readonly ColumnMap[];
}

/** Reads a file given as bytes, text or a source. */
export async function read(file: string | Uint8Array | ByteSource, options: ReadOptions = {}): Promise<Read> {
  const recorder = new Recorder();
  const source =
    typeof file === 'string'
      ? bufferSource('file', Buffer.from(file))
      : file instanceof Uint8Array
        ? bufferSource('file', file)
        : file;
  const report = await readFlowLog(source, recorder, options);
  return { report, records: recorder.records, statuses: recorder.statuses, layouts: recorder.layouts };
}

/** Count of skipped lines by reason. */
export const skips = (report: FileReport): Record<string, number> =>
  Object.fromEntries(report.skipped.map(({ reason, count }) => [reason, count]));
