/** One flow log row as the parser hands it on: numbers only, text on request; one object, reused for every row. */
import type { AddressTable } from './address.ts';
import { NO_ADDRESS } from './address.ts';

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
  'resource-id',
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

/** What a file's layout lets the detector see; each missing column lowers confidence and is named in findings. */
export interface Layout {
  readonly kind: 'vpc' | 'transit-gateway';
  readonly hasFlags: boolean;
  readonly hasPacketAddresses: boolean;
  readonly hasDirection: boolean;
}

/** Receives what a file holds, row by row. */
export interface RecordSink {
  readonly addresses: AddressTable;
  readonly interfaces: StringTable;
  /** Called before the first row under each header. */
  layout(layout: Layout): void;
  record(record: FlowRecord): void;
  status(row: StatusRow): void;
}

/** Gives each distinct byte string (interface ids) one small integer; 0 is `-`. */
export class StringTable {
  #ids = new Map<string, number>();
  #texts: string[] = ['-'];
  #lastBytes: Uint8Array = new Uint8Array(0);
  #lastId = 0;

  /** The id of `buffer[start, end)`; rows of one interface come in runs, so the last one is compared first. */
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

  /** The text of an id. */
  text(id: number): string {
    return this.#texts[id] ?? '-';
  }
}
