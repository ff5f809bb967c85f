/**
 * A sink that counts, and records the neighbours of a mutant. It does not read lines itself, so the plain parser does.
 */

import type { FlowLogConsumer, FlowRecord } from '../../lib/flowlog/record.ts';
import type { Words } from '../../lib/net/address.ts';
import { must } from './target.ts';

export class PlainSink implements FlowLogConsumer {
  records = 0;
  statuses = 0;

  /** Begins a file. */
  reset(): void {
    this.records = 0;
    this.statuses = 0;
  }

  columns(): void {}

  /** Receives a record. @throws Violation if a value is not allowed by its type. */
  record(record: FlowRecord): void {
    this.records++;
    const { sourcePort, targetPort, protocol, packets, bytes, start, end, tcpFlags, source, target } = record;
    const isSound =
      isWithin(sourcePort, 0, 65_535) &&
      isWithin(targetPort, 0, 65_535) &&
      isWithin(protocol, 0, 255) &&
      isWithin(packets, 0, Number.MAX_SAFE_INTEGER) &&
      isWithin(bytes, 0, Number.MAX_SAFE_INTEGER) &&
      isWithin(start, 946_684_800, end) &&
      isWithin(end, start, 4_102_444_800) &&
      isWithin(tcpFlags, -1, 65_535) &&
      areWords(source) &&
      areWords(target);
    must(isSound, () => `a record holds what none can hold: ${JSON.stringify(record)}`);
  }

  status(): void {
    this.statuses++;
  }
}

const isWithin = (value: number, from: number, to: number): boolean =>
  Number.isSafeInteger(value) && value >= from && value <= to;

const areWords = (words: Words): boolean => words.every((word) => isWithin(word, 0, 0xffffffff));
