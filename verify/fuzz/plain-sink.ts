/** A sink that counts, and notes what neighbours of a mutant must have become; it has no blocks, so the plain parser reads. */

import type { Addresses } from '../../lib/flowlog/address.ts';
import { type FlowRecord, type RecordSink, StringTable } from '../../lib/flowlog/record.ts';
import { AddressTable } from '../../test/reference/address-table.ts';
import { must } from './target.ts';

/** Addresses that the tables hold before they are begun anew. */
const MOST_ADDRESSES = 5000;

export class PlainSink implements RecordSink {
  records = 0;
  statuses = 0;
  interfaces = new StringTable();
  #addresses = new AddressTable();

  get addresses(): Addresses {
    return this.#addresses;
  }

  /** Begins a file. */
  reset(): void {
    this.records = 0;
    this.statuses = 0;
    if (this.#addresses.count < MOST_ADDRESSES) return;
    this.#addresses = new AddressTable();
    this.interfaces = new StringTable();
  }

  layout(): void {}

  enter(): void {}

  /** Takes a record. @throws Violation when a value is none that the type allows. */
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
      source > 0 &&
      target > 0;
    must(isSound, () => `a record holds what none can hold: ${JSON.stringify(record)}`);
  }

  status(): void {
    this.statuses++;
  }
}

const isWithin = (value: number, from: number, to: number): boolean =>
  Number.isSafeInteger(value) && value >= from && value <= to;
