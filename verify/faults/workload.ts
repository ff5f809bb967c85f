/** Flow logs full of scans, in many small files in no order: each scan lies in several files, probes and answers apart. */
import { type Random, randomOf, shuffled } from '../../bench/random.ts';
import { answer, file, keyOf, probe, scan } from '../../test/lib/pipeline/fixture/flow-logs.ts';

/** A file that is to be put into the bucket. */
export interface LogObject {
  readonly key: string;
  readonly body: Uint8Array;
}

/** What a part is fed with. */
export interface Workload {
  readonly objects: readonly LogObject[];
  /** Scans that are in them. */
  readonly scans: number;
}

export interface WorkloadOptions {
  readonly seed: string;
  /** Second number of all inside addresses: workloads on one stack must not share any. */
  readonly network: number;
  readonly objects: number;
  readonly scans: number;
}

const HOUR = 3600;
/** Files that a scan is spread over. */
const SPREAD = 4;
/** Of one outside scan in a file: with fewer it would wait for a look at all outside sources that is hours away. */
const OUTSIDE_TOGETHER = 16;
const BENIGN_LINES = 6;
const SMB = 445;

/**
 * Makes one. All of it lies hours back, where every answer is overdue and every scan is over, so that what must be found
 * does not depend on when it is looked at.
 */
export function workloadOf({ seed, network, objects, scans }: WorkloadOptions, now: number): Workload {
  const random = randomOf(seed);
  const lines = Array.from({ length: objects }, (): string[] => []);
  const hour = (Math.floor(now / HOUR) - 5) * HOUR;
  for (let nth = 0; nth < scans; nth++) {
    const homes = Array.from({ length: SPREAD }, () => random.whole(0, objects - 1));
    const { together, all } = scanOf(nth, network, hour + random.whole(60, 1800), random);
    for (let at = 0; at < all.length; at += together)
      lines[homes[random.whole(0, SPREAD - 1)]!]!.push(...all.slice(at, at + together));
  }
  for (const [at, own] of lines.entries()) own.push(...benign(at, network, hour + random.whole(60, 3000), random));
  return {
    objects: lines.map((own, at) => ({
      key: keyOf(`${network}-${String(at).padStart(4, '0')}`),
      body: file(shuffled(own, random)),
    })),
    scans,
  };
}

/** One of five kinds. `together` is the number of its lines that must be in one file. */
function scanOf(nth: number, net: number, end: number, random: Random): { together: number; all: string[] } {
  const from = `10.${net}.${100 + (nth >> 7)}.${(nth & 127) + 1}`;
  const to = `10.${net}.${200 + (nth >> 7)}.${(nth & 127) + 1}`;
  const count = random.whole(24, 48);
  switch (nth % 5) {
    case 0:
      return { together: 1, all: scan('rejected', { from, to, count, end }) };
    case 1: {
      const open = [22, 80].map((port, at) => ({ from, to, port: 1000 + port, end: end + at }));
      return {
        together: 1,
        all: [
          ...scan('reset', { from, to, count, end }),
          ...open.flatMap((contact) => [probe(contact), answer(contact)]),
        ],
      };
    }
    case 2:
      return {
        together: 1,
        all: hosts(net, nth, count).map((host, at) => probe({ from, to: host, port: SMB, end: end + at })),
      };
    case 3:
      return {
        together: 1,
        all: hosts(net, nth, 6).flatMap((host, at) =>
          scan('rejected', { from, to: host, count: 6, end: end + at * 6 }),
        ),
      };
    default:
      return {
        together: OUTSIDE_TOGETHER,
        all: scan('rejected', { from: `198.51.${net}.${nth % 250}`, to, count: 3 * OUTSIDE_TOGETHER, end }),
      };
  }
}

const hosts = (net: number, nth: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `10.${net}.${150 + (nth % 40)}.${at + 1}`);

/** Clients that get their answers. */
const benign = (at: number, net: number, end: number, random: Random): string[] =>
  Array.from({ length: BENIGN_LINES }, () => {
    const contact = { from: `10.${net}.1.${(at % 250) + 1}`, to: `10.${net}.2.${random.whole(1, 3)}`, port: 443, end };
    return [probe(contact), answer(contact)];
  }).flat();
