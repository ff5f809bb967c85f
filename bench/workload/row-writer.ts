/** Rows of a batch as the lines of a flow log file, written straight into bytes. */
import type { WriteAddress } from './address-text.ts';
import { serviceOf } from './aws-services.ts';
import { type Batch, INTERVAL, NODATA, REJECT } from './batch.ts';
import { copyPiece, writeNumber } from './bytes.ts';
import type { Layout } from './layout.ts';
import { type Interface, vpcOf } from './world.ts';

/** What all lines of a file share. */
export interface Lines {
  readonly layout: Layout;
  readonly interfaces: readonly Interface[];
  readonly isIpv6: boolean;
  readonly writeAddress: WriteAddress;
  /** Epoch seconds of interval 0. */
  readonly begin: number;
}

type WriteCell = (bytes: Uint8Array, at: number, batch: Batch, n: number) => number;

/** More than the longest line. */
const LINE_ROOM = 2048;
const SPACE = 0x20;
const NEWLINE = 0x0a;
/** The records of one interface's interval share their times: it begins and ends up to so many seconds off. */
const JITTER = 3;
const piece = (text: string): Uint8Array => Buffer.from(text);
const NOTHING = piece('-');
const DIRECTIONS = [piece('ingress'), piece('egress')];
const ACTIONS = [piece('ACCEPT'), piece('REJECT'), NOTHING];
const STATUSES = [piece('OK'), piece('OK'), piece('NODATA')];
/** Values of traffic-path. */
const PATHS = { within: piece('1'), peering: piece('4'), gatewayEndpoint: piece('7'), internet: piece('8') };
const BEHIND_GATEWAY_ENDPOINT: ReadonlySet<string> = new Set(['S3', 'DYNAMODB']);

/** The header line. */
export const headerOf = ({ fields }: Layout): Uint8Array => piece(`${fields.join(' ')}\n`);

/** Writes the lines of a file, batch by batch. */
export class RowWriter {
  #lines: Lines;
  #cells: readonly WriteCell[];

  constructor(lines: Lines) {
    this.#lines = lines;
    this.#cells = this.#cellsOf(lines.layout.fields);
  }

  /**
   * Writes rows starting at `order[from]` while there is room. Returns the bytes used and the position at which to
   * continue.
   */
  write(
    bytes: Uint8Array,
    batch: Batch,
    order: Int32Array,
    from: number,
  ): { readonly used: number; readonly next: number } {
    let at = 0;
    let next = from;
    for (; next < order.length && at + LINE_ROOM <= bytes.length; next++) {
      for (const cell of this.#cells) {
        at = cell(bytes, at, batch, order[next]!);
        bytes[at++] = SPACE;
      }
      bytes[at - 1] = NEWLINE;
    }
    return { used: at, next };
  }

  /** One cell for each column, and one for neighbouring columns that never change for an interface. */
  #cellsOf(fields: readonly string[]): WriteCell[] {
    const changing = changingCells(this.#lines);
    const cells: WriteCell[] = [];
    let constant: string[] = [];
    const flush = () => {
      if (constant.length) cells.push(this.#constantCell(constant));
      constant = [];
    };
    for (const field of fields) {
      const cell = changing[field];
      if (!cell) constant.push(field);
      else {
        flush();
        cells.push(cell);
      }
    }
    flush();
    return cells;
  }

  #constantCell(fields: readonly string[]): WriteCell {
    const { interfaces, layout, isIpv6 } = this.#lines;
    const common: Readonly<Record<string, string>> = {
      version: String(layout.version),
      type: isIpv6 ? 'IPv6' : 'IPv4',
    };
    const pieces = interfaces.map(({ columns }) =>
      piece(fields.map((field) => columns[field] ?? common[field] ?? '-').join(' ')),
    );
    return (bytes, at, { at: interfaceOf }, n) => copyPiece(bytes, at, pieces[interfaceOf[n]!]!);
  }
}

/** The columns whose values the row says. */
function changingCells({ interfaces, begin, writeAddress }: Lines): Readonly<Record<string, WriteCell>> {
  const traffic =
    (cell: WriteCell): WriteCell =>
    (bytes, at, batch, n) =>
      batch.verdict[n] === NODATA ? copyPiece(bytes, at, NOTHING) : cell(bytes, at, batch, n);
  const number = (column: 'sourcePort' | 'targetPort' | 'protocol' | 'packets' | 'bytes' | 'flags') =>
    traffic((bytes, at, batch, n) => writeNumber(bytes, at, batch[column][n]!));
  const address = (column: 'source' | 'target' | 'packetSource' | 'packetTarget') =>
    traffic((bytes, at, batch, n) => writeAddress(bytes, at, batch[column][n]!));
  const service = (column: 'packetSource' | 'packetTarget') =>
    traffic((bytes, at, batch, n) => copyPiece(bytes, at, serviceOf(batch[column][n]!)?.piece ?? NOTHING));
  const runBegin = (batch: Batch, n: number) => begin + batch.interval[n]! * INTERVAL + interfaces[batch.at[n]!]!.phase;
  return {
    srcaddr: address('source'),
    dstaddr: address('target'),
    srcport: number('sourcePort'),
    dstport: number('targetPort'),
    protocol: number('protocol'),
    packets: number('packets'),
    bytes: number('bytes'),
    start: (bytes, at, batch, n) => writeNumber(bytes, at, runBegin(batch, n) + (runOf(batch, n) % JITTER)),
    end: (bytes, at, batch, n) =>
      writeNumber(bytes, at, runBegin(batch, n) + INTERVAL - 1 - ((runOf(batch, n) >>> 4) % JITTER)),
    action: (bytes, at, batch, n) => copyPiece(bytes, at, ACTIONS[batch.verdict[n]!]!),
    'log-status': (bytes, at, batch, n) => copyPiece(bytes, at, STATUSES[batch.verdict[n]!]!),
    'tcp-flags': number('flags'),
    'pkt-srcaddr': address('packetSource'),
    'pkt-dstaddr': address('packetTarget'),
    'pkt-src-aws-service': service('packetSource'),
    'pkt-dst-aws-service': service('packetTarget'),
    'flow-direction': traffic((bytes, at, batch, n) => copyPiece(bytes, at, DIRECTIONS[batch.isEgress[n]!]!)),
    'traffic-path': traffic((bytes, at, batch, n) => copyPiece(bytes, at, pathOf(batch, n))),
  };
}

/** A number for a run, scattered, so that the runs of an interface do not all begin at the same second. */
const runOf = (batch: Batch, n: number): number =>
  Math.imul(batch.at[n]! * 1009 + batch.interval[n]!, 0x9e3779b1) >>> 8;

function pathOf(batch: Batch, n: number): Uint8Array {
  if (!batch.isEgress[n] || batch.verdict[n] === REJECT) return NOTHING;
  const to = vpcOf(batch.target[n]!);
  if (to === -1)
    return BEHIND_GATEWAY_ENDPOINT.has(serviceOf(batch.target[n]!)?.name ?? '')
      ? PATHS.gatewayEndpoint
      : PATHS.internet;
  return to === vpcOf(batch.source[n]!) ? PATHS.within : PATHS.peering;
}
