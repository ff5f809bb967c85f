/** The whole detector over damaged files: whatever was read, what is found is a finding by the published schema. */
import { randomOf } from '../../../bench/random.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { toOcsf } from '../../../lib/finding/ocsf.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { expectValidFinding } from '../../../test/finding-schema.ts';
import { someLog } from '../../../test/lib/kernel/some-log.ts';
import { checkSums } from '../account.ts';
import { mutatedLine } from '../mutate/lines.ts';
import { longSeeds } from '../seeds.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';
import { outcomeOf, wasLookedAt } from './text.ts';

const settings = detectionSettings('high', {});
const KEY = hashKey('fuzzing');

const detection: Target = {
  name: 'detect',
  weight: 1,
  covers: ['lib/evidence/builder.ts', 'lib/evidence/seen.ts', 'lib/scan', 'lib/finding'],
  setUp: async () => void longSeeds(),
  input: (random) => {
    if (random.next() < 0.3) return Buffer.from(someLog(random.whole(20, 120), random).lines.join('\n'), 'latin1');
    const { header, rows } = pick(longSeeds(), random);
    const damaged = random.next() * 0.2;
    const lines = rows.map((row) => (random.next() < damaged ? mutatedLine(row, random) : Buffer.from(row)));
    return Buffer.concat([Buffer.from(header), ...lines.flatMap((line) => [Buffer.from('\n'), line])]);
  },
  run: async (input): Promise<Verdict> => {
    const random = randomOf(String(input.length));
    const mostContacts = random.next() < 0.3 ? random.whole(16, 2000) : undefined;
    const { collector, report } = await collected(input, mostContacts);
    checkSums(report, report.bytes);
    // What one thread hands to another is the same evidence, unless it had no room for all.
    if (mostContacts === undefined && random.next() < 0.5) {
      const other = new Collector({ key: KEY });
      other.absorb((await collected(input)).collector.drain());
      must(
        (await findingsOf(other)) === (await findingsOf((await collected(input)).collector)),
        () => 'handing on changed the findings',
      );
    }
    const found = await findingsOf(collector);
    for (const finding of JSON.parse(found) as Finding[]) {
      expectValidFinding(finding);
      JSON.stringify(toOcsf(finding));
    }
    return { isPast: wasLookedAt(report), outcome: found === '[]' ? outcomeOf(report) : 'found' };
  },
};

async function collected(input: Uint8Array, mostContacts?: number) {
  const collector = new Collector({ key: KEY, ...(mostContacts && { mostContacts }) });
  return { collector, report: await readFlowLog(bufferSource('fuzzed', input), collector) };
}

async function findingsOf(collector: Collector): Promise<string> {
  const { logTime } = collector;
  const networks = new Networks();
  const context = { settings, secret: 'fuzzing', networks, logTime, overdueBefore: Number.POSITIVE_INFINITY };
  return JSON.stringify([...(await judgeAll(collector, context))]);
}

export const DETECTION: readonly Target[] = [detection];
