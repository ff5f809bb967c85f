/** The results of reading a flow log file: columns, ordinary lines, single records and rows without data. */
import type { Words } from '../net/address.ts';
import type { ColumnMap } from './columns.ts';

export type Action = 0 | 1 | 2;
/** The row has no action (Transit Gateway logs), and no packet was lost for want of a route. */
export const NO_ACTION: Action = 0;
export const ACCEPT: Action = 1;
export const REJECT: Action = 2;

export type FlowDirection = 0 | 1 | 2;
export const NO_DIRECTION: FlowDirection = 0;
export const INGRESS: FlowDirection = 1;
export const EGRESS: FlowDirection = 2;

/** Flags of a record whose log has no `tcp-flags`, or `-` there. */
export const NO_FLAGS = -1;

/** Text columns about the interface that recorded a row. They are read only when an interface first appears. */
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

/** Text columns about the ends of a transit gateway's record. They are read only when a VPC first appears. */
export const END_FIELDS = [
  'tgw-src-vpc-id',
  'tgw-dst-vpc-id',
  'tgw-src-vpc-account-id',
  'tgw-dst-vpc-account-id',
] as const;

/** Text columns that a row is asked for. */
export type TextField = IdentityField | (typeof END_FIELDS)[number];

/**
 * One flow log row. `source` and `target` are the packet's own addresses where the log has them (`pkt-srcaddr`,
 * `pkt-dstaddr`), else the interface's view (`srcaddr`, `dstaddr`).
 */
export interface FlowRecord {
  readonly source: Words;
  readonly target: Words;
  /** `srcaddr` and `dstaddr`. On the recording interface's own side this is always its primary address. */
  readonly interfaceSource: Words | undefined;
  readonly interfaceTarget: Words | undefined;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  /** Epoch seconds of the first and the last packet. */
  readonly start: number;
  readonly end: number;
  readonly action: Action;
  readonly tcpFlags: number;
  readonly direction: FlowDirection;
  readonly interfaceId: string | undefined;
  /**
   * Reads a text column of the row, only during the call that receives the record. Undefined for `-` and for missing
   * columns.
   */
  readonly text: (field: TextField) => string | undefined;
}

/** A row that reports no traffic (NODATA) or rows that AWS lost (SKIPDATA). */
export interface StatusRow {
  readonly status: 'NODATA' | 'SKIPDATA';
  readonly interfaceId: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** Receives the content of a file in order. */
export interface FlowLogConsumer {
  /** The columns of the following lines. Called before the first of them. */
  columns(columns: ColumnMap): void;
  /**
   * Begins to read text whose lines have these columns. This is faster than row by row and has the same effect. A
   * consumer without it receives every row through {@link record} and {@link status}.
   */
  lines?(text: Uint8Array): LineReader;
  /**
   * Called before the addresses of a row are read, even if they turn out to be invalid. The first row of an interface
   * reveals its network.
   */
  enter?(row: Pick<FlowRecord, 'interfaceId' | 'text'>): void;
  record(record: FlowRecord): void;
  status(row: StatusRow): void;
}

/** Reads the ordinary lines of one text. */
export interface LineReader {
  /** Reads complete lines starting at `from`, up to a line that is not ordinary or has no end in the text. */
  read(from: number): LinesRead;
}

/** The result of a {@link LineReader}. */
export interface LinesRead {
  /** Where it stopped: at the beginning of a line, or at the end of the text. */
  readonly next: number;
  readonly lines: number;
  readonly records: number;
  readonly noData: number;
}
