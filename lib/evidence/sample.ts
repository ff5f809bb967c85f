/**
 * Which contacts of a source's hour are kept. Failures are kept before successes.
 *
 * Contacts are of one of four classes by what was seen of them: *failed* ones and those without an answer yet, the same
 * between two private addresses (*lateral*), *touched* ones (answered, with hardly any data), and *answered* ones. Each
 * class has a limit. Up to it all contacts are kept, beyond it those with the smallest hashes, so a class is a uniform
 * sample of known rate. The rate of answered contacts is at most that of touched ones, and theirs at most that of either
 * kind of failed ones. A host that fails towards the internet thousands of times therefore hides nothing that it tries in
 * its own network, and the reverse.
 *
 * A contact changes its class when its answer arrives. Two rules keep the result independent of the order in which its
 * records and files arrive:
 * - The class only rises, from failed or lateral to answered, and so does not bring back a contact that was left out.
 * - An answered contact that is left out is remembered by its cell, the upper bits of its hash, apart for contacts
 *   between private addresses. Contacts in such a cell are left out, whatever their class. A failed contact is lost in this way about once in a million per cell.
 *
 * Therefore any order, split or duplication of the records gives the same sample, as long as no part has more failed or
 * touched contacts than the limit, answers still to come included. Beyond that, the order may decide how many failed and
 * touched contacts are kept: a part with too many contacts that are answered elsewhere gets a lower rate than necessary.
 * Rates stay true, so estimates do, and a class that reaches its limit shows thousands of contacts. A stray reset
 * ({@link isNothing}) is the only other exception. Where it is left out and a SYN follows, the contact is unanswered
 * instead of reset. Both are failures.
 */
import { CELL_SHIFT, MOST_LEFT_OUT } from '../kernel/rows.ts';
import { ANSWERED, isNothing, SEEN_CONVERSATION, SEEN_EXCHANGE, SEEN_LATERAL } from './seen.ts';

const FULL = 0xffffffff;
const UDP = 17;
const SEEN_DATA = SEEN_CONVERSATION | SEEN_EXCHANGE;

/** How an hour of a source was sampled. A contact of a class is kept if its hash is at most the number of its class. */
export interface Sample {
  readonly failed: number;
  readonly lateral: number;
  readonly touched: number;
  readonly answered: number;
  /** The cells of answered contacts that were left out, in order. */
  readonly leftOut: readonly number[];
}

export type SampleClass = Exclude<keyof Sample, 'leftOut'>;

/** How many contacts of each class are kept. */
export type SampleLimits = Readonly<Record<SampleClass, number>>;

/** The sample that has every contact. */
export const EVERYTHING: Sample = { failed: FULL, lateral: FULL, touched: FULL, answered: FULL, leftOut: [] };

/** What the sample needs to know of a contact. */
interface Sampled {
  readonly seen: number;
  readonly protocol: number;
  readonly hash: number;
}

/** The limits of the kernel's table (`lib/kernel/assembly/sampling.ts`) when it was started with this one. */
export const limitsOf = (limit: number): SampleLimits => ({
  failed: limit,
  lateral: limit,
  touched: Math.max(1, Math.floor(limit / 2)),
  answered: limit,
});

/** The class of a contact. One UDP datagram each way may be a complete exchange, so it is no touch. */
export function sampleClassOf({ seen, protocol }: Pick<Sampled, 'seen' | 'protocol'>): SampleClass {
  if (seen & ANSWERED) return seen & SEEN_DATA || protocol === UDP ? 'answered' : 'touched';
  // A stray reset says nothing, so it must not displace a failure.
  return isNothing(seen) ? 'answered' : failedClassOf(seen);
}

/** The class of a contact as long as nothing answers. */
const failedClassOf = (seen: number): 'failed' | 'lateral' => (seen & SEEN_LATERAL ? 'lateral' : 'failed');

/** How many contacts a kept one stands for. */
export const weightIn = (sample: Sample, contact: Pick<Sampled, 'seen' | 'protocol'>): number =>
  FULL / sample[sampleClassOf(contact)];

/** Whether some contacts were left out. */
export const isPartial = ({ answered }: Sample): boolean => answered < FULL;

const cellOf = ({ hash, seen }: Pick<Sampled, 'hash' | 'seen'>): number =>
  (hash >>> CELL_SHIFT) * 2 + (failedClassOf(seen) === 'lateral' ? 1 : 0);

/** Whether the contact was left out after it had been answered. */
export const wasAnswered = (sample: Sample, contact: Pick<Sampled, 'hash' | 'seen'>): boolean =>
  contact.hash > sample.answered &&
  contact.hash <= sample[failedClassOf(contact.seen)] &&
  includes(sample.leftOut, cellOf(contact));

/** Whether the contact may have been left out. */
export const mayBeLeftOut = (sample: Sample, contact: Pick<Sampled, 'hash' | 'seen'>): boolean =>
  contact.hash > sample[failedClassOf(contact.seen)] || wasAnswered(sample, contact);

/** Whether the sorted numbers include the wanted one. */
function includes(numbers: readonly number[], wanted: number): boolean {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (numbers[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return numbers[from] === wanted;
}

/** Unites samples of the same hour. */
export function uniteSamples(samples: readonly Sample[]): Sample {
  const least = (of: SampleClass) => Math.min(...samples.map((sample) => sample[of]));
  const leftOut = samples.filter((sample) => sample.leftOut.length).map((sample) => sample.leftOut);
  return {
    failed: least('failed'),
    lateral: least('lateral'),
    touched: least('touched'),
    answered: least('answered'),
    leftOut: leftOut.length < 2 ? (leftOut[0] ?? []) : sorted(leftOut.flat()),
  };
}

const sorted = (cells: readonly number[]): number[] => [...new Set(cells)].sort((a, b) => a - b);

/** Contacts with the sample that they are. */
export interface Kept<Contact> {
  readonly sample: Sample;
  readonly contacts: readonly Contact[];
}

/** Leaves out what a sample does not have, and what exceeds the limits. */
export function sampleOf<Contact extends Sampled>(
  { sample, contacts }: Kept<Contact>,
  limits?: SampleLimits,
): Kept<Contact> {
  if (!isPartial(sample) && (!limits || contacts.length <= Math.min(...Object.values(limits))))
    return { sample, contacts };
  const bounds = limits ? boundsWithin(sample, contacts, limits) : sample;
  if (!isPartial(bounds)) return { sample: bounds, contacts };
  const lost = contacts.filter((contact) => isRemembered(contact, bounds)).map(cellOf);
  const smaller = withinMemory({
    ...bounds,
    leftOut: lost.length ? sorted([...sample.leftOut, ...lost]) : sample.leftOut,
  });
  return { sample: smaller, contacts: contacts.filter((contact) => isKept(contact, smaller)) };
}

const isKept = (contact: Sampled, sample: Sample): boolean =>
  contact.hash <= sample[sampleClassOf(contact)] && !wasAnswered(sample, contact);

/** Whether the contact was answered and is left out only for its class. */
const isRemembered = (contact: Sampled, sample: Sample): boolean => {
  const of = sampleClassOf(contact);
  const failed = failedClassOf(contact.seen);
  return of !== failed && contact.hash > sample[of] && contact.hash <= sample[failed] && !isNothing(contact.seen);
};

/** The bounds that keep at most so many contacts of each class. */
function boundsWithin(sample: Sample, contacts: readonly Sampled[], limits: SampleLimits): Sample {
  const hashes: Record<SampleClass, number[]> = { failed: [], lateral: [], touched: [], answered: [] };
  for (const contact of contacts) if (isKept(contact, sample)) hashes[sampleClassOf(contact)].push(contact.hash);
  const bound = (of: SampleClass, above: number) => Math.min(sample[of], above, highest(hashes[of], limits[of]));
  const [failed, lateral] = [bound('failed', FULL), bound('lateral', FULL)];
  const touched = bound('touched', Math.min(failed, lateral));
  return { ...sample, failed, lateral, touched, answered: bound('answered', touched) };
}

/** One below the first hash that is dropped, since contacts with equal hashes are kept or dropped together. */
function highest(hashes: readonly number[], limit: number): number {
  return hashes.length > limit ? Uint32Array.from(hashes).sort()[limit]! - 1 : FULL;
}

/** Forgets cells beyond the failed contacts, and lowers the rates if there are too many others. */
function withinMemory(sample: Sample): Sample {
  const { failed, lateral, answered, leftOut } = sample;
  const isWithin = (cell: number) => {
    const bound = cell % 2 ? lateral : failed;
    return bound > answered && cell >>> 1 <= bound >>> CELL_SHIFT;
  };
  const within = answered < FULL && failed === FULL && lateral === FULL ? leftOut : leftOut.filter(isWithin);
  if (within.length <= MOST_LEFT_OUT) return { ...sample, leftOut: within };
  const bound = (within[MOST_LEFT_OUT]! >>> 1) * 2 ** CELL_SHIFT - 1;
  return withinMemory({
    failed: Math.min(failed, bound),
    lateral: Math.min(lateral, bound),
    touched: Math.min(sample.touched, bound),
    answered: Math.min(answered, bound),
    leftOut: within.slice(0, MOST_LEFT_OUT),
  });
}
