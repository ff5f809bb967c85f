/**
 * Turns the columns of one line into a record. Every value is checked, and only those that detection reads are
 * converted.
 */
import { parseAddress, type Words } from '../net/address.ts';
import type { ColumnMap } from './columns.ts';
import { parseNumber } from './numbers.ts';
import {
  ACCEPT,
  type Action,
  EGRESS,
  END_FIELDS,
  type FlowDirection,
  type FlowLogConsumer,
  type FlowRecord,
  IDENTITY_FIELDS,
  INGRESS,
  NO_ACTION,
  NO_DIRECTION,
  NO_FLAGS,
  REJECT,
  type TextField,
} from './record.ts';
import type { SkipReason } from './skipped.ts';

const SPACE = 0x20;
const DASH = 0x2d;
/** More columns than any format has. A line with more is skipped because of its number of columns. */
const MAX_COLUMNS = 128;
const EARLIEST = Date.UTC(2000, 0) / 1000;
const LATEST = Date.UTC(2100, 0) / 1000;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** An unreadable line, with the reason. */
type Fault = { readonly fault: SkipReason };
const fault = (reason: SkipReason): Fault => ({ fault: reason });
/** Longest text of an address: IPv6 with a dotted tail. */
const LONGEST_ADDRESS = 45;

/** Reads the columns of one line after another into records, which the consumer receives. */
export class RowReader {
  noData = 0;
  skipData = 0;
  records = 0;
  readonly #consumer: FlowLogConsumer;
  #buffer: Uint8Array = new Uint8Array(0);
  #starts = new Int32Array(MAX_COLUMNS);
  #ends = new Int32Array(MAX_COLUMNS);
  #at: Record<string, number> = {};
  #identity = new Map<string, number>();

  constructor(consumer: FlowLogConsumer) {
    this.#consumer = consumer;
  }

  /** Splits a line at runs of white space and returns the number of columns. */
  split(buffer: Uint8Array, start: number, end: number): number {
    this.#buffer = buffer;
    const starts = this.#starts;
    const ends = this.#ends;
    let count = 0;
    let at = start;
    for (;;) {
      while (at < end && buffer[at]! <= SPACE) at++;
      if (at >= end || count === starts.length) return count;
      starts[count] = at;
      while (at < end && buffer[at]! > SPACE) at++;
      ends[count++] = at;
    }
  }

  /** The columns of the last line that was split, as text. */
  tokens(count: number): string[] {
    return Array.from({ length: count }, (_, at) =>
      Buffer.from(this.#buffer.subarray(this.#starts[at]!, this.#ends[at]!)).toString('latin1'),
    );
  }

  /**
   * Whether no column of the last line that was split begins like a number or "-". Every data line has such columns,
   * while names begin with a letter. Names alone prove nothing, since the value of a tag may be the name of a field.
   */
  isAllWords(count: number): boolean {
    for (let at = 0; at < count; at++) {
      const byte = this.#buffer[this.#starts[at]!]!;
      if (byte === DASH || (byte >= 0x30 && byte <= 0x39)) return false;
    }
    return true;
  }

  /** Sets the columns of the following lines. */
  useColumns(columns: ColumnMap): void {
    const at = (name: string) => columns.indexOf(name);
    this.#at = {
      source: at('pkt-srcaddr'),
      target: at('pkt-dstaddr'),
      interfaceSource: at('srcaddr'),
      interfaceTarget: at('dstaddr'),
      sourcePort: at('srcport'),
      targetPort: at('dstport'),
      protocol: at('protocol'),
      packets: at('packets'),
      bytes: at('bytes'),
      start: at('start'),
      end: at('end'),
      action: at('action'),
      tcpFlags: at('tcp-flags'),
      direction: at('flow-direction'),
      interfaceId: at('interface-id'),
      status: at('log-status'),
      noRoute: at('packets-lost-no-route'),
      blackhole: at('packets-lost-blackhole'),
    };
    this.#identity = new Map([...IDENTITY_FIELDS, ...END_FIELDS].map((field) => [field, at(field)]));
    this.#consumer.columns(columns);
  }

  /** Passes the last line that was split to the consumer, or returns why it cannot be read. */
  row(): SkipReason | undefined {
    const times = this.#times();
    if ('fault' in times) return times.fault;
    const interfaceId = this.#latin1(this.#at.interfaceId!);
    if (this.#at.status! >= 0 && !this.#is(this.#at.status!, 'OK')) return this.#statusRow({ ...times, interfaceId });
    const text = (field: TextField) => this.#text(this.#identity.get(field) ?? -1);
    this.#consumer.enter?.({ interfaceId, text });
    const addresses = this.#addresses();
    if ('fault' in addresses) return addresses.fault;
    const numbers = this.#numbers();
    if ('fault' in numbers) return numbers.fault;
    const action = this.#action();
    if (typeof action !== 'number') return action.fault;
    this.records++;
    this.#consumer.record({
      ...addresses,
      ...numbers,
      ...times,
      action,
      direction: this.#direction(),
      interfaceId,
      text,
    });
    return undefined;
  }

  #times(): Pick<FlowRecord, 'start' | 'end'> | Fault {
    const first = this.#number(this.#at.start!, LATEST);
    const last = this.#number(this.#at.end!, LATEST);
    const start = first ?? last;
    const end = last ?? first;
    if (start === undefined || end === undefined) return fault('missing value');
    // Also true for NaN, which stands for a value outside the range.
    if (!(start >= EARLIEST && end >= EARLIEST)) return fault('bad time');
    return end < start ? fault('end before start') : { start, end };
  }

  #statusRow(row: Pick<FlowRecord, 'start' | 'end' | 'interfaceId'>): SkipReason | undefined {
    const status = (['NODATA', 'SKIPDATA'] as const).find((name) => this.#is(this.#at.status!, name));
    if (!status) return 'bad status';
    if (status === 'NODATA') this.noData++;
    else this.skipData++;
    this.#consumer.status({ status, ...row });
    return undefined;
  }

  #addresses(): Pick<FlowRecord, 'source' | 'target' | 'interfaceSource' | 'interfaceTarget'> | Fault {
    const at = this.#at;
    const columns = [at.interfaceSource!, at.interfaceTarget!, at.source!, at.target!];
    const [interfaceSource, interfaceTarget, packetSource, packetTarget] = columns.map((column) =>
      this.#isDash(column) ? undefined : this.#address(column),
    );
    if ([interfaceSource, interfaceTarget, packetSource, packetTarget].includes(null)) return fault('bad address');
    const source = packetSource ?? interfaceSource;
    const target = packetTarget ?? interfaceTarget;
    if (!source || !target) return fault('missing value');
    return {
      source,
      target,
      interfaceSource: interfaceSource ?? undefined,
      interfaceTarget: interfaceTarget ?? undefined,
    };
  }

  #numbers(): Pick<FlowRecord, 'sourcePort' | 'targetPort' | 'protocol' | 'packets' | 'bytes' | 'tcpFlags'> | Fault {
    const at = this.#at;
    const protocol = this.#number(at.protocol!, 255);
    if (protocol === undefined) return fault('missing value');
    if (Number.isNaN(protocol)) return fault('bad protocol');
    const sourcePort = this.#number(at.sourcePort!, 65_535);
    const targetPort = this.#number(at.targetPort!, 65_535);
    if (Number.isNaN(sourcePort) || Number.isNaN(targetPort)) return fault('bad port');
    // Protocols without ports may have "-" here, but TCP and UDP may not.
    if ((protocol === 6 || protocol === 17) && (sourcePort === undefined || targetPort === undefined))
      return fault('missing value');
    const packets = this.#number(at.packets!, MAX_COUNT);
    const bytes = this.#number(at.bytes!, MAX_COUNT);
    const flags = this.#number(at.tcpFlags!, 0xffff);
    if (Number.isNaN(packets) || Number.isNaN(bytes) || Number.isNaN(flags)) return fault('bad number');
    return {
      protocol,
      sourcePort: sourcePort ?? 0,
      targetPort: targetPort ?? 0,
      packets: packets ?? 0,
      bytes: bytes ?? 0,
      tcpFlags: flags ?? NO_FLAGS,
    };
  }

  #action(): Action | Fault {
    const column = this.#at.action!;
    if (column < 0) return this.#loss();
    if (this.#is(column, 'ACCEPT')) return ACCEPT;
    if (this.#is(column, 'REJECT')) return REJECT;
    return fault(this.#isDash(column) ? 'missing value' : 'bad action');
  }

  /**
   * Packets that no route of a transit gateway took, or a blackhole route, never arrived, like those that a rule
   * rejected.
   */
  #loss(): Action | Fault {
    const lost = [this.#number(this.#at.noRoute!, MAX_COUNT), this.#number(this.#at.blackhole!, MAX_COUNT)];
    if (lost.some(Number.isNaN)) return fault('bad number');
    return lost.some((packets) => packets !== undefined && packets > 0) ? REJECT : NO_ACTION;
  }

  #direction(): FlowDirection {
    const column = this.#at.direction!;
    if (column < 0) return NO_DIRECTION;
    if (this.#is(column, 'ingress')) return INGRESS;
    return this.#is(column, 'egress') ? EGRESS : NO_DIRECTION;
  }

  /** undefined for a missing column or "-", NaN for text that is not a whole number up to `max`. */
  #number(column: number, max: number): number | undefined {
    if (this.#isDash(column)) return undefined;
    return parseNumber(this.#buffer, this.#starts[column]!, this.#ends[column]!, max);
  }

  /** null for text that is not an address. */
  #address(column: number): Words | null {
    const [start, end] = [this.#starts[column]!, this.#ends[column]!];
    if (end - start > LONGEST_ADDRESS) return null;
    return parseAddress(Buffer.from(this.#buffer.subarray(start, end)).toString('latin1')) ?? null;
  }

  #latin1(column: number): string | undefined {
    if (this.#isDash(column)) return undefined;
    return Buffer.from(this.#buffer.subarray(this.#starts[column]!, this.#ends[column]!)).toString('latin1');
  }

  #isDash(column: number): boolean {
    if (column < 0) return true;
    const start = this.#starts[column]!;
    return this.#ends[column]! - start === 1 && this.#buffer[start] === DASH;
  }

  #is(column: number, text: string): boolean {
    const start = this.#starts[column]!;
    if (this.#ends[column]! - start !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (this.#buffer[start + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  #text(column: number): string | undefined {
    if (this.#isDash(column)) return undefined;
    return Buffer.from(this.#buffer.subarray(this.#starts[column]!, this.#ends[column]!)).toString('utf8');
  }
}

/**
 * The columns of the line at `buffer[start, end)` as text, numbered from 0. Undefined for "-" and beyond the last
 * column. The line is split only as far as columns are requested.
 */
export function columnTexts(buffer: Uint8Array, start: number, end: number): (column: number) => string | undefined {
  const bounds: number[] = [];
  let at = start;
  return (column) => {
    while (bounds.length <= column * 2 && at < end) {
      while (at < end && buffer[at]! <= SPACE) at++;
      const from = at;
      while (at < end && buffer[at]! > SPACE) at++;
      if (at > from) bounds.push(from, at);
    }
    const [from, to] = [bounds[column * 2], bounds[column * 2 + 1]];
    if (from === undefined || (to! - from === 1 && buffer[from] === DASH)) return undefined;
    return Buffer.from(buffer.subarray(from, to)).toString('utf8');
  };
}
