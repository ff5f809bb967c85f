/**
 * Packets to flow log records, as AWS aggregates them: one record for each flow, direction and action in the interval of an
 * interface. The records of an interval share start and end, and some intervals arrive late.
 */
import { hash } from '../../bench/random.ts';
import { flowLogColumns } from '../../lib/config/flow-log-columns.ts';
import type { Nic } from './hosts.ts';

/** Seconds of an aggregation interval of a Nitro instance. */
const INTERVAL = 60;
const HOUR = 3600;
const ACCOUNT = '210987654321';
const REGION = 'eu-central-1';
const VPC = 'vpc-0a1b2c3d4e5f60718';

/** Of a thousand intervals, those that arrive later than the rest of their hour, and those that AWS skipped. */
const LATE = 4;
const SKIPPED_OF_A_MILLION = 15;
const LATEST_SECONDS = 2400;

/** One or more equal packets of a flow, at one interface. */
export interface Sighting {
  readonly nic: Nic;
  readonly isIngress: boolean;
  readonly isAccepted: boolean;
  /** Epoch seconds. */
  readonly time: number;
  readonly source: string;
  readonly target: string;
  /** Addresses in the packet, where they differ. */
  readonly packetSource: string;
  readonly packetTarget: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly flags: number;
}

interface Cell {
  readonly first: Sighting;
  readonly interval: number;
  packets: number;
  bytes: number;
  flags: number;
}

export const COLUMNS = flowLogColumns({ ecs: true, leaveOut: [] });
export const HEADER = COLUMNS.join(' ');

export class Recorder {
  /** By the hour of the file in which an interval arrives. */
  readonly #hours = new Map<number, Map<string, Cell>>();
  readonly #start: number;
  readonly #seed: number;

  constructor(start: number, seed: string) {
    this.#start = start;
    this.#seed = hash(`intervals of ${seed}`);
  }

  see(sighting: Sighting): void {
    const { nic, time } = sighting;
    const interval = Math.floor((time - phaseOf(nic)) / INTERVAL);
    const hour = this.#hourOf(nic, interval);
    const cells = this.#hours.get(hour) ?? new Map<string, Cell>();
    this.#hours.set(hour, cells);
    const key = `${nic.index} ${interval} ${sighting.isIngress ? 1 : 0}${sighting.isAccepted ? 1 : 0} ${sighting.packetSource} ${sighting.sourcePort} ${sighting.packetTarget} ${sighting.targetPort} ${sighting.protocol} ${sighting.source}`;
    const cell = cells.get(key);
    if (!cell) {
      cells.set(key, { first: sighting, interval, ...counts(sighting) });
      return;
    }
    cell.packets += sighting.packets;
    cell.bytes += sighting.bytes;
    cell.flags |= sighting.flags;
  }

  /** The lines of the file of an hour, counted from the start, in the order of their ends. Later calls know them no more. */
  take(hour: number): string[] {
    const cells = [...(this.#hours.get(hour)?.values() ?? [])];
    this.#hours.delete(hour);
    const endOf = ({ first: { nic }, interval }: Cell) => interval * INTERVAL + phaseOf(nic);
    cells.sort((a, b) => endOf(a) - endOf(b) || a.first.nic.index - b.first.nic.index);
    const skipped = new Set<string>();
    return cells.flatMap((cell) => {
      const { nic } = cell.first;
      if (this.#dice(nic, cell.interval, 'skip') % 1_000_000 >= SKIPPED_OF_A_MILLION) return [lineOf(cell)];
      const id = `${nic.index} ${cell.interval}`;
      if (skipped.has(id)) return [];
      skipped.add(id);
      return [skipLine(nic, cell.interval)];
    });
  }

  #hourOf(nic: Nic, interval: number): number {
    const end = interval * INTERVAL + phaseOf(nic) + INTERVAL;
    const late = this.#dice(nic, interval, 'late');
    const delay = late % 1000 < LATE ? ((late >>> 10) % LATEST_SECONDS) + INTERVAL : 0;
    return Math.floor((end + delay - this.#start) / HOUR);
  }

  /** A number of an interval that no order of calls changes. */
  #dice(nic: Nic, interval: number, what: string): number {
    const mixed =
      Math.imul(this.#seed ^ (nic.index * 2_654_435_761) ^ interval, 0x85ebca6b) ^ (what === 'skip' ? 0x5bd1e995 : 0);
    const once = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    return (once ^ (once >>> 13)) >>> 0;
  }
}

const counts = ({ packets, bytes, flags }: Sighting) => ({ packets, bytes, flags });

/** Interfaces do not begin their intervals at the same second. */
const phaseOf = (nic: Nic): number => (nic.index * 37) % INTERVAL;

const startOf = (nic: Nic, interval: number): number => interval * INTERVAL + phaseOf(nic);

function lineOf({ first, interval, packets, bytes, flags }: Cell): string {
  const { nic, source, target, sourcePort, targetPort, protocol } = first;
  const start = startOf(nic, interval);
  const action = first.isAccepted ? 'ACCEPT' : 'REJECT';
  const head = `${ACCOUNT} ${nic.id} ${source} ${target} ${sourcePort} ${targetPort} ${protocol} ${packets} ${bytes}`;
  const pair = `${first.packetSource} ${first.packetTarget} ${REGION} ${first.isIngress ? 'ingress' : 'egress'}`;
  return `${head} ${start} ${start + INTERVAL - 2} ${action} OK ${VPC} ${nic.subnet} ${nic.instance} ${flags} ${pair} ${nic.type} ${taskOf(nic)}`;
}

function skipLine(nic: Nic, interval: number): string {
  const start = startOf(nic, interval);
  return `${ACCOUNT} ${nic.id} - - - - - - - ${start} ${start + INTERVAL - 2} - SKIPDATA ${VPC} ${nic.subnet} ${nic.instance} - - - ${REGION} - ${nic.type} ${taskOf(nic)}`;
}

function taskOf({ task }: Nic): string {
  if (!task) return '- - - - -';
  const { cluster, service, id } = task;
  return `${cluster} ${service} ${id} arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${service}:7 ${id}-1`;
}
