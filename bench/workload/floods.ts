/** Workloads that grow what a detector remembers: sources, contacts of one source, contacts of all. */
import { type Random, randomOf } from '../random.ts';
import { addressText } from './address-text.ts';
import { ACCEPT, type Batch, REJECT } from './batch.ts';
import { addProbe, TCP } from './flow.ts';
import { addNoise } from './noise.ts';
import { assortedScans, hiddenScans, type Label, type Plan, Scans } from './scans.ts';
import { type Workload, writerOf } from './workload.ts';
import { hostOf, type World, worldOf } from './world.ts';

interface FloodOptions {
  readonly seed: string;
  /** What is flooded with: sources, or contacts. */
  readonly count: number;
}

const INTERVALS = 90;
const INTERFACES = 480;
const VPCS = 3;
const PORTS = 65_535;
const TARGETS = 4096;
const CONTACTS_EACH = 200;
/** Addresses of 64.0.0.0/5, scattered. */
const FLOOD_SOURCES = 0x40000000;
const FIRST_UNASSIGNED = 49_151;
const SYN_AND_FIN = 3;

/** So many outside sources with one to three contacts each, and two scanners among them. */
export function noiseFlood({ seed, count }: FloodOptions): Workload {
  return flood(seed, hiddenScans, (batch, interval, world, random) => {
    for (let n = share(count, interval); n < share(count, interval + 1); n++)
      addNoise(batch, interval, n, world.interfaces, random);
  });
}

/**
 * One source inside that goes through 65,535 ports of 4,096 hosts, as far as `count` probes reach: all pairs in a
 * scattered order without repeats, so that what is written is a fair sample of what would be.
 */
export function contactFlood({ seed, count }: FloodOptions): Workload {
  const pairs = PORTS * TARGETS;
  // Coprime to the number of pairs, near its golden section: consecutive probes are far apart.
  const stride = 165_893_389;
  let pair = 0;
  return flood(
    seed,
    () => [],
    (batch, interval, world) => {
      const from = world.byRole[0]!.batch[0]!;
      for (let n = share(count, interval); n < share(count, interval + 1); n++) {
        pair = (pair + stride) % pairs;
        addProbe(batch, from, true, ACCEPT, {
          interval,
          client: from.address,
          server: hostOf(0, pair % TARGETS),
          clientPort: 40_000,
          serverPort: 1 + Math.floor(pair / TARGETS),
          protocol: TCP,
          packets: 1,
          bytes: 40,
        });
      }
    },
    ({ byRole }) => [
      {
        name: 'every port of 4,096 hosts',
        kind: 'block-scan',
        direction: 'lateral',
        source: addressText(byRole[0]!.batch[0]!.address, writerOf(false)),
      },
    ],
  );
}

/**
 * A number of outside sources with 200 contacts each, of which a given share is refused, and scans among them. Below
 * half they are clients that are sometimes refused. If all contacts are refused, each source is a scanner.
 */
export function sourceFlood({ seed, count, refused }: FloodOptions & { readonly refused: number }): Workload {
  const contacts = count * CONTACTS_EACH;
  return flood(seed, assortedScans, (batch, interval, world, random) => {
    for (let n = Math.floor(share(contacts, interval)); n < share(contacts, interval + 1); n++) {
      const at = world.interfaces[random.whole(0, world.interfaces.length - 1)]!;
      const isRefused = random.next() < refused;
      batch.add({
        at: at.index,
        interval,
        isEgress: false,
        source: FLOOD_SOURCES + (Math.imul(n % count, 0x9e3779b1) >>> 5),
        target: at.address,
        sourcePort: random.whole(FIRST_UNASSIGNED, PORTS),
        targetPort: random.whole(1, FIRST_UNASSIGNED - 1),
        protocol: TCP,
        packets: isRefused ? 1 : 14,
        bytes: isRefused ? 60 : 2400,
        flags: isRefused ? 2 : SYN_AND_FIN,
        verdict: isRefused ? REJECT : ACCEPT,
      });
    }
  });
}

const share = (count: number, interval: number): number => Math.floor((count * interval) / INTERVALS);

function flood(
  seed: string,
  plansOf: (world: World, intervals: number, random: Random) => readonly Plan[],
  add: (batch: Batch, interval: number, world: World, random: Random) => void,
  labelsOf: (world: World) => readonly Label[] = () => [],
): Workload {
  const world = worldOf(seed, INTERFACES, VPCS);
  const random = randomOf(`${seed} flood`);
  const scans = new Scans(plansOf(world, INTERVALS, random), random, writerOf(false));
  return {
    seed,
    layout: 'v5',
    isIpv6: false,
    world,
    intervals: INTERVALS,
    order: 'delivered',
    labels: [...scans.labels, ...labelsOf(world)],
    addInterval(batch: Batch, interval: number): void {
      scans.add(batch, interval);
      add(batch, interval, world, random);
    },
  };
}
