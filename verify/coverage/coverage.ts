/** Measures what is covered: every shape under the detector and under the peers' rules, and the slowest scans. */
import { readFileSync } from 'node:fs';
import type { Table } from '../../bench/table.ts';
import type { Sensitivity } from '../../lib/detections/settings.ts';
import { epochSeconds } from '../../lib/finding/model.ts';
import { alarmOf, falseAlarms } from '../peers/judge.ts';
import { readRecords } from '../peers/record.ts';
import type { Alarm, Rule } from '../peers/rule.ts';
import { RULES } from '../peers/rules.ts';
import { type ContextEffects, contextEffects, contextTable } from './contexts.ts';
import { findingsOf } from './detector.ts';
import { duration } from './duration.ts';
import { HeldLog } from './held-log.ts';
import type { LabelledLog } from './labelled-logs.ts';
import { isAsked, type Score, score, type Verdict } from './score.ts';
import { SENSITIVITIES, type SensitivityScores, sensitivityScores, sensitivityTable } from './sensitivity.ts';
import { allShapes, type Shape } from './shapes.ts';
import { slowestInterval } from './slowest.ts';
import { ORIGINS, SCAN_KINDS, type SyntheticScan, syntheticScan } from './synthetic.ts';

export const TITLES = {
  scans: 'Scans',
  silence: 'Ordinary traffic',
  sensitivity: 'Sensitivity',
  contexts: 'Contexts',
  peersScans: 'The same scans under the default rules of others',
  peersSilence: 'The same ordinary traffic under them',
  slowest: 'The slowest scan still reported',
  atomic: 'Atomic Red Team tests in host logs',
} as const;
export const OURS = 'sweepwatch';
export const FOUND = 'found';
const MISSED = 'missed';
export const SILENT = 'silent';
const NOTHING = '·';
const NEVER = 'never';
/** The kind of trap that is in every synthetic log. */
const NOISE = 'noise';

interface Judged {
  readonly shape: Shape;
  readonly score: Score;
}

/** The detector over every shape. */
export async function judgeShapes(shapes: readonly Shape[] = allShapes()): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const shape of shapes)
    judged.push({ shape, score: score(await findingsOf([readFileSync(shape.path)]), shape, shape.format) });
  return judged;
}

/** What the detector makes of the shapes. */
export function ownTables(judged: readonly Judged[]): Table[] {
  return [
    {
      title: TITLES.scans,
      header: ['shape', 'log', 'what', 'result', 'kind', 'severity', 'contacts', 'seconds', 'test', 'horizon'],
      rows: judged.flatMap(({ shape, score }) => score.verdicts.map((verdict) => scanRow(shape, verdict))),
    },
    {
      title: TITLES.silence,
      header: ['shape', 'log', 'what', 'result', 'low findings'],
      rows: [
        ...judged
          .filter(({ shape }) => hasTraps(shape))
          .map(({ shape, score }) => [shape.name, shape.format, whatIsOrdinary(shape), ...silenceOf([score])]),
        [
          'all others',
          'v5, v2',
          "the internet's noise around a scan",
          ...silenceOf(judged.filter(({ shape }) => !hasTraps(shape)).map(({ score }) => score)),
        ],
      ],
    },
  ];
}

function scanRow(shape: Shape, { label, finding, kindIsRight }: Verdict): string[] {
  const what = `${label.kind}${label.why ? `: ${label.why}` : ''}`;
  const name = shape.labels.length > 1 ? `${shape.name}: ${label.name}` : shape.name;
  const about = [name, shape.format, what];
  if (!finding) return [...about, MISSED, '', '', '', '', '', ''];
  return [
    ...about,
    FOUND,
    kindIsRight ? finding.kind : `${finding.kind} (wrong)`,
    finding.severity,
    String(finding.contactsAtDetection),
    String(Math.max(0, Math.round(epochSeconds(finding.detectedAt) - label.first))),
    finding.reasons[0]?.test ?? '',
    finding.horizon,
  ];
}

const hasTraps = ({ benign }: Shape): boolean => benign.some(({ kind }) => kind !== NOISE);

/** The benign look-alikes of a shape in words. All files of the lab have the same ones. */
const whatIsOrdinary = ({ origin, benign }: Shape): string =>
  origin === 'lab'
    ? `${benign.length} kinds of captured traffic around a scan`
    : benign
        .filter(({ kind }) => kind !== NOISE)
        .map(({ kind, why }) => `${kind}: ${why}`)
        .join('; ');

function silenceOf(scores: readonly Score[]): string[] {
  const alarms = scores.reduce((sum, { falseAlarms }) => sum + falseAlarms.length, 0);
  const low = scores.reduce((sum, { chatter }) => sum + chatter.length, 0);
  return [alarms ? countOf(alarms, 'alarm') : SILENT, String(low)];
}

/** What changes with the sensitivity, and without each context. Reads each log once. */
export async function variationTables(logs: readonly LabelledLog[] = allShapes()): Promise<Table[]> {
  const scores: SensitivityScores[] = [];
  const effects: ContextEffects[] = [];
  for (const log of logs) {
    const held = await HeldLog.read(log.path);
    scores.push(await sensitivityScores(log, held));
    effects.push(await contextEffects(log, held));
  }
  const slowest = await slowestBySensitivity();
  return [sensitivityTable(TITLES.sensitivity, scores, slowest), contextTable(TITLES.contexts, effects)];
}

/**
 * The shapes under the peers' rules, beside the detector. Logs without flags are left out: most of the rules need them.
 */
export function peerTables(judged: readonly Judged[]): Table[] {
  const columns = [OURS, ...RULES.map(({ name }) => name)];
  const withFlags = judged
    .filter(({ shape }) => shape.format === 'v5')
    .map(({ shape, score }) => ({ shape, score, alarms: alarmsOf(shape.path) }));
  const scans = withFlags.flatMap(({ shape, score, alarms }) =>
    shape.labels
      .filter((label) => isAsked(label, shape.format))
      .map((label) => {
        const own = score.verdicts.some((verdict) => verdict.label === label && verdict.finding);
        return { name: shape.name, marks: [own, ...alarms.map((some) => alarmOf(some, label) !== undefined)] };
      }),
  );
  const silence = withFlags
    .filter(({ shape }) => shape.origin === 'lab' || !shape.labels.length)
    .map(({ shape, score, alarms }) => {
      const named = new Set(shape.labels.flatMap(({ sources, sources_v2 = [] }) => [...sources, ...sources_v2]));
      const own = new Set(score.falseAlarms.map(({ source }) => source?.address ?? 'campaign')).size;
      const others = alarms.map((some) => new Set(falseAlarms(some, named).map(({ source }) => source)).size);
      return { name: shape.name, counts: [own, ...others] };
    });
  const total = (values: readonly (readonly (number | boolean)[])[]) =>
    columns.map((_, index) => String(values.filter((row) => row[index]).length));
  return [
    {
      title: TITLES.peersScans,
      header: ['shape', ...columns],
      rows: [
        ...scans.map(({ name, marks }) => [name, ...marks.map((mark) => (mark ? FOUND : NOTHING))]),
        [`**found of ${scans.length}**`, ...total(scans.map(({ marks }) => marks))],
      ],
    },
    {
      title: TITLES.peersSilence,
      header: ['shape', ...columns],
      rows: [
        ...silence.map(({ name, counts }) => [name, ...counts.map((count) => (count ? String(count) : NOTHING))]),
        [`**alarms in of ${silence.length}**`, ...total(silence.map(({ counts }) => counts))],
      ],
    },
  ];
}

function alarmsOf(path: string): Alarm[][] {
  const records = readRecords(readFileSync(path));
  return RULES.map((rule) => [...rule.alarms(records)]);
}

/** The slowest pace at which plain scans are found. */
export async function slowestTable(): Promise<Table> {
  const rows: string[][] = [];
  for (const from of ORIGINS)
    for (const kind of SCAN_KINDS) {
      const intervals = [await slowestOfOurs(kind, from)];
      for (const rule of RULES)
        intervals.push(await slowestInterval(async (interval) => isFoundBy(rule, { kind, from, interval })));
      rows.push([`${kind} from ${from}`, ...intervals.map(nameOf)]);
    }
  return { title: TITLES.slowest, header: ['scan', OURS, ...RULES.map(({ name }) => name)], rows };
}

const nameOf = (interval: number | undefined): string => (interval === undefined ? NEVER : duration(interval));

/** The slowest pace at which each sensitivity still finds a scan of one host's ports by an inside source. */
export const slowestBySensitivity = (): Promise<string[]> =>
  Promise.all(SENSITIVITIES.map(async (one) => nameOf(await slowestOfOurs('vertical', 'inside', one))));

function slowestOfOurs(
  kind: SyntheticScan['kind'],
  from: SyntheticScan['from'],
  sensitivity?: Sensitivity,
): Promise<number | undefined> {
  return slowestInterval(async (interval) => {
    const { log, label } = syntheticScan({ kind, from, interval });
    const { verdicts } = score(await findingsOf([log], sensitivity), { labels: [label] }, 'v5');
    return verdicts[0]?.finding !== undefined;
  });
}

function isFoundBy(rule: Rule, scan: SyntheticScan): boolean {
  const { log, label } = syntheticScan(scan);
  return alarmOf([...rule.alarms(readRecords(log))], label) !== undefined;
}

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
