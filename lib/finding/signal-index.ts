/** Signals by everything that the source of a scan can be recognised by: address, instance, interface, pod, task, node. */
import { canonicalAddress } from '../net/address.ts';
import type { Resident } from '../signals/orchestrator/directory.ts';
import type { Signal } from '../signals/signal.ts';
import { byStrength } from './describe-signals.ts';
import { epochSeconds, type Finding, type FindingSource } from './model.ts';

/** A signal counts from this long before the first probe until this long after the last, in milliseconds. */
const BEFORE = 600_000;
/** Clocks of hosts and the intervals of flow logs disagree by this much. */
const AFTER = 120_000;

/** A signal with how it belongs to a scan. */
export interface Match {
  readonly signal: Signal;
  /** The record names the node, and the scan came from a pod on it. */
  readonly isOfNode: boolean;
}

/** Two networks may use one address. The instance tells them apart where both sides name it. */
export const isSameHost = (instanceId: string | undefined, source: FindingSource): boolean =>
  instanceId === undefined || source.instanceId === undefined || instanceId === source.instanceId;

/** Signals by everything that a source can be recognised by. */
export class SignalIndex {
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
