/**
 * Callers that look around: many denied requests, many questions about their own rights, lists of everything that can be
 * reached, and ports tried through the API server. A caller that did the same a day before has a habit.
 */
import type { Actor, Place, Signal } from '../signal.ts';
import { userOf } from './actors.ts';
import type { Caller } from './facts.ts';
import { type Identity, identityOf, serviceAccountOf } from './identities.ts';
import { type Asked, type Ledger, type Proxied, STEP } from './ledger.ts';

/** Distinct denied requests, over at least so many resources or namespaces. */
const DENIED = 6;
const DENIED_KINDS = 3;
const REVIEWS = 8;
/** Kinds of resources that a service account lists in all namespaces. */
const MAPPED = 3;
const PROXIED_PORTS = 8;
const PROXIED_TARGETS = 15;
const DAY = 86_400_000;
/** Steps of one look around. A burst may lie across the border of two. */
const STEPS = 2;
/** A look around can explain a scan that begins this long after it. */
const AFTER = 3_600_000;

/** The signals of all callers that looked around. */
export function judgeSprees(ledger: Ledger): Signal[] {
  const signals: Signal[] = [];
  for (const [user, steps] of ledger.asked) {
    const watched = ledger.watched.get(user) ?? new Set<string>();
    const spans = spansOf(steps, mergeAsked).map((span) => ({
      ...span,
      found: lookAround(span.all, identityOf(user), watched),
    }));
    for (const span of newsOf(spans)) signals.push(spreeSignal(span.all, span.found!));
  }
  for (const steps of ledger.proxied.values()) {
    const spans = spansOf(steps, mergeProxied).map((span) => ({ ...span, found: throughTheApi(span.all) }));
    for (const span of newsOf(spans)) signals.push(proxySignal(span.all, span.found!));
  }
  return signals;
}

/** A rule that fired. */
interface Found {
  readonly test: string;
  readonly value: number;
  readonly threshold: number;
  readonly at: number;
  readonly text: string;
  /** What speaks for a program at work. The finding is low then. */
  readonly excuse?: string;
}
interface Span<T> {
  readonly step: number;
  readonly all: T;
  readonly found?: Found | undefined;
}

/** Each step with the one after it, as one. */
function spansOf<T>(steps: ReadonlyMap<number, T>, merge: (parts: readonly T[]) => T): Span<T>[] {
  return [...steps.keys()]
    .sort((a, b) => a - b)
    .map((step) => ({
      step,
      all: merge(Array.from({ length: STEPS }, (_, at) => steps.get(step + at)).filter((one) => one !== undefined)),
    }));
}

/** The spans in which a rule fired, one for each hour at most, without those of callers that do it on other days too. */
function newsOf<T>(spans: readonly Span<T>[]): Span<T>[] {
  const fired = spans.filter(({ found }) => found !== undefined);
  const news: Span<T>[] = [];
  for (const span of fired) {
    const isHabit = fired.some(
      (other) => (span.step - other.step) * STEP >= DAY && span.found!.test === other.found!.test,
    );
    const isSame = news.some((one) => (span.step - one.step) * STEP < AFTER);
    if (!isHabit && !isSame) news.push(span);
  }
  return news;
}

function mergeAsked(parts: readonly Asked[]): Asked {
  const join = (name: 'denied' | 'deniedToFollow' | 'reviews' | 'granted' | 'mapped' | 'seekers') => {
    const all = new Map<string, number>();
    for (const part of parts)
      for (const [key, at] of part[name]) all.set(key, Math.min(at, all.get(key) ?? Number.POSITIVE_INFINITY));
    return all;
  };
  return {
    caller: parts[0]!.caller,
    first: parts[0]!.first,
    denied: join('denied'),
    deniedToFollow: join('deniedToFollow'),
    reviews: join('reviews'),
    granted: join('granted'),
    mapped: join('mapped'),
    seekers: join('seekers'),
  };
}

function mergeProxied(parts: readonly Proxied[]): Proxied {
  return {
    caller: parts[0]!.caller,
    first: parts[0]!.first,
    targets: new Map(parts.toReversed().flatMap(({ targets }) => [...targets])),
    failed: new Set(parts.flatMap(({ failed }) => [...failed])),
  };
}

function lookAround(
  { denied, deniedToFollow, reviews, granted, mapped, seekers }: Asked,
  identity: Identity,
  watched: ReadonlySet<string>,
): Found | undefined {
  if (seekers.size)
    return {
      test: 'seeker-of-weak-points',
      value: seekers.size,
      threshold: 1,
      at: earliest(seekers.values()),
      text: `asked the API server with ${[...seekers.keys()].sort().join(', ')}, by its user agent`,
    };
  const refusals = deniedRequests(denied) ?? deniedRequests(new Map([...deniedToFollow, ...denied]), FOLLOWS);
  if (refusals) return refusals;
  // Consoles for people ask for their rights when they start.
  if (identity === 'person' || identity === 'automation') return undefined;
  const questions = ownRights(reviews) ?? ownRights(new Map([...granted, ...reviews]), GRANTED);
  if (questions) return questions;
  const everywhere = [...mapped].filter(([key]) => key.endsWith('|*') && !watched.has(key.split('|')[0]!));
  if (everywhere.length >= MAPPED)
    return {
      test: 'lists-of-everything',
      value: everywhere.length,
      threshold: MAPPED,
      at: earliest(everywhere.map(([, at]) => at)),
      text: `listed ${everywhere
        .map(([key]) => key.split('|')[0])
        .sort()
        .join(', ')} of all namespaces and watches none of them`,
    };
  return undefined;
}

/** Lists from the cache and watches are what a controller asks for, and asks again until its role has them. */
const FOLLOWS =
  'It asked as a controller asks that lacks rights: by watches, and by lists from the cache of the API server.';
const GRANTED = 'Most of its questions were answered with yes, as those of a controller are that checks its role.';

function deniedRequests(denied: ReadonlyMap<string, number>, excuse?: string): Found | undefined {
  const resources = new Set([...denied.keys()].map((key) => key.split('|')[0]));
  const namespaces = new Set([...denied.keys()].map((key) => key.split('|')[1]));
  if (denied.size < DENIED || Math.max(resources.size, namespaces.size) < DENIED_KINDS) return undefined;
  return {
    test: 'denied-requests',
    value: denied.size,
    threshold: DENIED,
    at: earliest(denied.values()),
    text: `was denied ${denied.size} different requests within ten minutes, over ${resources.size} kinds of resources`,
    ...(excuse !== undefined && { excuse }),
  };
}

function ownRights(reviews: ReadonlyMap<string, number>, excuse?: string): Found | undefined {
  if (reviews.size < REVIEWS) return undefined;
  return {
    test: 'questions-about-own-rights',
    value: reviews.size,
    threshold: REVIEWS,
    at: earliest(reviews.values()),
    text: `asked ${reviews.size} times within ten minutes what it may do`,
    ...(excuse !== undefined && { excuse }),
  };
}

const earliest = (times: Iterable<number>): number => {
  let first = Number.POSITIVE_INFINITY;
  for (const time of times) first = Math.min(first, time);
  return first;
};

function spreeSignal({ caller }: Asked, found: Found): Signal {
  const identity = identityOf(caller.user);
  const isWeak = found.test === 'lists-of-everything' || found.excuse !== undefined;
  return {
    at: found.at,
    kind: 'discovery-spree',
    severity: (identity === 'workload' || found.test === 'seeker-of-weak-points') && !isWeak ? 'medium' : 'low',
    confidence: isWeak ? 15 : identity === 'workload' ? 50 : 25,
    ...common(caller, found),
    dataQuality: [
      ...(identity === 'anonymous'
        ? ['Nobody was logged in. Addresses of the internet try this with every reachable API server.']
        : []),
      ...(found.excuse === undefined ? [] : [found.excuse]),
    ],
  };
}

function throughTheApi({ targets, failed }: Proxied): Found | undefined {
  const facts = [...targets.values()].map(({ fact }) => fact);
  const ports = new Set(facts.map(({ port }) => port).filter((port) => port !== undefined));
  const names = new Set(facts.map(({ resource, namespace, name }) => `${resource}/${namespace}/${name}`));
  const at = earliest([...targets.values()].map((one) => one.at));
  if (ports.size >= PROXIED_PORTS)
    return {
      test: 'ports-through-the-api-server',
      value: ports.size,
      threshold: PROXIED_PORTS,
      at,
      text: `tried ${ports.size} ports of ${names.size} pods, services or nodes through the API server within ten minutes`,
    };
  // Collectors of metrics reach one port everywhere, and it answers.
  if (names.size >= PROXIED_TARGETS && failed.size >= names.size / 2)
    return {
      test: 'targets-through-the-api-server',
      value: names.size,
      threshold: PROXIED_TARGETS,
      at,
      text: `tried ${names.size} pods, services or nodes through the API server within ten minutes, and most did not answer`,
    };
  return undefined;
}

function proxySignal({ caller, targets }: Proxied, found: Found): Signal {
  const facts = [...targets.values()].map(({ fact }) => fact);
  return {
    at: found.at,
    kind: 'discovery-spree',
    severity: 'medium',
    confidence: 75,
    ...common(caller, found),
    targets: [...new Set(facts.map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`)))]
      .sort()
      .slice(0, 20),
    ports: [...new Set(facts.map(({ port }) => port).filter((port) => port !== undefined))].sort((a, b) => a - b),
    dataQuality: ['The packets of this scan leave from the API server, so flow logs show its interface as the source.'],
  };
}

function common(caller: Caller, found: Found) {
  const account = serviceAccountOf(caller.user);
  const actor: Actor = {
    kind: caller.pod ? 'pod' : 'user',
    name: caller.pod?.name ?? caller.user,
    ...(account && { namespace: account.namespace, serviceAccount: `${account.namespace}/${account.name}` }),
    user: userOf(caller),
  };
  const place: Place = {
    addresses: caller.addresses,
    ...(caller.pod?.uid !== undefined && { podUid: caller.pod.uid }),
  };
  return {
    actor,
    place,
    until: found.at + AFTER,
    group: ['kubernetes', 'caller', caller.user].join('|'),
    measure: { test: found.test, value: found.value, threshold: found.threshold },
    summary: `${userOf(caller)} ${found.text}`,
    eventId: `${found.test} ${caller.user} ${found.at}`,
  };
}
