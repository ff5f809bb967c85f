/** The internet's noise: outside sources that try one to three things, are refused, and go on. */
import type { Random } from '../random.ts';
import { type Batch, REJECT } from './batch.ts';
import { addProbe, TCP } from './flow.ts';
import type { Interface } from './world.ts';

/** What is tried most, most often first. */
const PORTS = [
  23, 22, 445, 3389, 80, 8080, 5555, 443, 2323, 1433, 81, 6379, 8443, 5060, 3306, 25, 123, 53, 9200, 27017,
];
const MOST_OTHER_PORT = 49_151;
/** Noise comes from 48.0.0.0/4, scattered. */
const FIRST_SOURCE = 0x30000000;

/** The nth noise source. */
const noiseSource = (n: number): number => FIRST_SOURCE + (Math.imul(n + 1, 0x9e3779b1) >>> 4);

/** Adds all that one source does: one contact in six of ten, two in three, three in one. */
export function addNoise(
  batch: Batch,
  interval: number,
  n: number,
  interfaces: readonly Interface[],
  random: Random,
): void {
  const chance = random.next();
  const contacts = chance < 0.6 ? 1 : chance < 0.9 ? 2 : 3;
  const client = noiseSource(n);
  const clientPort = random.whole(1024, 65_535);
  const usualPort = portOf(random);
  for (let contact = 0; contact < contacts; contact++) {
    const at = interfaces[random.whole(0, interfaces.length - 1)]!;
    const packets = random.next() < 0.8 ? 1 : random.whole(2, 3);
    addProbe(batch, at, false, REJECT, {
      interval,
      client,
      server: at.address,
      clientPort,
      serverPort: random.next() < 0.5 ? usualPort : portOf(random),
      protocol: TCP,
      packets,
      bytes: packets * (random.next() < 0.7 ? 40 : 44),
    });
  }
}

const portOf = (random: Random): number =>
  random.next() < 0.75 ? PORTS[Math.floor(PORTS.length * random.next() ** 2)]! : random.whole(1, MOST_OTHER_PORT);
