/** Turns signals into findings: those of one group with less than an hour between them are one. */
import { parseCidr } from '../net/cidr.ts';
import { SIGNAL_KINDS, type Signal } from '../signals/signal.ts';
import { portCount } from '../signals/tools/targets.ts';
import { printable } from '../text/untrusted.ts';
import { countOf } from '../text/wording.ts';
import { findingId } from './identity.ts';
import {
  type Finding,
  type FindingActor,
  isoTime,
  type Reason,
  SAMPLE_SIZE,
  type Severity,
  type Spread,
  severityRank,
  type Technique,
} from './model.ts';

/** What findings from signals need beyond the signals. */
export interface SignalContext {
  /** Deployment secret that finding ids are keyed with. */
  readonly secret: string;
  /** How far the logs reach, epoch seconds. A finding without news for an episode's gap before is closed. */
  readonly logTime: number;
  /** Whether flow logs were read too, which then show no scan. */
  readonly hasFlowLogs: boolean;
}

/** Silence after which the next signal of a group begins a new finding, in milliseconds. */
const EPISODE_GAP = 3_600_000;
/** Everyday events of the same place this long before or after belong to the story. */
const AROUND = 600_000;
const HOUR = 3_600_000;
const LONGEST_TEXT = 400;
const LONGEST_COMMAND = 1000;

/** Signals that belong together. `core` are those that make the finding, `all` has the everyday ones beside them too. */
export interface SignalEpisode {
  readonly group: string;
  readonly core: readonly Signal[];
  readonly all: readonly Signal[];
}

/** The group of a signal that names none: its host and user. */
const groupOf = ({ group, actor, place }: Signal): string =>
  group ?? ['host', place.instanceId ?? place.nodeName ?? actor.host ?? '', actor.user ?? ''].join('|');

/** The episodes of signals, in order of time. Groups of everyday events alone have none. */
export function episodesOf(signals: readonly Signal[]): SignalEpisode[] {
  const groups = Map.groupBy(withoutRepetitions(signals), groupOf);
  return [...groups]
    .flatMap(([group, members]) => {
      const sorted = members.toSorted(byTime);
      const context = sorted.filter(({ isContext }) => isContext);
      return coresOf(sorted.filter(({ isContext }) => !isContext)).map((core) => {
        const [from, to] = [core[0]!.at - AROUND, core.at(-1)!.at + AROUND];
        const beside = context.filter(({ at }) => at >= from && at <= to);
        return { group, core, all: [...core, ...beside].sort(byTime) };
      });
    })
    .sort((a, b) => byTime(a.core[0]!, b.core[0]!));
}

function coresOf(sorted: readonly Signal[]): Signal[][] {
  const cores: Signal[][] = [];
  for (const signal of sorted) {
    const core = cores.at(-1);
    if (core && signal.at - core.at(-1)!.at <= EPISODE_GAP) core.push(signal);
    else cores.push([signal]);
  }
  return cores;
}

/** An event that several files hold is one signal. */
export function withoutRepetitions(signals: readonly Signal[]): Signal[] {
  const known = new Map<string, Signal>();
  for (const signal of signals) {
    const key = `${signal.kind}\n${signal.eventId}\n${signal.tool ?? ''}`;
    const other = known.get(key);
    if (!other || order(signal) < order(other)) known.set(key, signal);
  }
  return [...known.values()];
}

const order = (signal: Signal): string => `${String(signal.at).padStart(16, '0')} ${JSON.stringify(signal)}`;

const byTime = (a: Signal, b: Signal): number =>
  a.at - b.at || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0);

/** From the strongest to the weakest. */
export const byStrength = (a: Signal, b: Signal): number =>
  Number(a.isContext ?? false) - Number(b.isContext ?? false) ||
  severityRank(b.severity) - severityRank(a.severity) ||
  b.confidence - a.confidence ||
  SIGNAL_KINDS.indexOf(a.kind) - SIGNAL_KINDS.indexOf(b.kind) ||
  byTime(a, b);

/** The findings of episodes. */
export const describeEpisodes = (episodes: readonly SignalEpisode[], context: SignalContext): Finding[] =>
  episodes.map((episode) => describeEpisode(episode, context));

/** The epoch hour in which an episode began. Two of one group never begin in the same hour. */
export const anchorHourOf = ({ core }: SignalEpisode): number => Math.floor(core[0]!.at / HOUR);

/** The id of an episode's finding. It stays the same as long as the first hour of the episode does. */
export const episodeId = (secret: string, episode: SignalEpisode, anchorHour = anchorHourOf(episode)): string =>
  findingId(secret, { scope: 'signals', address: episode.group, direction: 'signals', anchorHour, ordinal: 0 });

/** The finding of an episode. */
export function describeEpisode(episode: SignalEpisode, { secret, logTime, hasFlowLogs }: SignalContext): Finding {
  const { core, all } = episode;
  const [strongest] = core.toSorted(byStrength) as [Signal];
  const [firstSeen, lastSeen] = [core[0]!.at / 1000, core.at(-1)!.at / 1000];
  const isClosed = logTime - lastSeen > EPISODE_GAP / 1000;
  return {
    schemaVersion: 1,
    id: episodeId(secret, episode),
    kind: strongest.kind,
    severity: strongest.severity,
    confidence: confidenceOf(core),
    techniques: techniquesOfSignals(core),
    source: null,
    protocols: [],
    targets: targetsOf(core),
    ports: portsOf(core),
    contacts: { failed: 0, established: 0, rejected: 0, unanswered: 0, reset: 0 },
    contactsAtDetection: 0,
    openPorts: { count: 0, sample: [] },
    tool: toolOfSignals(core),
    actor: actorOf(strongest),
    signals: summaryOfSignals(all),
    horizon: lastSeen - firstSeen <= 300 ? '5m' : lastSeen - firstSeen <= 3600 ? '1h' : '24h',
    firstSeen: isoTime(firstSeen),
    lastSeen: isoTime(lastSeen),
    detectedAt: isoTime(strongest.at / 1000),
    reasons: reasonsOf(core),
    dataQuality: [
      ...qualityOf(core),
      hasFlowLogs
        ? 'The flow logs that were read show no scan from this place at this time.'
        : 'No flow logs were read, so the traffic itself was not seen.',
    ],
    status: isClosed ? 'closed' : 'open',
    ...(isClosed && { closedBecause: 'ended' as const }),
  };
}

/** The confidence of the strongest, and a little more for each further kind of evidence. */
const confidenceOf = (signals: readonly Signal[]): number =>
  Math.min(
    99,
    signals.reduce((most, { confidence }) => Math.max(most, confidence), 0) +
      2 * (new Set(signals.map(testOf)).size - 1),
  );

/** The most confident tool of signals. */
export function toolOfSignals(signals: readonly Signal[]): Finding['tool'] {
  const [named] = signals.filter(({ tool }) => tool !== undefined).sort(byStrength);
  return named ? { name: named.tool!, confidence: named.confidence } : null;
}

/** The actor of a signal, cut to lengths that items and messages hold. */
export function actorOf({ actor, at }: Signal): FindingActor {
  const { command, name, ...rest } = actor;
  return {
    ...rest,
    name: cut(name, LONGEST_TEXT),
    ...(command !== undefined && { command: cut(command, LONGEST_COMMAND) }),
    at: isoTime(at / 1000),
  };
}

/** The number of signals, and the strongest of them in order of time. */
export const summaryOfSignals = (signals: readonly Signal[]): NonNullable<Finding['signals']> => ({
  count: signals.length,
  sample: signals
    .toSorted(byStrength)
    .slice(0, SAMPLE_SIZE)
    .sort(byTime)
    .map(({ at, kind, actor, summary, eventId }) => ({
      at: isoTime(at / 1000),
      type: kind,
      actor: cut(actor.name, LONGEST_TEXT),
      summary: cut(summary, LONGEST_TEXT),
      eventId: cut(eventId, LONGEST_TEXT),
    })),
});

/** The rule behind a signal. */
const testOf = ({ measure, tool, kind }: Signal): string => measure?.test ?? (tool === undefined ? kind : 'known-tool');

/** One reason for each rule, from its strongest signal. */
function reasonsOf(signals: readonly Signal[]): Reason[] {
  return [...Map.groupBy(signals.toSorted(byStrength), testOf)].map(([test, members]) => {
    const strongest = members[0]!;
    const more = members.length > 1 ? ` (and ${countOf(members.length - 1, 'more event')} like it)` : '';
    return {
      test,
      value: strongest.measure?.value ?? members.length,
      threshold: strongest.measure?.threshold ?? 1,
      text: `${cut(strongest.summary, LONGEST_TEXT)}${more}`,
    };
  });
}

/** What the events could not show. */
export const qualityOf = (signals: readonly Signal[]): string[] =>
  [...new Set(signals.flatMap(({ dataQuality }) => dataQuality))].sort();

const NETWORK_SERVICE_DISCOVERY: Technique = { id: 'T1046', name: 'Network Service Discovery', tactic: 'Discovery' };
const ACTIVE_SCANNING: Technique = { id: 'T1595', name: 'Active Scanning', tactic: 'Reconnaissance' };
const OF_KIND: Readonly<Record<Signal['kind'], Technique | undefined>> = {
  'exec-into-container': { id: 'T1609', name: 'Container Administration Command', tactic: 'Execution' },
  'container-churn': { id: 'T1610', name: 'Deploy Container', tactic: 'Execution' },
  'discovery-spree': { id: 'T1613', name: 'Container and Resource Discovery', tactic: 'Discovery' },
  'tool-execution': undefined,
};

/** The techniques of signals: how somebody got there, and a scan where a tool or ports show one. */
export function techniquesOfSignals(signals: readonly Signal[]): Technique[] {
  const isScan = signals.some(
    ({ tool, ports, kind }) => tool !== undefined || ports !== undefined || kind === 'tool-execution',
  );
  const isContainer = signals.some(({ actor, kind }) => actor.kind !== 'process' && kind !== 'discovery-spree');
  const deployed = signals.some(({ actor, kind }) => kind === 'tool-execution' && actor.kind !== 'process');
  const techniques = [
    ...(isScan ? [NETWORK_SERVICE_DISCOVERY] : []),
    ...(isScan && isContainer ? [ACTIVE_SCANNING] : []),
    ...signals.map(({ kind }) => OF_KIND[kind]),
    ...(deployed ? [OF_KIND['container-churn']] : []),
  ];
  return [...new Map(techniques.flatMap((one) => (one ? [[one.id, one] as const] : []))).values()];
}

/** Targets as commands name them: a network counts as its addresses. */
function targetsOf(signals: readonly Signal[]): Spread<string> {
  const targets = [...new Set(signals.flatMap((signal) => signal.targets ?? []))];
  const sizes = targets.map(sizeOf);
  return {
    count: sizes.reduce((sum, { count }) => sum + count, 0),
    exact: sizes.every(({ exact }) => exact),
    sample: targets.slice(0, SAMPLE_SIZE).map((target) => cut(target, LONGEST_TEXT)),
  };
}

function sizeOf(target: string): { readonly count: number; readonly exact: boolean } {
  const bits = /^\d+\.\d+\.\d+\.\d+\/(\d+)$/.exec(target)?.[1];
  if (bits !== undefined && !('problem' in parseCidr(target))) return { count: 2 ** (32 - Number(bits)), exact: true };
  return { count: 1, exact: !/[-*,/]/.test(target) };
}

/** Ports as commands name them, by the option that nearly all scanners call `-p`. */
function portsOf(signals: readonly Signal[]): Spread<number> {
  const named = new Set(signals.flatMap(({ ports }) => ports ?? []));
  let count = 0;
  for (const words of new Set(
    signals.filter(({ tool }) => tool !== undefined).flatMap(({ actor }) => portWords(actor.command ?? '')),
  )) {
    count += portCount(words) ?? 0;
    for (const port of firstPorts(words)) named.add(port);
  }
  const sample = [...named].sort((a, b) => a - b);
  return { count: Math.min(65_536, Math.max(count, sample.length)), exact: true, sample: sample.slice(0, SAMPLE_SIZE) };
}

const portWords = (command: string): string[] =>
  [...command.slice(0, LONGEST_COMMAND).matchAll(/(?:^|\s)(?:-p|--ports?)[ =]?([\d,-]+)(?=\s|$)/g)].map(
    (match) => match[1]!,
  );

/** The first ports of `22,80,443` or `1-1024`. */
function firstPorts(words: string): number[] {
  return words.split(',').flatMap((part) => {
    const [first, last = first] = part === '-' ? ['1', '65535'] : part.split('-');
    const from = Number(first || 1);
    const to = Math.min(Number(last || 65_535), from + SAMPLE_SIZE - 1, 65_535);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
  });
}

/** Untrusted text without control characters, cut to a length. */
export function cut(text: string, length: number): string {
  const safe = printable(text);
  return safe.length > length ? `${safe.slice(0, length - 3)}...` : safe;
}

/** The higher of two severities. */
export const higher = (a: Severity, b: Severity): Severity => (severityRank(a) >= severityRank(b) ? a : b);
