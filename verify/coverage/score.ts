/** What counts as found, as a false alarm, as chatter: the one judgement of the table and of the jitter. */
import { BlockList, isIPv6 } from 'node:net';
import { KINDS } from '../../lib/detections/index.ts';
import { epochSeconds, type Finding, severityRank } from '../../lib/finding/model.ts';
import type { Label, Labels } from './shapes.ts';

/** Tolerance in seconds: records of one interval share its times, and a delivery slot may come after the last probe. */
const SLACK = 180;
const HOUR = 3600;
const INSIDE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i;
/** Fewer distinct contacts than this in 72 h are beyond what the detector promises. */
const PROMISED_CONTACTS = 25;
/** Kinds of labels that are no kinds of findings, by their first word. */
const SHAPES: Readonly<Record<string, string>> = {
  vertical: 'vertical-scan',
  block: 'block-scan',
  distributed: 'distributed-scan',
};

type Format = 'v5' | 'v2';

/** Of at least medium severity: what a person is woken for. */
const isAlarm = ({ severity }: Finding): boolean => severityRank(severity) >= severityRank('medium');

/** Whether a log of this format shows enough of the scan to ask for it. */
export function isAsked({ detectable, contacts }: Label, format: Format): boolean {
  if (detectable === 'no' || detectable === 'maybe') return false;
  if (detectable === 'v5 only' && format === 'v2') return false;
  return detectable !== 'with a long window' || (contacts ?? PROMISED_CONTACTS) >= PROMISED_CONTACTS;
}

const isDistributed = ({ kind }: Label): boolean => kind.startsWith('distributed');

/** What became of one label. */
export interface Verdict {
  readonly label: Label;
  /** The finding with most failed contacts among those about the scan at its time. Absent if the scan was missed. */
  readonly finding?: Finding;
  readonly kindIsRight: boolean;
}

export interface Score {
  readonly verdicts: readonly Verdict[];
  /** Findings of medium severity or above on sources that no label names. */
  readonly falseAlarms: readonly Finding[];
  /** Findings below that on such sources. */
  readonly chatter: readonly Finding[];
}

/** Judges the findings of one log against its labels. */
export function score(
  findings: readonly Finding[],
  { labels }: Pick<Labels, 'labels'> & Partial<Labels>,
  format: Format,
): Score {
  const verdicts = labels
    .filter((label) => isAsked(label, format))
    .map((label) => {
      const hits = findings.filter((finding) => finds(finding, label, format));
      const finding = hits.reduce<Finding | undefined>(
        (a, b) => (a === undefined || b.contacts.failed > a.contacts.failed ? b : a),
        undefined,
      );
      return { label, ...(finding && { finding }), kindIsRight: hits.length > 0 && isRightKind(hits, finding, label) };
    });
  const others = findings.filter((finding) => !labels.some((label) => speaksOf(finding, label, format)));
  return {
    verdicts,
    falseAlarms: others.filter(isAlarm),
    chatter: others.filter((finding) => !isAlarm(finding)),
  };
}

/**
 * A distributed scan whose members are loud enough to be findings of their own is right as such too, next to its
 * campaign.
 */
function isRightKind(hits: readonly Finding[], main: Finding | undefined, label: Label): boolean {
  const [shape] = label.kind.split(/[- ]/) as [string];
  const wanted = KINDS.includes(label.kind) ? label.kind : (SHAPES[shape] ?? 'horizontal-scan');
  return main?.kind === wanted || (isDistributed(label) && hits.some(({ kind }) => kind === wanted));
}

/** Whether the finding is of the label's source, or its campaign of the label's sources, at an overlapping time. */
export function speaksOf(finding: Finding, label: Label, format: Format): boolean {
  const sources = new Set([...label.sources, ...((format === 'v2' && label.sources_v2) || [])]);
  if (finding.kind === 'distributed-scan') {
    const sample = finding.sources?.sample ?? [];
    const named = sample.filter((address) => sources.has(address)).length;
    if (!sample.length || named < 0.8 * sample.length) return false;
    if (isDistributed(label) && !finding.targets.sample.some((target) => hasTarget(label, target))) return false;
  } else if (!sources.has(finding.source?.address ?? '')) return false;
  return epochSeconds(finding.firstSeen) <= label.last + SLACK && epochSeconds(finding.lastSeen) >= label.first - SLACK;
}

/**
 * Also requires the expected severity for an inside source, at most an hour more than the scan's duration, and a
 * detection in time.
 */
function finds(finding: Finding, label: Label, format: Format): boolean {
  if (!speaksOf(finding, label, format) || (isInside(label) && !isAlarm(finding))) return false;
  if (label.detectable === 'only by target' && isDistributed(label) && finding.kind !== 'distributed-scan')
    return false;
  const longer = epochSeconds(finding.lastSeen) - epochSeconds(finding.firstSeen) - (label.last - label.first);
  const detected = epochSeconds(finding.detectedAt);
  return longer <= HOUR + SLACK && detected >= label.first - SLACK && detected <= label.last + HOUR + SLACK;
}

const isInside = ({ sources }: Label): boolean => sources.every((address) => INSIDE.test(address));

function hasTarget({ targets }: Label, address: string): boolean {
  return targets.split(/[\s,]+/).some((entry) => (entry.includes('/') ? isWithin(entry, address) : entry === address));
}

function isWithin(network: string, address: string): boolean {
  const [base, bits] = network.split('/') as [string, string];
  const list = new BlockList();
  list.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4');
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
