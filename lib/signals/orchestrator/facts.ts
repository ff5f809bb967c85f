/**
 * What an event of an orchestrator says, in one form for Kubernetes, ECS and container engines. A fact is true by
 * itself: the rules that weigh facts against each other read them later, in any order.
 */

import type { Credit } from '../sigma/rule.ts';

/** The time of an event that carries none. */
export const NO_TIME = 0;

export type Platform = 'kubernetes' | 'ecs' | 'docker' | 'swarm' | 'podman' | 'containerd';

/** Who asked an API to do something. */
export interface Caller {
  readonly user: string;
  /** Whom the caller claimed to be. */
  readonly impersonates?: string;
  /** The calling pod, if a service account's token names it. */
  readonly pod?: { readonly name: string; readonly uid?: string };
  readonly addresses: readonly string[];
  readonly userAgent?: string;
}

/** Where a container runs, as far as an event tells. */
export interface Where {
  readonly platform: Platform;
  readonly namespace?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly container?: string;
  readonly taskArn?: string;
  readonly cluster?: string;
  readonly image?: string;
  readonly host?: string;
  readonly instanceId?: string;
}

/** How somebody entered a container that runs. */
export type Entry = 'exec' | 'attach' | 'port-forward' | 'ephemeral-container' | 'kubelet-exec' | 'session';

interface Event {
  /** Identifies the event. The same event read twice is one. */
  readonly key: string;
  /** Epoch milliseconds, or {@link NO_TIME}. */
  readonly at: number;
}

/** Somebody or something entered a running container. */
export interface ExecFact extends Event {
  readonly type: 'exec';
  readonly entry: Entry;
  readonly where: Where;
  readonly caller?: Caller;
  /** Empty if the entry has none. */
  readonly argv: readonly string[];
  /** The event does not hold the command. */
  readonly isCommandUnknown?: boolean;
  readonly isInteractive?: boolean;
  readonly isRefused: boolean;
  /** When the session ended, if the event tells. */
  readonly until?: number;
}

/** A program that a container was told to run. */
export interface Program {
  readonly image?: string;
  /** The command and its arguments. Empty if the image decides. */
  readonly argv: readonly string[];
  /** The event cannot hold the command. */
  readonly isCommandUnknown?: boolean;
}

/** A pod, a workload that makes pods, a task or a container was made. */
export interface WorkloadFact extends Event {
  readonly type: 'workload';
  readonly kind: string;
  readonly where: Where;
  readonly name: string;
  readonly caller?: Caller;
  readonly programs: readonly Program[];
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly hasHostNetwork?: boolean;
  readonly hasNetRaw?: boolean;
  /** Made for continuous integration, by its labels. */
  readonly isForCi?: boolean;
  /** The engine made up its name, as it does for `docker run` without `--name`. */
  readonly hasRandomName?: boolean;
  readonly isRefused: boolean;
}

/** A pod, task or container ended or was deleted. `id` is that of {@link workloadId}. */
interface EndFact extends Event {
  readonly type: 'end';
  readonly id: string;
}

/** Where a pod or task can be reached. */
export interface PlaceFact extends Event {
  readonly type: 'place';
  readonly id: string;
  readonly platform: 'kubernetes' | 'ecs';
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly addresses: readonly string[];
  readonly node?: string;
  readonly nodeAddress?: string;
  readonly instanceId?: string;
  readonly interfaceId?: string;
  readonly image?: string;
  readonly hasHostNetwork?: boolean;
  readonly from: number;
}

/** A request that tells what a caller is looking for. */
export interface QueryFact extends Event {
  readonly type: 'query';
  readonly caller: Caller;
  readonly verb: string;
  readonly resource: string;
  /** Absent for all namespaces. */
  readonly namespace?: string;
  readonly isDenied: boolean;
  readonly isReview: boolean;
  /** A question about the caller's own rights that was answered with yes. Absent if the event holds no answer. */
  readonly isGranted?: boolean;
  /** Asked as programs that follow a resource ask: a list from the cache of the API server, or a watch. */
  readonly isFollowing?: boolean;
  /** A program that looks for weak points, by its user agent. */
  readonly seeker?: string;
}

/** A request that the API server passed on to a port of a pod, service or node. */
export interface ProxyFact extends Event {
  readonly type: 'proxy';
  readonly caller: Caller;
  readonly namespace?: string;
  readonly resource: string;
  readonly name: string;
  readonly port: number | undefined;
  readonly isFailed: boolean;
}

/** A rule of the user fits an event. */
export interface RuleFact extends Event {
  readonly type: 'rule';
  readonly rule: Credit;
  readonly where: Where;
  readonly caller?: Caller;
  /** What was asked for: `create pods/exec`. */
  readonly request: string;
}

export type Fact = ExecFact | WorkloadFact | EndFact | PlaceFact | QueryFact | ProxyFact | RuleFact;

/** The name by which facts about one pod, task or container find each other. */
export function workloadId(where: Pick<Where, 'platform' | 'namespace' | 'pod' | 'container' | 'taskArn'>): string {
  if (where.taskArn) return where.taskArn;
  if (where.platform === 'kubernetes') return `${where.namespace ?? ''}/${where.pod ?? ''}`;
  return where.container ?? '';
}

/** A value that is an object, or undefined. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A text that is not empty, or undefined. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The objects of a list. Undefined and other values give none. */
export const objectsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map(objectOf).filter((item) => item !== undefined) : [];

/** The texts of a list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** A time as text, in epoch milliseconds. A time without a zone is UTC, which all these logs are written in. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const at = Date.parse(hasZone ? text : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** The id of an EC2 instance within a text. */
export const instanceIdIn = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : /(?<![a-z0-9])i-[0-9a-f]{8,17}(?![0-9a-z])/.exec(text)?.[0];

/** A field with its value, if the value is a text. */
export function definedText<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  const text = textOf(value);
  return (text === undefined ? {} : { [key]: text }) as { readonly [P in K]?: string };
}
