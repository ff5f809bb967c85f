/** The registry: every detection is complete, and no prefilter forgets to ask one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { withRegistry } from '../../../lib/config/finding-schema.ts';
import { DETECTIONS, SOURCE_DETECTIONS } from '../../../lib/detections/index.ts';
import { leastEvidenceOf } from '../../../lib/detections/least-evidence.ts';
import { detectionDefaults, detectionSettings, SETTINGS } from '../../../lib/detections/settings.ts';
import { TESTS } from '../../../lib/detections/tests.ts';
import { type LeastEvidence, mayAddUp } from '../../../lib/evidence/least-evidence.ts';
import { isSuspect } from '../../../lib/evidence/seen.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { firstContacts } from '../../../lib/scan/contacts.ts';
import { defineDetection, isSourceDetection } from '../../../lib/scan/detection.ts';
import { findScans } from '../../../lib/scan/episodes.ts';
import { WindowItems } from '../../../lib/store/window-items.ts';
import { collect, NOON, SCANNER, vertical } from '../scan/traffic.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('each detection', () => {
  test.each(DETECTIONS.map((detection) => [detection.id, detection] as const))('%s is complete', (id, detection) => {
    expect(read(`docs/detections/${id}.md`)).toContain('## Strategy abstract');
    expect(read('docs/detections/README.md')).toContain(`(${id}.md)`);
    expect(read('README.md')).toContain(`(docs/detections/${id}.md)`);
    for (const direction of detection.directions) expect(['lateral', 'inbound', 'outbound']).toContain(direction);
    const floors = isSourceDetection(detection)
      ? detection.windows.map(({ floor }) => floor)
      : [
          detection.sources,
          detection.overlap,
          ...detection.divides.flatMap(({ share, cover }) => (share ? [share, cover] : [cover])),
        ];
    for (const floor of floors) expect(Object.keys(SETTINGS)).toContain(floor);
  });

  test('has tests of its own', () => {
    const made = DETECTIONS.flatMap((detection) =>
      isSourceDetection(detection)
        ? detection.windows.map(() => detection.id)
        : detection.divides.flatMap(({ tests }) => Object.keys(tests)),
    );
    expect(TESTS.size).toBe(made.length);
  });

  test('has defaults within the range of each setting', () => {
    for (const [name, { range }] of Object.entries(SETTINGS))
      for (const numbers of Object.values(detectionDefaults)) {
        const value = numbers[name as keyof typeof numbers];
        expect([name, value >= range[0] && value <= range[1]]).toEqual([name, true]);
      }
  });

  test('is a kind in the published schema, which knows no other', () => {
    const schema = read('docs/schemas/finding.schema.json');
    expect(withRegistry(schema)).toBe(schema);
  });
});

/** Six ports of one host, each found open and left: less than any detection that ships asks for. */
describe('a new detection', () => {
  const settings = { ...detectionSettings(), touchesIn5Minutes: 5 };
  const added = defineDetection({
    id: 'open-host-look',
    name: 'look at an open host',
    shape: 'a few ports of one target, which answered',
    directions: ['lateral'],
    groupBy: 'target',
    counts: 'failures and touches',
    windows: [{ horizon: '5m', floor: 'touchesIn5Minutes' }],
    settings: {
      touchesIn5Minutes: {
        default: { low: 5, medium: 5, high: 5 },
        range: [3, 100],
        unit: 'count',
        means: 'Ports of one inside host that were found open and left.',
      },
    },
    namesScan: true,
    test: 'open-ports-of-one-target',
    describe: ({ count, shared }) => `${count} ports of ${shared}`,
  });
  const least = leastEvidenceOf(settings, [...DETECTIONS, added]);
  const rows = vertical(5, { fate: 'established', every: 10 });
  const later = vertical(1, { fate: 'established', from: '10.0.0.99', at: NOON + 900 });
  const sourcesWith = async (asked?: LeastEvidence) =>
    [...(await collect([[...rows, ...later]])).sources(asked)].filter(({ address }) => address === SCANNER);

  test('is asked by the builder', async () => {
    expect(await sourcesWith(leastEvidenceOf(settings))).toHaveLength(0);
    expect(await sourcesWith(least)).toHaveLength(1);
  });

  test('is asked by the windows table, from half of its floor on', async () => {
    const partitionsWith = async (asked: LeastEvidence) => {
      const options = {
        objectId: 'a',
        now: 0,
        retentionDays: 1,
        settleSeconds: 600,
        networks: new Networks(),
        key: [1, 2] as const,
      };
      const items = new WindowItems({ ...options, least: asked });
      const half = [...(await collect([rows])).sources()];
      const fragments = half.flatMap(({ panes, ...source }) => panes.map((pane) => ({ ...source, ...pane })));
      return [...items.fragments(fragments)].map(({ pk }) => String(pk).split('#')[0]);
    };
    expect(await partitionsWith(leastEvidenceOf(settings))).not.toContain('source');
    expect(await partitionsWith(least)).toContain('source');
  });

  test('is asked by the reader', async () => {
    const [source] = await sourcesWith();
    const suspects = source!.panes.flatMap(({ contacts }) => contacts.filter(isSuspect));
    expect(mayAddUp(suspects, () => true, leastEvidenceOf(settings).inside, 0.5)).toBe(false);
    expect(mayAddUp(suspects, () => true, least.inside, 0.5)).toBe(true);
    expect(mayAddUp(suspects, () => false, least.inside, 0.5)).toBe(false);
  });

  test('finds what those that ship do not', async () => {
    const [source] = await sourcesWith();
    const viewpoint = { overdueBefore: Number.POSITIVE_INFINITY, logTime: NOON + 900 };
    const contacts = { first: firstContacts(source!, settings, viewpoint), distinct: [] };
    // Six touches are no more than chance by the random walk of the defaults.
    const sure = { ...settings, falsePositiveRate: 0.01 };
    expect(findScans(contacts, SOURCE_DETECTIONS, sure)).toEqual([]);
    expect(findScans(contacts, [...SOURCE_DETECTIONS, added], sure)).toMatchObject([{ contacts: { length: 5 } }]);
  });
});
