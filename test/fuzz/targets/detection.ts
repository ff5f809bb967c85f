/** The whole detector over damaged files: whatever was read, what is found is a finding by the published schema. */
import { randomOf } from '../../../bench/random.ts';
import { detectionSettings } from '../../../lib/config/detection.ts';
import { hashKey } from '../../../lib/contact/keyed-hash.ts';
import { Networks } from '../../../lib/contact/networks.ts';
import { detectAll } from '../../../lib/detect/detect-all.ts';
import { toOcsf } from '../../../lib/finding/ocsf.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Collector } from '../../../lib/window/collector.ts';
import { expectValidFinding } from '../../finding-schema.ts';
import { someLog } from '../../lib/kernel/some-log.ts';
import { checkSums } from '../account.ts';
import { mutatedLine } from '../mutate/lines.ts';
import { seeds } from '../seeds.ts';
import { pick, type Target, type Verdict } from '../target.ts';
import { outcomeOf, wasLookedAt } from './text.ts';

const settings = detectionSettings('high', {});

const detection: Target = {
  name: 'detect',
  weight: 10,
  covers: ['lib/window/collector.ts', 'lib/contact', 'lib/detect'],
  input: (random) => {
    if (random.next() < 0.3) return Buffer.from(someLog(random.whole(20, 120), random).lines.join('\n'), 'latin1');
    const { header, rows } = pick(seeds(), random);
    const lines = rows.map((row) => (random.next() < 0.2 ? mutatedLine(row, random) : Buffer.from(row)));
    return Buffer.concat([Buffer.from(header), ...lines.flatMap((line) => [Buffer.from('\n'), line])]);
  },
  run: async (input): Promise<Verdict> => {
    const random = randomOf(String(input.length));
    const few = { mostContacts: random.whole(16, 2000) };
    const collector = new Collector({ key: hashKey('fuzzing'), ...(random.next() < 0.3 && few) });
    const report = await readFlowLog(bufferSource('fuzzed', input), collector);
    checkSums(report, report.bytes);
    const { logTime } = collector;
    const context = { settings, secret: 'fuzzing', networks: new Networks(), logTime, overdueBefore: Number.POSITIVE_INFINITY };
    const found = detectAll(collector, context);
    for (const { finding } of found) {
      expectValidFinding(JSON.parse(JSON.stringify(finding)));
      JSON.stringify(toOcsf(finding));
    }
    return { isPast: wasLookedAt(report), outcome: found.length ? 'found' : outcomeOf(report) };
  },
};

export const DETECTION: readonly Target[] = [detection];
