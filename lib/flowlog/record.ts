/** One flow log row as the parser hands it on: numbers only, text on request; one object, reused for every row. */
import { type Addresses, NO_ADDRESS } from './address.ts';
import type { ColumnMap } from './columns.ts';

export type Action = 0 | 1 | 2;
/** The row has no action (Transit Gateway logs). */
export const NO_ACTION: Action = 0;
export const ACCEPT: Action = 1;
export const REJECT: Action = 2;

export type FlowDirection = 0 | 1 | 2;
export const NO_DIRECTION: FlowDirection = 0;
export const INGRESS: FlowDirection = 1;
export const EGRESS: FlowDirection = 2;

/** Flags of a record whose log has no `tcp-flags`, or `-` there. */
export const NO_FLAGS = -1;

/** Bits of `tcp-flags` (page "Flow log records"): ORed over the packets of one direction in one interval. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Text columns that say whose interface recorded a row; read only when an interface is met for the first time. */
export const IDENTITY_FIELDS = [
  'account-id',
  'vpc-id',
  'subnet-id',
  'instance-id',
  'region',
  'ecs-cluster-name',
  'ecs-cluster-arn',
  'ecs-service-name',
  'ecs-task-id',
  'ecs-task-arn',
  'ecs-task-definition-arn',
  'ecs-container-id',
  'interface-type',
] as const;
export type IdentityField = (typeof IDENTITY_FIELDS)[number];

/**
 * The current row. Valid only during the call that receives it. `source` and `target` are the packet's own addresses
 * where the log has them (`pkt-srcaddr`, `pkt-dstaddr`), else the interface's view (`srcaddr`, `dstaddr`).
 */
export class FlowRecord {
  source = NO_ADDRESS;
  target = NO_ADDRESS;
  /** `srcaddr` and `dstaddr`: on the recording interface's own side always its primary address. */
  interfaceSource = NO_ADDRESS;
  interfaceTarget = NO_ADDRESS;
  sourcePort = 0;
  targetPort = 0;
  protocol = 0;
  packets = 0;
  bytes = 0;
  /** Epoch seconds of the first and the last packet. */
  start = 0;
  end = 0;
  action: Action = NO_ACTION;
  tcpFlags = NO_FLAGS;
  direction: FlowDirection = NO_DIRECTION;
  /** Interned interface id; 0 where the row has none. */
  interfaceId = 0;
  /** Reads a text column of the current row; undefined for `-` and for columns that the file lacks. */
  text: (field: IdentityField) => string | undefined = () => undefined;
}

/** A row that reports no traffic (NODATA) or rows that AWS lost (SKIPDATA). */
export interface StatusRow {
  readonly status: 'NODATA' | 'SKIPDATA';
  readonly interfaceId: number;
  readonly start: number;
  readonly end: number;
}

/** What a file's layout lets the detector see; findings name what it lacks. */
export interface Layout {
  readonly kind: 'vpc' | 'transit-gateway';
  /** The losses of `read-columns.ts`, as bits. */
  readonly losses: number;
}

/** Gives each distinct interface id one small integer; 0 is `-`. */
export interface InterfaceNames {
  /** The integer of the text in `buffer[start, end)`. */
  intern(buffer: Uint8Array, start: number, end: number): number;
  /** The text of an integer. */
  text(id: number): string;
}

/** Reads ordinary lines faster than row by row, to the same effect. */
export interface BlockReader {
  /** Takes the columns that the lines from here on have. */
  useColumns(columns: ColumnMap): void;
  /** Takes the beginning of some text, and returns how many bytes of it; what was taken before is forgotten. */
  load(text: Uint8Array): number;
  /**
   * Reads whole lines of what was taken, from `from` on. Returns where it stopped: at the end, or at the beginning of a
   * line that has no end there or is no ordinary one.
   */
  read(from: number): number;
  /** Lines, records, and rows without data that were read since the last call. */
  take(): { readonly lines: number; readonly records: number; readonly noData: number };
}

/** Receives what a file holds, row by row. */
export interface RecordSink {
  readonly addresses: Addresses;
  readonly interfaces: InterfaceNames;
  /** Where the sink has one, it reads all lines that it can; the others come row by row. */
  readonly blocks?: BlockReader;
  /** Called before the first row under each header. */
  layout(layout: Layout): void;
  /**
   * Called before the addresses of a row are interned, for sinks that keep networks with the same addresses apart: of the
   * record, the interface and the text columns are known.
   */
  enter(record: FlowRecord): void;
  record(record: FlowRecord): void;
  status(row: StatusRow): void;
}

/** Interface ids in a table that grows with them. */
export class StringTable implements InterfaceNames {
  #ids = new Map<string, number>();
  #texts: string[] = ['-'];
  #lastBytes: Uint8Array = new Uint8Array(0);
  #lastId = 0;

  /** Rows of one interface come in runs, so the last one is compared first. */
  intern(buffer: Uint8Array, start: number, end: number): number {
    const last = this.#lastBytes;
    if (end - start === last.length) {
      let at = 0;
      while (at < last.length && last[at] === buffer[start + at]) at++;
      if (at === last.length && at > 0) return this.#lastId;
    }
    // A copy: `slice` of a Buffer would be a view of a chunk that its owner may use again.
    this.#lastBytes = new Uint8Array(buffer.subarray(start, end));
    this.#lastId = this.internText(Buffer.from(this.#lastBytes).toString('latin1'));
    return this.#lastId;
  }

  internText(text: string): number {
    if (text === '-' || text === '') return 0;
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#texts.push(text) - 1;
      this.#ids.set(text, id);
    }
    return id;
  }

  text(id: number): string {
    return this.#texts[id] ?? '-';
  }
}
