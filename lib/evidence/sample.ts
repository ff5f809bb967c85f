/**
 * Which contacts of a source's hour are kept. Failures are kept before successes.
 *
 * Contacts are of one of three classes by what was seen of them: *failed* ones and those without an answer yet, *touched*
 * ones (answered, with hardly any data), and *answered* ones. Each class has a limit. Up to it all contacts are kept,
 * beyond it those with the smallest hashes, so a class is a uniform sample of known rate. The rate of answered contacts is
 * at most that of touched ones, and theirs at most that of failed ones.
 *
 * A contact changes its class when its answer arrives. Two rules keep the result independent of the order in which its
 * records and files arrive:
 * - The class only rises, from failed to answered, and so does not bring back a contact that was left out.
 * - An answered contact that is left out is remembered by its cell, the upper bits of its hash. Contacts in such a cell
 *   are left out, whatever their class. A failed contact is lost in this way about once in a million per cell.
 *
 * Therefore any order, split or duplication of the records gives the same sample, as long as no part has more failed or
 * touched contacts than the limit, answers still to come included. Beyond that, the order may decide how many failed and
 * touched contacts are kept: a part with too many contacts that are answered elsewhere gets a lower rate than necessary.
 * Rates stay true, so estimates do, and a class that reaches its limit shows thousands of contacts. A stray reset
 * ({@link isNothing}) is the only other exception. Where it is left out and a SYN follows, the contact is unanswered
 * instead of reset. Both are failures.
 */
import { CELL_SHIFT, MOST_LEFT_OUT } from '../kernel/rows.ts';
import { ANSWERED, isNothing, SEEN_CONVERSATION, SEEN_EXCHANGE } from './seen.ts';

const FULL = 0xffffffff;
const UDP = 17;
const SEEN_DATA = SEEN_CONVERSATION | SEEN_EXCHANGE;

/** How an hour of a source was sampled. A contact of a class is kept if its hash is at most the number of its class. */
export interface Sample {
  readonly failed: number;
  readonly touched: number;
  readonly answered: number;
  /** The cells of answered contacts that were left out, in order. */
  readonly leftOut: readonly number[];
}

export type SampleClass = Exclude<keyof Sample, 'leftOut'>;

/** How many contacts of each class are kept. */
export type SampleLimits = Readonly<Record<SampleClass, number>>;

/** The sample that has every contact. */
export const EVERYTHING: Sample = { failed: FULL, touched: FULL, answered: FULL, leftOut: [] };

/** What the sample needs to know of a contact. */
interface Sampled {
  readonly seen: number;
  readonly protocol: number;
  readonly hash: number;
}

/** The limits of the kernel's table (`lib/kernel/assembly/contacts.ts`) when it was started with this one. */
export const limitsOf = (limit: number): SampleLimits => ({
  failed: limit,
  touched: Math.max(1, Math.floor(limit / 2)),
  answered: limit,
});

/** The class of a contact. One UDP datagram each way may be a complete exchange, so it is no touch. */
export function sampleClassOf({ seen, protocol }: Pick<Sampled, 'seen' | 'protocol'>): SampleClass {
  if (seen & ANSWERED) return seen & SEEN_DATA || protocol === UDP ? 'answered' : 'touched';
  // A stray reset says nothing, so it must not displace a failure.
  return isNothing(seen) ? 'answered' : 'failed';
}

/** How many contacts a kept one stands for. */
export const weightIn = (sample: Sample, contact: Pick<Sampled, 'seen' | 'protocol'>): number =>
  FULL / sample[sampleClassOf(contact)];

/** Whether some contacts were left out. */
export const isPartial = ({ answered }: Sample): boolean => answered < FULL;

const cellOf = (hash: number): number => hash >>> CELL_SHIFT;

/** Whether an answered contact with this hash was left out. */
export const wasAnswered = ({ answered, failed, leftOut }: Sample, hash: number): boolean =>
  hash > answered && hash <= failed && includes(leftOut, cellOf(hash));

/** Whether a contact with this hash may have been left out. */
export const mayBeLeftOut = (sample: Sample, hash: number): boolean =>
  hash > sample.failed || wasAnswered(sample, hash);

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
  const lost = contacts.filter((contact) => isRemembered(contact, bounds)).map(({ hash }) => cellOf(hash));
  const smaller = withinMemory({
    ...bounds,
    leftOut: lost.length ? sorted([...sample.leftOut, ...lost]) : sample.leftOut,
  });
  return { sample: smaller, contacts: contacts.filter((contact) => isKept(contact, smaller)) };
}

const isKept = (contact: Sampled, sample: Sample): boolean =>
  contact.hash <= sample[sampleClassOf(contact)] && !wasAnswered(sample, contact.hash);

/** Whether the contact was answered and is left out only for its class. */
const isRemembered = (contact: Sampled, sample: Sample): boolean => {
  const of = sampleClassOf(contact);
  return of !== 'failed' && contact.hash > sample[of] && contact.hash <= sample.failed && !isNothing(contact.seen);
};

/** The bounds that keep at most so many contacts of each class. */
function boundsWithin(sample: Sample, contacts: readonly Sampled[], limits: SampleLimits): Sample {
  const hashes: Record<SampleClass, number[]> = { failed: [], touched: [], answered: [] };
  for (const contact of contacts) if (isKept(contact, sample)) hashes[sampleClassOf(contact)].push(contact.hash);
  const bound = (of: SampleClass, above: number) => Math.min(sample[of], above, highest(hashes[of], limits[of]));
  const failed = bound('failed', FULL);
  const touched = bound('touched', failed);
  return { ...sample, failed, touched, answered: bound('answered', touched) };
}

/** One below the first hash that is dropped, since contacts with equal hashes are kept or dropped together. */
function highest(hashes: readonly number[], limit: number): number {
  return hashes.length > limit ? Uint32Array.from(hashes).sort()[limit]! - 1 : FULL;
}

/** Forgets cells beyond the failed contacts, and lowers the rates if there are too many others. */
function withinMemory(sample: Sample): Sample {
  const { failed, touched, answered, leftOut } = sample;
  if (answered === failed) return { ...sample, leftOut: [] };
  const within = failed === FULL ? leftOut : leftOut.filter((cell) => cell <= cellOf(failed));
  if (within.length <= MOST_LEFT_OUT) return { ...sample, leftOut: within };
  const bound = within[MOST_LEFT_OUT]! * 2 ** CELL_SHIFT - 1;
  return withinMemory({
    failed: bound,
    touched: Math.min(touched, bound),
    answered: Math.min(answered, bound),
    leftOut: within.slice(0, MOST_LEFT_OUT),
  });
}
