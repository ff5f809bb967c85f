/**
 * Everything that the facts of all files say, kept so that order and repetition change nothing. Memory is bounded: what
 * nobody will ask about is not kept, lists keep their earliest entries, and what is dropped at a limit is counted.
 */
import { Directory } from './directory.ts';
import { Ends } from './ends.ts';
import type { ExecFact, Fact, Program, ProxyFact, QueryFact, RuleFact, WorkloadFact } from './facts.ts';
import { workloadId } from './facts.ts';
import { identityOf } from './identities.ts';
import { Earliest, isEarlier, MOST_OCCURRENCES } from './occurrences.ts';
import { imageOf, mayBeTool } from './programs.ts';

/** The same entry into the same container by the same caller, as often as it happened. */
export interface ExecGroup {
  /** The earliest of them. */
  fact: ExecFact;
  readonly occurrences: Earliest;
}

/** Containers of one image that one caller made in one place. */
export interface ChurnGroup {
  /** The earliest of them. */
  fact: WorkloadFact;
  readonly made: Earliest;
  /** The ids of the containers by the key of their creation. */
  readonly ids: Map<string, string>;
}

/** What one caller asked for within one step of {@link STEP}. */
export interface Asked {
  /** As its earliest request names it. */
  caller: QueryFact['caller'];
  first: { readonly at: number; readonly key: string };
  readonly denied: Map<string, number>;
  /** Denied to the way in which programs follow a resource. */
  readonly deniedToFollow: Map<string, number>;
  /** Questions about the caller's own rights. Those that were answered with yes stand apart. */
  readonly reviews: Map<string, number>;
  readonly granted: Map<string, number>;
  readonly mapped: Map<string, number>;
  /** Programs that look for weak points. */
  readonly seekers: Map<string, number>;
}

/** What one caller reached through the API server within one step. */
export interface Proxied {
  /** As its earliest request names it. */
  caller: ProxyFact['caller'];
  first: { readonly at: number; readonly key: string };
  readonly targets: Map<string, { readonly at: number; readonly fact: ProxyFact }>;
  readonly failed: Set<string>;
}

/** The length of a step, in milliseconds. */
export const STEP = 300_000;
const MOST_GROUPS = 50_000;
const MOST_WORKLOADS = 50_000;
/** Different things that are kept of one caller and step. Thresholds are far below. */
const MOST_ASKED = 64;
const MOST_STEPS = 100_000;

/** Collects facts. */
export class Ledger {
  readonly directory = new Directory();
  readonly execs = new Map<string, ExecGroup>();
  readonly workloads = new Map<string, WorkloadFact>();
  readonly churn = new Map<string, ChurnGroup>();
  readonly ends = new Ends();
  /** When a service account made a pod, by both names. */
  readonly made = new Map<string, number>();
  readonly rules = new Map<string, RuleFact>();
  readonly asked = new Map<string, Map<number, Asked>>();
  readonly proxied = new Map<string, Map<number, Proxied>>();
  /** Resources that a caller watches, as operators do. */
  readonly watched = new Map<string, Set<string>>();
  /** The time of the last fact. */
  lastAt = 0;
  /** Facts that were dropped at a limit. */
  dropped = 0;
  #steps = 0;

  add(fact: Fact): void {
    if (fact.at > this.lastAt) this.lastAt = fact.at;
    switch (fact.type) {
      case 'exec':
        this.#addExec(fact);
        break;
      case 'workload':
        this.#addWorkload(fact);
        break;
      case 'end':
        this.ends.add(fact.id, fact.at);
        break;
      case 'place':
        this.directory.add(fact);
        break;
      case 'query':
        this.#addQuery(fact);
        break;
      case 'rule': {
        const known = this.rules.get(fact.key);
        if (!known && this.rules.size >= MOST_GROUPS) this.dropped++;
        else if (!known || fact.at < known.at) this.rules.set(fact.key, fact);
        break;
      }
      case 'proxy':
        this.#addProxy(fact);
        break;
    }
  }

  #addExec(fact: ExecFact): void {
    const { where, caller, entry, argv } = fact;
    const id = [
      where.platform,
      where.host,
      where.instanceId,
      workloadId(where),
      where.container,
      caller?.user,
      entry,
    ].join('\n');
    const key = `${id}\n${argv.join('\0')}`;
    let group = this.execs.get(key);
    if (!group) {
      if (this.execs.size >= MOST_GROUPS && !mayBeTool(argv)) {
        this.dropped++;
        return;
      }
      group = { fact, occurrences: new Earliest() };
      this.execs.set(key, group);
    }
    if (isEarlier(fact, group.fact)) group.fact = fact;
    group.occurrences.add({
      key: fact.key,
      at: fact.at,
      isRefused: fact.isRefused,
      ...(fact.until !== undefined && { until: fact.until }),
    });
  }

  #addWorkload(fact: WorkloadFact): void {
    if (isNoteworthy(fact.programs)) {
      const known = this.workloads.get(fact.key);
      if (!known && this.workloads.size >= MOST_WORKLOADS) this.dropped++;
      else if (!known || isRicher(fact, known)) this.workloads.set(fact.key, fact);
    }
    if (isMadeByWorkload(fact)) this.#addMade(fact);
    if (!mayChurn(fact)) return;
    const image = fact.programs.map(imageOf).find((name) => name !== undefined) ?? '';
    const key = [fact.where.platform, fact.where.host, fact.where.namespace, fact.caller?.user, image].join('\n');
    let group = this.churn.get(key);
    if (!group) {
      if (this.churn.size >= MOST_GROUPS) {
        this.dropped++;
        return;
      }
      group = { fact, made: new Earliest(), ids: new Map() };
      this.churn.set(key, group);
    }
    if (isEarlier(fact, group.fact)) group.fact = fact;
    group.made.add({ key: fact.key, at: fact.at, isRefused: false });
    if (group.ids.size < 4 * MOST_OCCURRENCES) group.ids.set(fact.key, workloadId(fact.where));
  }

  #addMade({ caller, where, at }: WorkloadFact): void {
    const key = madeKey(caller!.user, workloadId(where));
    const known = this.made.get(key);
    if (known === undefined && this.made.size >= MOST_WORKLOADS) this.dropped++;
    else this.made.set(key, Math.min(at, known ?? at));
  }

  #addQuery(fact: QueryFact): void {
    const { user } = fact.caller;
    const identity = identityOf(user);
    if (identity === 'system' || identity === 'controller') return;
    if (fact.verb === 'watch' && !fact.isDenied) {
      const resources = this.watched.get(user) ?? new Set<string>();
      this.watched.set(user, resources.add(fact.resource));
      return;
    }
    const step = this.#step(this.asked, fact, () => ({
      caller: fact.caller,
      first: fact,
      denied: new Map(),
      deniedToFollow: new Map(),
      reviews: new Map(),
      granted: new Map(),
      mapped: new Map(),
      seekers: new Map(),
    }));
    if (!step) return;
    const name = `${fact.resource}|${fact.namespace ?? '*'}`;
    if (fact.seeker !== undefined) note(step.seekers, fact.seeker, fact.at);
    if (fact.isReview) note(fact.isGranted ? step.granted : step.reviews, `${name}|${fact.key}`, fact.at);
    if (fact.isDenied) note(fact.isFollowing ? step.deniedToFollow : step.denied, name, fact.at);
    else if (fact.verb === 'list') note(step.mapped, name, fact.at);
  }

  #addProxy(fact: ProxyFact): void {
    const step = this.#step(this.proxied, fact, () => ({
      caller: fact.caller,
      first: fact,
      targets: new Map(),
      failed: new Set<string>(),
    }));
    if (!step) return;
    const name = `${fact.resource}/${fact.namespace ?? ''}/${fact.name}:${fact.port ?? ''}`;
    const known = step.targets.get(name);
    if (!known && step.targets.size >= MOST_ASKED * 16) this.dropped++;
    else if (!known || fact.at < known.at) step.targets.set(name, { at: fact.at, fact });
    if (fact.isFailed && step.failed.size < MOST_ASKED * 16) step.failed.add(name);
  }

  #step<T extends Pick<Asked, 'caller' | 'first'>>(
    all: Map<string, Map<number, T>>,
    fact: QueryFact | ProxyFact,
    create: () => T,
  ): T | undefined {
    const { user } = fact.caller;
    const steps = all.get(user) ?? new Map<number, T>();
    const number = Math.floor(fact.at / STEP);
    const known = steps.get(number);
    if (known) {
      if (isEarlier(fact, known.first)) Object.assign(known, { caller: fact.caller, first: fact });
      return known;
    }
    if (this.#steps >= MOST_STEPS) {
      this.dropped++;
      return undefined;
    }
    this.#steps++;
    const step = create();
    steps.set(number, step);
    all.set(user, steps);
    return step;
  }
}

/** Whether a ledger keeps anything of a fact. Others need not be stored. */
export function isKept(fact: Fact): boolean {
  if (fact.type === 'workload') return isNoteworthy(fact.programs) || mayChurn(fact) || isMadeByWorkload(fact);
  if (fact.type !== 'query') return true;
  const identity = identityOf(fact.caller.user);
  if (identity === 'system' || identity === 'controller') return false;
  return fact.isDenied || fact.isReview || fact.seeker !== undefined || fact.verb === 'list' || fact.verb === 'watch';
}

/** By what {@link Ledger.made} finds that a caller made a pod. */
export const madeKey = (user: string, id: string): string => `${user}\n${id}`;

/** A pod that a service account made itself, as runners of builds do. */
const isMadeByWorkload = ({ kind, caller, owner, isRefused }: WorkloadFact): boolean =>
  kind === 'Pod' && !owner && !isRefused && identityOf(caller?.user) === 'workload';

const mayChurn = ({ isRefused, owner, isForCi, kind }: WorkloadFact): boolean =>
  !isRefused && !owner && !isForCi && CHURNING.has(kind);

/** Kinds whose members come and go by themselves. */
const CHURNING: ReadonlySet<string> = new Set(['Pod', 'Container', 'Task']);

const isNoteworthy = (programs: readonly Program[]): boolean =>
  programs.some((program) => mayBeTool(program.argv, program.image));

/** Keeps one version of a workload that several events describe, whichever comes first. */
function isRicher(fact: WorkloadFact, known: WorkloadFact): boolean {
  const [a, b] = [JSON.stringify(fact), JSON.stringify(known)];
  return fact.at !== known.at ? fact.at < known.at : a.length !== b.length ? a.length > b.length : a < b;
}

/** Notes a name with its first time. Of more than the limit, the smallest names stay, whatever their order. */
function note(names: Map<string, number>, name: string, at: number): void {
  const known = names.get(name);
  if (known !== undefined) {
    if (at < known) names.set(name, at);
    return;
  }
  names.set(name, at);
  if (names.size <= MOST_ASKED) return;
  let last = name;
  for (const other of names.keys()) if (other > last) last = other;
  names.delete(last);
}
