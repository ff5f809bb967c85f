/** One line's columns to a record: every value checked, nothing converted that detection does not read. */
import { NO_ADDRESS } from './address.ts';
import type { ColumnMap } from './columns.ts';
import { parseNumber } from './numbers.ts';
import { lossesWithout } from './read-columns.ts';
import {
  ACCEPT,
  EGRESS,
  FlowRecord,
  IDENTITY_FIELDS,
  INGRESS,
  NO_ACTION,
  NO_DIRECTION,
  NO_FLAGS,
  REJECT,
  type RecordSink,
} from './record.ts';
import type { SkipReason } from './skipped.ts';

const SPACE = 0x20;
const DASH = 0x2d;
/** More columns than any format has; a line with more is skipped for its number of columns. */
const MAX_COLUMNS = 128;
const EARLIEST = Date.UTC(2000, 0) / 1000;
const LATEST = Date.UTC(2100, 0) / 1000;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

type Outcome = SkipReason | undefined;

/** Reads the columns of one line after the other into one record, which the sink receives. */
export class RowReader {
  noData = 0;
  skipData = 0;
  records = 0;
  #sink: RecordSink;
  #record = new FlowRecord();
  #buffer: Uint8Array = new Uint8Array(0);
  #starts = new Int32Array(MAX_COLUMNS);
  #ends = new Int32Array(MAX_COLUMNS);
  #at: Record<string, number> = {};
  #identity = new Map<string, number>();

  constructor(sink: RecordSink) {
    this.#sink = sink;
    this.#record.text = (field) => this.#text(this.#identity.get(field) ?? -1);
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

  /** The columns of the line that was split last, as text. */
  tokens(count: number): string[] {
    return Array.from({ length: count }, (_, at) =>
      Buffer.from(this.#buffer.subarray(this.#starts[at]!, this.#ends[at]!)).toString('latin1'),
    );
  }

  /**
   * Whether no column of the line that was split last begins like a number or "-". Every data line has such columns,
   * while names begin with a letter; names alone prove nothing, since the value of a tag may be the name of a field.
   */
  isAllWords(count: number): boolean {
    for (let at = 0; at < count; at++) {
      const byte = this.#buffer[this.#starts[at]!]!;
      if (byte === DASH || (byte >= 0x30 && byte <= 0x39)) return false;
    }
    return true;
  }

  /** Takes the columns that the lines from here on have. */
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
    };
    this.#identity = new Map(IDENTITY_FIELDS.map((field) => [field, at(field)]));
    this.#sink.blocks?.useColumns(columns);
    this.#sink.layout({ kind: columns.kind, losses: lossesWithout((name) => at(name) >= 0) });
  }

  /** Hands the line that was split last to the sink, or tells why it cannot be read. */
  row(): Outcome {
    const record = this.#record;
    const at = this.#at;
    const times = this.#times();
    if (times) return times;
    this.#sink.addresses.beginRow();
    record.interfaceId = this.#isDash(at.interfaceId!)
      ? 0
      : this.#sink.interfaces.intern(this.#buffer, this.#starts[at.interfaceId!]!, this.#ends[at.interfaceId!]!);
    if (at.status! >= 0 && !this.#is(at.status!, 'OK')) return this.#statusRow();
    this.#sink.enter(record);
    const fault = this.#addresses() ?? this.#numbers() ?? this.#verdict();
    if (fault) return fault;
    this.records++;
    this.#sink.record(record);
    return undefined;
  }

  #times(): Outcome {
    const record = this.#record;
    const start = this.#number(this.#at.start!, LATEST);
    const end = this.#number(this.#at.end!, LATEST);
    record.start = start === undefined ? end! : start;
    record.end = end === undefined ? start! : end;
    if (record.start === undefined) return 'missing value';
    // Also true for NaN, which stands for a value that is no number in range.
    if (!(record.start >= EARLIEST && record.end >= EARLIEST)) return 'bad time';
    return record.end < record.start ? 'end before start' : undefined;
  }

  #statusRow(): Outcome {
    const status = this.#is(this.#at.status!, 'NODATA')
      ? 'NODATA'
      : this.#is(this.#at.status!, 'SKIPDATA')
        ? 'SKIPDATA'
        : undefined;
    if (!status) return 'bad status';
    if (status === 'NODATA') this.noData++;
    else this.skipData++;
    const { interfaceId, start, end } = this.#record;
    this.#sink.status({ status, interfaceId, start, end });
    return undefined;
  }

  #addresses(): Outcome {
    const record = this.#record;
    const at = this.#at;
    record.interfaceSource = this.#address(at.interfaceSource!);
    record.interfaceTarget = this.#address(at.interfaceTarget!);
    const source = this.#address(at.source!);
    const target = this.#address(at.target!);
    if (Math.min(record.interfaceSource, record.interfaceTarget, source, target) < 0) return 'bad address';
    record.source = source === NO_ADDRESS ? record.interfaceSource : source;
    record.target = target === NO_ADDRESS ? record.interfaceTarget : target;
    return record.source === NO_ADDRESS || record.target === NO_ADDRESS ? 'missing value' : undefined;
  }

  #numbers(): Outcome {
    const record = this.#record;
    const at = this.#at;
    const protocol = this.#number(at.protocol!, 255);
    if (protocol === undefined) return 'missing value';
    if (Number.isNaN(protocol)) return 'bad protocol';
    const sourcePort = this.#number(at.sourcePort!, 65_535);
    const targetPort = this.#number(at.targetPort!, 65_535);
    if (Number.isNaN(sourcePort) || Number.isNaN(targetPort)) return 'bad port';
    // Protocols without ports may carry "-" here; TCP and UDP may not.
    if ((protocol === 6 || protocol === 17) && (sourcePort === undefined || targetPort === undefined))
      return 'missing value';
    const packets = this.#number(at.packets!, MAX_COUNT);
    const bytes = this.#number(at.bytes!, MAX_COUNT);
    const flags = this.#number(at.tcpFlags!, 0xffff);
    if (Number.isNaN(packets) || Number.isNaN(bytes) || Number.isNaN(flags)) return 'bad number';
    record.protocol = protocol;
    record.sourcePort = sourcePort ?? 0;
    record.targetPort = targetPort ?? 0;
    record.packets = packets ?? 0;
    record.bytes = bytes ?? 0;
    record.tcpFlags = flags ?? NO_FLAGS;
    return undefined;
  }

  #verdict(): Outcome {
    const record = this.#record;
    const { action, direction } = this.#at;
    if (action! < 0) record.action = NO_ACTION;
    else if (this.#is(action!, 'ACCEPT')) record.action = ACCEPT;
    else if (this.#is(action!, 'REJECT')) record.action = REJECT;
    else return this.#isDash(action!) ? 'missing value' : 'bad action';
    record.direction =
      direction! < 0
        ? NO_DIRECTION
        : this.#is(direction!, 'ingress')
          ? INGRESS
          : this.#is(direction!, 'egress')
            ? EGRESS
            : NO_DIRECTION;
    return undefined;
  }

  /** undefined for a missing column or "-", NaN for what is no whole number up to `max`. */
  #number(column: number, max: number): number | undefined {
    if (this.#isDash(column)) return undefined;
    return parseNumber(this.#buffer, this.#starts[column]!, this.#ends[column]!, max);
  }

  /** {@link NO_ADDRESS} for a missing column or "-", -1 for what is no address. */
  #address(column: number): number {
    if (this.#isDash(column)) return NO_ADDRESS;
    const buffer = this.#buffer;
    const start = this.#starts[column]!;
    const end = this.#ends[column]!;
    let value = 0;
    let part = -1;
    let dots = 0;
    for (let at = start; at < end; at++) {
      const byte = buffer[at]!;
      if (byte === 0x2e) {
        if (part < 0) return -1;
        value = (value << 8) | part;
        part = -1;
        dots++;
      } else if (byte >= 0x30 && byte <= 0x39) {
        // A leading zero: no dotted address, yet perhaps a group of IPv6.
        if (part === 0) return this.#ipv6(start, end);
        part = (part < 0 ? 0 : part * 10) + byte - 0x30;
        if (part > 255) return this.#ipv6(start, end);
      } else return this.#ipv6(start, end);
    }
    if (dots !== 3 || part < 0) return this.#ipv6(start, end);
    return this.#sink.addresses.internIpv4(((value << 8) | part) >>> 0);
  }

  #ipv6(start: number, end: number): number {
    if (end - start > 45 || !this.#buffer.subarray(start, end).includes(0x3a)) return -1;
    return this.#sink.addresses.internText(Buffer.from(this.#buffer.subarray(start, end)).toString('latin1')) ?? -1;
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
 * The columns of the line at `buffer[start, end)` as text, by their places from 0; undefined for "-" and beyond the last.
 * The line is split no further than is asked for.
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
