/**
 * Where a scan in flow logs meets what orchestrators and hosts tell: the same address, instance, interface or task, near in
 * time. The scan gains the actor, and the signals are no finding of their own.
 */
import type { Directory, Resident } from '../signals/orchestrator/directory.ts';
import type { Signal } from '../signals/signal.ts';
import { countOf } from '../text/wording.ts';
import {
  actorOf,
  cut,
  describeEpisodes,
  episodesOf,
  higher,
  qualityOf,
  type SignalContext,
  type SignalEpisode,
  summaryOfSignals,
  techniquesOfSignals,
  toolOfSignals,
  withoutRepetitions,
} from './describe-signals.ts';
import { epochSeconds, type Finding, type FindingActor, type Severity, severityRank } from './model.ts';
import { isSameHost, type Match, SignalIndex } from './signal-index.ts';

/** Runs of one tool on one node, as two kinds of logs saw them, are this near. */
const SAME_RUN = 60_000;
const LONGEST_TEXT = 400;

/** Everything that was read beside flow logs. */
export interface SignalEvidence {
  readonly signals: readonly Signal[];
  /** Pods and tasks by address and time. */
  readonly directory: Directory;
}

/** A finding of flow logs with what signals say about it. */
export interface ExplainedScan {
  readonly finding: Finding;
  /** The episodes that belong to its story, and are no findings of their own. */
  readonly episodes: readonly SignalEpisode[];
}

/** Signals that wait for scans. The order of signals does not matter. */
export class SignalMeeting {
  /** What becomes a finding, unless it belongs to a scan. */
  readonly episodes: readonly SignalEpisode[];
  readonly #index: SignalIndex;
  readonly #directory: Directory;
  readonly #episodeOf: ReadonlyMap<Signal, SignalEpisode>;

  constructor(evidence: SignalEvidence) {
    const signals = joinHosts(withoutRepetitions(evidence.signals));
    this.episodes = episodesOf(signals);
    this.#index = new SignalIndex(signals);
    this.#directory = evidence.directory;
    this.#episodeOf = new Map(
      this.episodes.flatMap((episode) => episode.all.map((signal) => [signal, episode] as const)),
    );
  }

  /** The namespaces of the pods that had the address of a scan's source during the scan. */
  namespacesOf(finding: Finding): string[] {
    return residentsOf(finding, this.#directory).flatMap(({ namespace }) => namespace ?? []);
  }

  /** A scan with the signals about its source near it in time. */
  explain(finding: Finding): ExplainedScan {
    const residents = residentsOf(finding, this.#directory);
    const matches = this.#index.near(finding, residents);
    const matched = new Set(matches.map(({ signal }) => signal));
    const episodes = new Set(
      [...matched].map((signal) => this.#episodeOf.get(signal)).filter((episode) => episode !== undefined),
    );
    // The rest of an episode belongs to its story.
    const more = new Set([...episodes].flatMap((episode) => episode.all.filter((signal) => !matched.has(signal))));
    return { finding: explain(finding, matches, [...more], residents), episodes: [...episodes] };
  }
}

/**
 * The findings of flow logs with what signals add, and findings for the signals that no scan explains. The order of
 * `findings` and `signals` does not matter.
 */
export function meetSignals(findings: readonly Finding[], evidence: SignalEvidence, context: SignalContext): Finding[] {
  const meeting = new SignalMeeting(evidence);
  const explained = findings.map((finding) => meeting.explain(finding));
  const met = new Set(explained.flatMap(({ episodes }) => episodes));
  return [
    ...explained.map(({ finding }) => finding),
    ...describeEpisodes(
      meeting.episodes.filter((episode) => !met.has(episode)),
      context,
    ),
  ].sort((a, b) => compare(a.detectedAt, b.detectedAt) || compare(a.id, b.id));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The pods and tasks that had the source's address during the scan. */
function residentsOf({ source, firstSeen, lastSeen }: Finding, directory: Directory): readonly Resident[] {
  if (!source) return [];
  const found = directory.at(source.address, epochSeconds(firstSeen) * 1000, epochSeconds(lastSeen) * 1000);
  return found.filter((resident) => isSameHost(resident.instanceId, source));
}

/** A finding of flow logs with what signals and the directory say about its source. */
function explain(
  finding: Finding,
  matches: readonly Match[],
  more: readonly Signal[],
  residents: readonly Resident[],
): Finding {
  const resident = residents.length === 1 ? residents[0] : undefined;
  const candidates = residents.length > 1 ? [candidatesOf(residents)] : [];
  if (!matches.length) {
    // Nobody expects events about a source outside.
    const isOurs = finding.source !== null && finding.direction !== 'inbound';
    const quality = isOurs ? ['No event of an orchestrator or a host that was read explains this scan.'] : [];
    return {
      ...finding,
      ...(resident && { actor: actorOfResident(resident, finding) }),
      dataQuality: [...finding.dataQuality, ...candidates, ...quality],
    };
  }
  const signals = matches.map(({ signal }) => signal);
  const strongest = signals[0]!;
  const all = [...signals, ...more];
  const named = toolOfSignals(signals);
  const isOfNode = matches.every((match) => match.isOfNode);
  const techniques = new Map(
    [...finding.techniques, ...techniquesOfSignals(signals)].map((one) => [one.id, one] as const),
  );
  return {
    ...finding,
    severity: severityWith(finding.severity, strongest),
    confidence: strongest.isContext ? finding.confidence : together(finding.confidence, strongest.confidence),
    techniques: [...techniques.values()],
    tool: named && named.confidence >= (finding.tool?.confidence ?? 0) ? named : finding.tool,
    actor: actorWith(tellingOf(signals), resident),
    signals: summaryOfSignals(all),
    reasons: [...finding.reasons, nearReason(finding, signals)],
    dataQuality: [
      ...finding.dataQuality,
      ...qualityOf(signals),
      ...candidates,
      ...(isOfNode ? ['The events name the node and not the pod, so another pod of the node may be the source.'] : []),
    ],
  };
}

/**
 * A known tool makes a scan an incident, and any other finding one step more. What is everyday, or excused by habit, adds
 * its name and no weight.
 */
function severityWith(severity: Severity, { isContext, tool, severity: own }: Signal): Severity {
  if (isContext || own === 'informational' || (tool !== undefined && own === 'low')) return severity;
  if (tool !== undefined) return higher(severity, 'high');
  return severityRank(severity) < severityRank('medium') ? 'medium' : higher(severity, 'high');
}

/** Two independent kinds of evidence. */
const together = (a: number, b: number): number => Math.min(99, Math.round(100 - ((100 - a) * (100 - b)) / 100));

function nearReason({ firstSeen }: Finding, signals: readonly Signal[]): Finding['reasons'][number] {
  const telling = tellingOf(signals);
  const seconds = Math.round(epochSeconds(firstSeen) - telling.at / 1000);
  const when =
    seconds >= 0
      ? `${countOf(seconds, 'second')} before the first probe`
      : `${countOf(-seconds, 'second')} after the first probe`;
  const others = signals.length > 1 ? ` (and ${countOf(signals.length - 1, 'more event')})` : '';
  return {
    test: 'signal-near-scan',
    value: signals.length,
    threshold: 1,
    text: `${when}, ${cut(telling.summary, LONGEST_TEXT)}${others}`,
  };
}

/** The signal that says most about who did it: a request of a user before a process of a host. */
const tellingOf = (signals: readonly Signal[]): Signal =>
  signals.find(({ actor, isContext }) => !isContext && actor.kind !== 'process' && actor.user !== undefined) ??
  signals[0]!;

/** A process on a node becomes the pod, if only one pod had the address. */
function actorWith(signal: Signal, resident: Resident | undefined): FindingActor {
  const actor = actorOf(signal);
  if (!resident || actor.kind === 'pod' || actor.kind === 'task') return actor;
  const { kind, name } = actorOfResident(resident, { firstSeen: actor.at });
  return {
    ...actor,
    kind,
    name,
    ...(resident.namespace !== undefined && { namespace: resident.namespace }),
    ...(resident.node !== undefined && { host: resident.node }),
  };
}

const actorOfResident = (resident: Resident, { firstSeen }: Pick<Finding, 'firstSeen'>): FindingActor => ({
  kind: resident.platform === 'ecs' ? 'task' : 'pod',
  name: cut(resident.platform === 'ecs' ? resident.id.split('/').at(-1)! : resident.name, LONGEST_TEXT),
  ...(resident.namespace !== undefined && { namespace: resident.namespace }),
  ...(resident.image !== undefined && { image: resident.image }),
  ...(resident.node !== undefined && { host: resident.node }),
  at: firstSeen,
});

const candidatesOf = (residents: readonly Resident[]): string =>
  `During the scan several pods had this address: ${residents
    .map(({ namespace, name }) => cut(namespace === undefined ? name : `${namespace}/${name}`, LONGEST_TEXT))
    .sort()
    .join(', ')}.`;

/**
 * Joins a process of a node to the pod that ran the same tool there at the same time, so that both are one finding. The
 * record of the node does not name the pod.
 */
function joinHosts(signals: readonly Signal[]): readonly Signal[] {
  const runs = new Map<string, Signal[]>();
  for (const signal of signals)
    if (signal.group !== undefined && signal.tool !== undefined && !signal.isContext)
      for (const node of [signal.place.instanceId, signal.place.nodeName])
        if (node !== undefined) runs.set(node, [...(runs.get(node) ?? []), signal]);
  return signals.map((signal) => {
    const { actor, place, tool, at } = signal;
    if (actor.kind !== 'process' || tool === undefined) return signal;
    const near = [place.instanceId, place.nodeName, actor.host]
      .flatMap((node) => (node === undefined ? [] : (runs.get(node) ?? [])))
      .filter((run) => run !== signal && run.tool === tool && Math.abs(at - run.at) <= SAME_RUN)
      .sort((a, b) => Math.abs(at - a.at) - Math.abs(at - b.at) || compare(a.eventId, b.eventId));
    return near.length ? { ...signal, group: near[0]!.group! } : signal;
  });
}
