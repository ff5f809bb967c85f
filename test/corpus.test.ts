/** The corpus in test/data, file by file: scans must be found as what they are, ordinary traffic must stay silent. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KINDS } from '../lib/detections/index.ts';
import { detectionSettings } from '../lib/detections/settings.ts';
import { Collector } from '../lib/evidence/builder.ts';
import { hashKey } from '../lib/evidence/keyed-hash.ts';
import { epochSeconds, type Finding, severityRank } from '../lib/finding/model.ts';
import { readFlowLog } from '../lib/flowlog/read.ts';
import { bufferSource } from '../lib/flowlog/source.ts';
import { judgeAll } from '../lib/pipeline/judge-all.ts';
import { expectValidFinding } from './finding-schema.ts';

const FOLDER = join(import.meta.dirname, 'data/shapes');
const FILES = readdirSync(FOLDER);
const MEDIUM = severityRank('medium');
/** Findings of low severity that a log may have. They alert nobody. */
const MOST_LOW = 4;
/** Records of one interval share its times, and a slot of delivery may come after the last probe. */
const SLACK = 180;

interface Label {
  readonly name: string;
  readonly detectable?: string;
  readonly sources: readonly string[];
  readonly kind: string;
  readonly first: number;
  readonly last: number;
}

interface Shape {
  readonly labels: readonly Label[];
  readonly benign: readonly { readonly source: string; readonly why: string }[];
}

async function findingsIn(file: string): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey('test') });
  const report = await readFlowLog(bufferSource(file, readFileSync(join(FOLDER, file))), collector);
  expect(report).toMatchObject({ skipped: [] });
  expect(report.error).toBeUndefined();
  const context = {
    settings: detectionSettings('medium'),
    secret: 'test',
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  const findings = [...(await judgeAll(collector, context))];
  for (const finding of findings) expectValidFinding(finding);
  return findings;
}

const names = FILES.filter((name) => name.endsWith('.json')).map((name) => name.replace(/\.json$/, ''));
const shapes = names.map((name) => ({
  name,
  shape: JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Shape,
}));
const scans = shapes.flatMap(({ name, shape }) => shape.labels.map((label) => ({ name, label })));

/** Kinds of labels that are no kinds of findings, by their first word. */
const SHAPES: Readonly<Record<string, string>> = {
  vertical: 'vertical-scan',
  block: 'block-scan',
  distributed: 'distributed-scan',
};
/** Contacts within which a fast scan must be found, and how long after its end a slow one may be, in seconds. */
const FAST = 10;
const PATIENCE = 3600;
/** Scans that need more contacts, because fewer may be a check of all hosts, or stale ports of one host. */
const NEEDED: Readonly<Record<string, number>> = { h4: 100, v6: 12, v8: 25 };
/**
 * What raises a scan from outside: something answered that is nobody else's service, and the scanner stayed. A sweep that
 * reads what it finds, or that waits as clients do, may be a job over all hosts.
 */
const RAISED: Readonly<Record<string, string>> = {
  x10: 'high',
  d1: 'medium',
  d2: 'medium',
  h4: 'medium',
  h6: 'medium',
};

/** The findings about a label's scan. The findings about members are part of the campaign. */
const isAbout =
  (label: Label) =>
  ({ source, sources, campaign }: Finding): boolean =>
    campaign === undefined &&
    (source ? label.sources.includes(source.address) : sources!.sample.every((one) => label.sources.includes(one)));

describe('scans', () => {
  test.each(scans)('$name is found once, as what it is, in its time', async ({ name, label }) => {
    const about = (await findingsIn(`${name}.log.gz`)).filter(isAbout(label));
    expect(about).toHaveLength(1);
    const [finding] = about as [Finding];
    const isSlow = label.detectable === 'with a long window' || label.kind.endsWith('slow');
    const [shape] = label.kind.split(/[- ]/) as [string];
    expect(finding.kind).toBe(KINDS.includes(label.kind) ? label.kind : (SHAPES[shape] ?? 'horizontal-scan'));
    expect(epochSeconds(finding.firstSeen)).toBeGreaterThanOrEqual(label.first - SLACK);
    expect(epochSeconds(finding.lastSeen)).toBeLessThanOrEqual(label.last + SLACK);
    expect(epochSeconds(finding.detectedAt)).toBeLessThanOrEqual(label.last + (isSlow ? PATIENCE : SLACK));
    if (!isSlow && finding.source) expect(finding.contactsAtDetection).toBeLessThanOrEqual(NEEDED[label.name] ?? FAST);
    expect(finding.severity).toBe(RAISED[label.name] ?? (finding.direction === 'inbound' ? 'low' : 'high'));
  });

  test('nothing but the scan is found in ten minutes of captured traffic of a busy VPC', async () => {
    const findings = await findingsIn('../lab/pod-nmap-1024.log.gz');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      kind: 'vertical-scan',
      severity: 'high',
      source: { address: '10.0.7.105', behindInterface: true },
      contacts: { failed: 1019, established: 5 },
      openPorts: { count: 5 },
    });
  });

  test('a scan in a log without tcp-flags is found too, and the finding says what was not visible', async () => {
    const [finding, ...others] = await findingsIn('v1-fast-vertical.v2.log.gz');
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'vertical-scan',
      dataQuality: expect.arrayContaining([expect.stringContaining('no tcp-flags')]),
    });
  });
});

describe('ordinary traffic', () => {
  test.each(shapes)('nothing but the scan is of medium severity or above in $name', async ({ name, shape }) => {
    const scanners = new Set(shape.labels.flatMap((label) => label.sources));
    const file = FILES.includes(`${name}.log.gz`) ? `${name}.log.gz` : `${name}.v2.log.gz`;
    const others = (await findingsIn(file)).filter(
      ({ source, sources }) => ![...(source ? [source.address] : sources!.sample)].every((one) => scanners.has(one)),
    );
    expect(others.filter(({ severity }) => severityRank(severity) >= MEDIUM)).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(MOST_LOW);
  });
});
