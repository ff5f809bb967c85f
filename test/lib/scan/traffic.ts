/** Flow log lines by the probe: what tests write instead of files, read by the same reader as files. */

import { type DetectionSettings, detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { decodeFragment } from '../../../lib/evidence/decode.ts';
import { encodeFragment } from '../../../lib/evidence/encode.ts';
import { type Fragment, mergeFragments, type SourceEvidence } from '../../../lib/evidence/evidence.ts';
import type { Inventory } from '../../../lib/evidence/inventory.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { limitsOf } from '../../../lib/evidence/sample.ts';
import { detectScans } from '../../../lib/finding/describe-scan.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { expectValidFinding } from '../../finding-schema.ts';

/** Noon of a day, so that a test's minutes are easily read: an hour begins here. */
export const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const SECRET = 'a test';
export const SCANNER = '10.0.3.22';

/** The values of a row by field name. Missing values are "-". */
export type Row = Readonly<Record<string, string | number>>;

const VERSION_2 =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
/** The columns that the detector wants, and all that name a holder. */
export const FULL_FORMAT = `${VERSION_2} vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction ecs-cluster-name ecs-service-name ecs-task-id ecs-task-definition-arn ecs-container-id interface-type`;
export const DEFAULT_FORMAT = VERSION_2;

/** A file of flow log text. */
export const logText = (rows: readonly Row[], format = FULL_FORMAT): string =>
  [
    format,
    ...rows.map((row) =>
      format
        .split(' ')
        .map((field) => row[field] ?? '-')
        .join(' '),
    ),
  ].join('\n');

/** One record, as the interface of `srcaddr` logs it unless told otherwise. */
export function row(values: Row): Row {
  const source = values['pkt-srcaddr'] ?? values.srcaddr ?? SCANNER;
  return {
    version: 7,
    'account-id': '111122223333',
    'interface-id': `eni-${source}`,
    srcaddr: SCANNER,
    dstaddr: '10.0.9.9',
    srcport: 40_000,
    dstport: 80,
    protocol: 6,
    packets: 1,
    bytes: 44,
    start: NOON,
    end: NOON,
    action: 'ACCEPT',
    'log-status': 'OK',
    'flow-direction': 'egress',
    'tcp-flags': 2,
    ...values,
  };
}

type Fate = 'rejected' | 'reset' | 'unanswered' | 'established';

export interface Probe {
  readonly from?: string;
  readonly to: string;
  readonly port: number;
  /** Start of the record, epoch seconds. */
  readonly at: number;
  /** Length of the record. */
  readonly seconds?: number;
  readonly sourcePort?: number;
  readonly protocol?: number;
  readonly fate?: Fate;
  /** Whose interface logs it: the prober's, or the target's. */
  readonly seenBy?: 'source' | 'target';
  /** Further columns of both records. */
  readonly also?: Row;
}

/** The records of one probe: the request, and what came back. */
export function probe(of: Probe): Row[] {
  const { from = SCANNER, to, port, at, seconds = 0, protocol = 6, fate = 'reset', seenBy = 'source' } = of;
  const sourcePort = protocol === 1 ? 0 : (of.sourcePort ?? 40_000 + (port % 20_000));
  const common = { protocol, start: at, end: at + seconds, 'interface-id': `eni-${seenBy === 'source' ? from : to}` };
  const request = row({
    ...common,
    srcaddr: from,
    dstaddr: to,
    srcport: sourcePort,
    dstport: port,
    action: fate === 'rejected' ? 'REJECT' : 'ACCEPT',
    'flow-direction': seenBy === 'source' ? 'egress' : 'ingress',
    // A scanner's own system resets a connection that it did not open itself.
    'tcp-flags': protocol === 6 ? (fate === 'established' ? 6 : 2) : '-',
    ...of.also,
  });
  if (fate === 'rejected' || fate === 'unanswered') return [request];
  const reply = row({
    ...common,
    srcaddr: to,
    dstaddr: from,
    srcport: port,
    dstport: sourcePort,
    'flow-direction': seenBy === 'source' ? 'ingress' : 'egress',
    'tcp-flags': protocol === 6 ? (fate === 'reset' ? 4 : 18) : '-',
    bytes: fate === 'reset' ? 40 : 60,
    ...of.also,
  });
  return [request, reply];
}

/** Probes of `count` ports of one target, one every `every` seconds. */
export const vertical = (count: number, probeOf: Partial<Probe> & { every?: number; firstPort?: number } = {}): Row[] =>
  Array.from({ length: count }, (_, n) =>
    probe({
      to: '10.0.9.9',
      port: (probeOf.firstPort ?? 1) + n,
      ...probeOf,
      at: (probeOf.at ?? NOON) + Math.floor(n * (probeOf.every ?? 1)),
    }),
  ).flat();

/** Probes of one port on `count` targets of a network such as "10.0.9", one every `every` seconds. */
export const horizontal = (count: number, probeOf: Partial<Probe> & { every?: number; network?: string } = {}): Row[] =>
  Array.from({ length: count }, (_, n) =>
    probe({
      port: 22,
      to: `${probeOf.network ?? '10.0.9'}.${n + 1}`,
      ...probeOf,
      at: (probeOf.at ?? NOON) + Math.floor(n * (probeOf.every ?? 1)),
    }),
  ).flat();

export interface ReadingOptions {
  readonly format?: string;
  readonly internal?: readonly string[];
  readonly routingDomains?: Readonly<Record<string, readonly string[]>>;
}

/** Reads files into one collector, as the command line does. */
export async function collect(files: readonly (readonly Row[])[], options: ReadingOptions = {}): Promise<Collector> {
  const collector = new Collector({ key: hashKey(SECRET), ...options });
  for (const rows of files) await readInto(collector, rows, options);
  return collector;
}

async function readInto(collector: Collector, rows: readonly Row[], options: ReadingOptions): Promise<void> {
  const report = await readFlowLog(bufferSource('test', Buffer.from(logText(rows, options.format))), collector);
  if (report.error || report.skipped.length)
    throw new Error(`the test's own rows are wrong: ${report.error ?? JSON.stringify(report.skipped)}`);
}

/** Reads each file by itself into stored fragments and merges them, as the functions do. */
export async function merged(
  files: readonly (readonly Row[])[],
  options: ReadingOptions & { readonly limit?: number } = {},
): Promise<SourceEvidence[]> {
  const bySource = new Map<string, Fragment[]>();
  for (const rows of files) {
    const collector = await collect([rows], options);
    for (const { panes, ...source } of collector.sources()) {
      for (const pane of panes) {
        const stored = encodeFragment({ ...source, ...pane });
        const key = `${source.scope}|${source.address}`;
        bySource.set(key, [...(bySource.get(key) ?? []), decodeFragment(source, stored)]);
      }
    }
  }
  return [...bySource.keys()]
    .sort()
    .map((key) => mergeFragments(bySource.get(key)!, options.limit ? limitsOf(options.limit) : undefined)!);
}

export interface JudgingOptions extends ReadingOptions {
  readonly settings?: DetectionSettings;
  readonly overdueBefore?: number;
  readonly logTime?: number;
  readonly inventory?: Inventory;
}

const contextOf = (options: JudgingOptions & { logTime: number }) => ({
  settings: options.settings ?? detectionSettings(),
  secret: SECRET,
  networks: new Networks(options.internal),
  overdueBefore: options.overdueBefore ?? Number.POSITIVE_INFINITY,
  logTime: options.logTime,
  inventory: options.inventory,
});

/** The findings about sources, each by itself, checked against the published schema. */
export function judge(sources: Iterable<SourceEvidence>, options: JudgingOptions & { logTime: number }): Finding[] {
  const context = contextOf(options);
  const findings = [...sources].flatMap((source) => detectScans(source, context).map(({ finding }) => finding));
  for (const finding of findings) expectValidFinding(finding);
  return findings.sort((a, b) =>
    a.detectedAt < b.detectedAt ? -1 : a.detectedAt > b.detectedAt ? 1 : a.id < b.id ? -1 : 1,
  );
}

/** The findings in rows of one file, as the command line finds them. */
export async function findingsIn(rows: readonly Row[], options: JudgingOptions = {}): Promise<Finding[]> {
  return findingsOf(await collect([rows], options), options);
}

/** The findings of what was collected. */
export async function findingsOf(collector: Collector, options: JudgingOptions = {}): Promise<Finding[]> {
  const findings = [...(await judgeAll(collector, contextOf({ logTime: collector.logTime, ...options })))];
  for (const finding of findings) expectValidFinding(finding);
  return findings;
}
