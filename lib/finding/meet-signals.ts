/**
 * Where a scan in flow logs meets what orchestrators and hosts tell: the same address, instance, interface or task, near in
 * time. The scan gains the actor, and the signals are no finding of their own.
 */
import { canonicalAddress } from '../net/address.ts';
import type { Directory, Resident } from '../signals/orchestrator/directory.ts';
import type { Signal } from '../signals/signal.ts';
import { countOf } from '../text/wording.ts';
import {
  actorOf,
  byStrength,
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
import {
  epochSeconds,
  type Finding,
  type FindingActor,
  type FindingSource,
  type Severity,
  severityRank,
} from './model.ts';

/** A signal counts from this long before the first probe until this long after the last, in milliseconds. */
const BEFORE = 600_000;
/** Clocks of hosts and the intervals of flow logs disagree by this much. */
const AFTER = 120_000;
/** Runs of one tool on one node, as two kinds of logs saw them, are this near. */
const SAME_RUN = 60_000;
const LONGEST_TEXT = 400;

/** Everything that was read beside flow logs. */
export interface SignalEvidence {
  readonly signals: readonly Signal[];
  /** Pods and tasks by address and time. */
  readonly directory: Directory;
}

/** A signal with how it belongs to a scan. */
interface Match {
  readonly signal: Signal;
  /** The record names the node, and the scan came from a pod on it. */
  readonly isOfNode: boolean;
}

/**
 * The findings of flow logs with what signals add, and findings for the signals that no scan explains. The order of
 * `findings` and `signals` does not matter.
 */
export function meetSignals(findings: readonly Finding[], evidence: SignalEvidence, context: SignalContext): Finding[] {
  const signals = joinHosts(withoutRepetitions(evidence.signals));
  const index = new SignalIndex(signals);
  const episodes = episodesOf(signals);
  const episodeOf = new Map(episodes.flatMap((episode) => episode.all.map((signal) => [signal, episode] as const)));
  const met = new Set<SignalEpisode>();
  const explained = findings.map((finding) => {
    const residents = residentsOf(finding, evidence.directory);
    const matches = index.near(finding, residents);
    for (const { signal } of matches) {
      const episode = episodeOf.get(signal);
      if (episode) met.add(episode);
    }
    // The rest of an episode belongs to its story.
    const matched = new Set(matches.map(({ signal }) => signal));
    const all = new Set(matches.flatMap(({ signal }) => episodeOf.get(signal)?.all ?? [signal]));
    const more = [...all].filter((signal) => !matched.has(signal));
    return explain(finding, matches, more, residents);
  });
  return [
    ...explained,
    ...describeEpisodes(
      episodes.filter((episode) => !met.has(episode)),
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

/** Two networks may use one address. The instance tells them apart where both sides name it. */
const isSameHost = (instanceId: string | undefined, source: FindingSource): boolean =>
  instanceId === undefined || source.instanceId === undefined || instanceId === source.instanceId;

/** Signals by everything that a source can be recognised by. */
class SignalIndex {
  readonly #byName = new Map<string, Signal[]>();

  constructor(signals: readonly Signal[]) {
    for (const signal of signals) for (const name of namesOf(signal)) this.#add(name, signal);
  }

  #add(name: string, signal: Signal): void {
    const known = this.#byName.get(name);
    if (known) known.push(signal);
    else this.#byName.set(name, [signal]);
  }

  /** The signals about a scan's source near it in time, the strongest first. */
  near(finding: Finding, residents: readonly Resident[]): Match[] {
    const { source } = finding;
    if (!source) return [];
    const from = epochSeconds(finding.firstSeen) * 1000 - BEFORE;
    const to = epochSeconds(finding.lastSeen) * 1000 + AFTER;
    const found = new Map<Signal, Match>();
    for (const [name, isOfNode] of namesOfSource(source, residents))
      for (const signal of this.#byName.get(name) ?? []) {
        const isNear = signal.at <= to && Math.max(signal.at, signal.until ?? 0) >= from;
        if (!isNear || found.has(signal) || !isSameHost(signal.place.instanceId, source)) continue;
        found.set(signal, { signal, isOfNode });
      }
    return [...found.values()].sort((a, b) => byStrength(a.signal, b.signal));
  }
}

/** A pod is recognised by its own address and never by its node. A process or an engine is recognised by its host. */
function namesOf({ actor, place }: Signal): string[] {
  const isOfHost = actor.kind !== 'pod' && actor.kind !== 'task';
  return [
    ...(place.addresses ?? []).map((address) => `address ${canonicalAddress(address) ?? address}`),
    ...(place.podUid === undefined ? [] : [`pod ${place.podUid}`]),
    ...(place.interfaceId === undefined ? [] : [`interface ${place.interfaceId}`]),
    ...(place.taskArn === undefined ? [] : [`task ${place.taskArn}`]),
    ...(isOfHost && place.instanceId !== undefined ? [`instance ${place.instanceId}`] : []),
    ...(isOfHost && place.nodeName !== undefined ? [`node ${place.nodeName}`] : []),
  ];
}

/** The names of a source. Those of its node come last, so that a nearer one is taken first. */
function namesOfSource(
  source: FindingSource,
  residents: readonly Resident[],
): (readonly [name: string, isOfNode: boolean])[] {
  const isBehind = source.behindInterface === true || residents.some(({ hasHostNetwork }) => !hasHostNetwork);
  return [
    [`address ${source.address}`, false],
    ...residents.flatMap(({ uid }) => (uid === undefined ? [] : [[`pod ${uid}`, false] as const])),
    ...(source.ecs?.taskArn === undefined ? [] : [[`task ${source.ecs.taskArn}`, false] as const]),
    ...(source.interfaceId === undefined || isBehind ? [] : [[`interface ${source.interfaceId}`, false] as const]),
    ...(source.instanceId === undefined ? [] : [[`instance ${source.instanceId}`, isBehind] as const]),
    ...residents.flatMap(({ node }) => (node === undefined ? [] : [[`node ${node}`, isBehind] as const])),
  ];
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
