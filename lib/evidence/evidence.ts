/** The evidence about one source over its hours: the input of detection, merged from fragments in any order. */
import { lowest } from '../kernel/contact-table.ts';
import type { Identity } from './interfaces.ts';
import { SAMPLED } from './quality.ts';
import { isPartial, limitsOf, type Sample, type SampleLimits, sampleOf, uniteSamples } from './sample.ts';
import { hasInitiatorHalf } from './seen.ts';

/** A distinct contact of a source within one hour, and what was seen of it. Times are epoch seconds. */
export interface SeenContact {
  readonly target: string;
  readonly port: number;
  readonly protocol: number;
  readonly seen: number;
  readonly hash: number;
  readonly firstStart: number;
  readonly firstEnd: number;
  readonly lastEnd: number;
  /** Minutes of the hour with an initiator's half: bits 0 to 29, and 30 to 59. */
  readonly minutesLow: number;
  readonly minutesHigh: number;
  /**
   * The lowest source port of its probes and the bytes of their smallest packets (255 means 255 or more). 0 means not
   * seen.
   */
  readonly sourcePort: number;
  readonly packetBytes: number;
  /** Which groups of sixteen source ports its probes came from, hashed into 32 bits. */
  readonly flows: number;
}

/** One hour of one source. */
export interface Pane {
  /** Epoch hours. */
  readonly hour: number;
  /** Which contacts were kept. */
  readonly sample: Sample;
  /** Bits of `quality.ts`. */
  readonly quality: number;
  /** How many fragments the pane rests on. */
  readonly fragments: number;
  readonly contacts: readonly SeenContact[];
}

/** A source with its hours in order. */
export interface SourceEvidence {
  readonly scope: string;
  readonly address: string;
  /** Inside by its address, or because one of our interfaces holds it. */
  readonly inside: boolean;
  readonly identity?: Identity;
  readonly panes: readonly Pane[];
}

/** The evidence from one log file about one source in one hour: the unit that the windows table stores. */
export type Fragment = Omit<SourceEvidence, 'panes'> & Pane;

/** Failed contacts kept for each source and hour before they are sampled, and answered ones. Half as many touched ones. */
export const CONTACTS_PER_PANE = 2048;

const fullKey = (contact: SeenContact) => `${contact.target} ${contact.port} ${contact.protocol}`;

/**
 * Merges fragments of one source: commutative, idempotent for fragments of distinct files, and associative within the
 * limits that `sample.ts` states.
 */
export function mergeFragments(
  fragments: readonly Fragment[],
  limits: SampleLimits = limitsOf(CONTACTS_PER_PANE),
): SourceEvidence | undefined {
  const [first] = fragments;
  if (!first) return undefined;
  const byHour = Map.groupBy(fragments, (fragment) => fragment.hour);
  const panes = [...byHour.entries()].sort(([a], [b]) => a - b).map(([, group]) => mergePane(group, limits));
  const identity = bestIdentity(fragments);
  return {
    scope: first.scope,
    address: first.address,
    inside: fragments.some((fragment) => fragment.inside),
    ...(identity && { identity }),
    panes,
  };
}

function mergePane(group: readonly Fragment[], limits: SampleLimits): Pane {
  const all = {
    sample: uniteSamples(group.map((fragment) => fragment.sample)),
    contacts: mergeContacts(group.flatMap((fragment) => fragment.contacts)),
  };
  const { sample, contacts } = sampleOf(all, limits);
  return {
    hour: group[0]!.hour,
    sample,
    quality: group.reduce((bits, fragment) => bits | fragment.quality, isPartial(sample) ? SAMPLED : 0),
    fragments: group.reduce((sum, fragment) => sum + fragment.fragments, 0),
    contacts,
  };
}

/** Merges contacts that may be listed several times. Each keeps everything that was seen of it. */
export function mergeContacts(contacts: readonly SeenContact[]): SeenContact[] {
  const merged = new Map<string, SeenContact>();
  for (const contact of contacts) {
    const key = fullKey(contact);
    const known = merged.get(key);
    merged.set(key, known ? mergeContact(known, contact) : contact);
  }
  return [...merged.values()];
}

function mergeContact(a: SeenContact, b: SeenContact): SeenContact {
  const unions = {
    seen: a.seen | b.seen,
    minutesLow: a.minutesLow | b.minutesLow,
    minutesHigh: a.minutesHigh | b.minutesHigh,
    sourcePort: lowest(a.sourcePort, b.sourcePort),
    packetBytes: lowest(a.packetBytes, b.packetBytes),
    flows: a.flows | b.flows,
  };
  const [probesA, probesB] = [hasInitiatorHalf(a.seen), hasInitiatorHalf(b.seen)];
  // The times of a contact are those of its probes. An answer's times are used only until a probe is known.
  if (probesA !== probesB) return { ...(probesA ? a : b), ...unions };
  const isFirst = a.firstEnd < b.firstEnd || (a.firstEnd === b.firstEnd && a.firstStart <= b.firstStart);
  return { ...(isFirst ? a : b), ...unions, lastEnd: Math.max(a.lastEnd, b.lastEnd) };
}

/**
 * Chooses one interface. The one that holds the address goes before one that forwards for it, then one with a known
 * instance, then the smaller id. Only fragments of the best rank are united. Lower ranks are ignored even if they are
 * about the same interface, so a merge never changes a rank and parts may be merged in any order.
 */
function bestIdentity(candidates: readonly { readonly identity?: Identity }[]): Identity | undefined {
  let best: Identity | undefined;
  for (const { identity } of candidates) {
    if (!identity) continue;
    const order = best ? byRank(identity, best) : -1;
    if (order < 0) best = identity;
    else if (order === 0) best = { ...identity, fields: unionFields(best!.fields, identity.fields) };
  }
  return best;
}

function byRank(a: Identity, b: Identity): number {
  const holds = (identity: Identity) => (identity.behind ? (identity.fields['instance-id'] ? 1 : 2) : 0);
  const [idA, idB] = [a.interfaceId, b.interfaceId];
  if (holds(a) !== holds(b) || idA === idB) return holds(a) - holds(b);
  if (idA === undefined || idB === undefined) return idA === undefined ? 1 : -1;
  return idA < idB ? -1 : 1;
}

/**
 * Identity columns are best effort, so one file may have a value that another lacks. Of two values the smaller is kept,
 * which does not depend on the order.
 */
function unionFields(a: Identity['fields'], b: Identity['fields']): Identity['fields'] {
  const union = { ...a };
  for (const [field, value] of Object.entries(b) as [keyof Identity['fields'], string][])
    if (union[field] === undefined || value < union[field]) union[field] = value;
  return union;
}
