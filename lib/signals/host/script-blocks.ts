/**
 * PowerShell script blocks (event 4104), which Windows cuts into parts. A word can lie across two parts. Parts may come in
 * any order, again, and from several deliveries or files: the result rests on the union of them.
 */
import type { Credit } from '../sigma/rule.ts';
import type { ScriptPart, ScriptRun } from './process-event.ts';

/** Scripts that wait for parts, and their text together. */
const MOST_BLOCKS = 500;
const MOST_TEXT = 8_000_000;
const MOST_PARTS = 2000;
/** Scripts that became whole and are remembered, so that a part that comes again says nothing. */
const MOST_WHOLE = 10_000;

/** A script, and the log in which its first part stands. */
export interface LoggedScript {
  readonly log: string;
  readonly event: ScriptRun;
  /** The `eventId` of the script, which runs within it do not have. */
  readonly script: string;
  readonly isWhole: boolean;
}

interface Block {
  readonly total: number;
  readonly parts: Map<number, { readonly log: string; readonly part: ScriptPart }>;
  size: number;
}

/** Parts of a script came nowhere. */
export const MISSING = 'Some parts of the script are missing.';

/** Collects parts. The bound on waiting scripts holds for whoever uses it: the oldest is judged as it is. */
export class ScriptBlocks {
  readonly #blocks = new Map<string, Block>();
  readonly #whole = new Set<string>();
  #size = 0;
  /** Scripts that were given incomplete because their room was needed. */
  dropped = 0;

  /** Takes a part and gives the script once it is whole, and scripts whose room is needed. */
  *add(part: ScriptPart, log: string): Generator<LoggedScript> {
    const { eventId, number, total } = part;
    if (!(total > 1)) {
      yield { log, event: scriptOf([{ log, part }], []), script: eventId, isWhole: true };
      return;
    }
    if (!Number.isInteger(number) || number < 1 || number > total || total > MOST_PARTS) {
      yield { log, event: scriptOf([{ log, part }], [MISSING]), script: eventId, isWhole: false };
      return;
    }
    const key = `${eventId} ${total}`;
    if (this.#whole.has(key)) return;
    let block = this.#blocks.get(key);
    if (!block) {
      block = { total, parts: new Map(), size: 0 };
      this.#blocks.set(key, block);
    }
    const known = block.parts.get(number);
    if (!known || isBefore({ log, part }, known)) {
      const more = part.text.length - (known?.part.text.length ?? 0);
      block.parts.set(number, { log, part });
      block.size += more;
      this.#size += more;
    }
    if (block.parts.size >= total) {
      this.#whole.add(key);
      if (this.#whole.size > MOST_WHOLE) this.#whole.delete(this.#whole.values().next().value!);
      yield* this.#close(key, block);
    }
    for (const [oldest, waiting] of this.#blocks) {
      if (this.#blocks.size <= MOST_BLOCKS && this.#size <= MOST_TEXT) break;
      this.dropped++;
      yield* this.#close(oldest, waiting);
    }
  }

  /** Gives the scripts whose parts never all came. */
  *finish(): Generator<LoggedScript> {
    for (const [key, block] of [...this.#blocks]) yield* this.#close(key, block);
  }

  /**
   * Takes out the parts that wait, with at most so much text, for whoever may get the others. Scripts that do not fit
   * stay.
   */
  takeParts(mostText: number): ScriptPart[][] {
    const taken: ScriptPart[][] = [];
    let size = 0;
    for (const [key, block] of this.#blocks) {
      if (size + block.size > mostText) continue;
      size += block.size;
      this.#forget(key, block);
      taken.push(inOrder(block).map(({ part }) => part));
    }
    return taken;
  }

  get size(): number {
    return this.#blocks.size;
  }

  #forget(key: string, { size }: Block): void {
    this.#blocks.delete(key);
    this.#size -= size;
  }

  *#close(key: string, block: Block): Generator<LoggedScript> {
    this.#forget(key, block);
    yield* scriptsOf(inOrder(block), block.total);
  }
}

/** The id of a run that begins with a part. */
export const runId = ({ eventId, number }: ScriptPart): string => (number === 1 ? eventId : `${eventId}:${number}`);

/** The runs of neighbouring parts of an incomplete script, as scripts of their own. */
export const runsOf = (parts: readonly ScriptPart[]): ScriptRun[] =>
  [
    ...scriptsOf(
      parts.map((part) => ({ log: '', part })),
      Number.POSITIVE_INFINITY,
    ),
  ].map(({ event }) => event);

type Logged = { readonly log: string; readonly part: ScriptPart };

const inOrder = ({ parts }: Block): Logged[] =>
  [...parts.values()].sort(({ part: a }, { part: b }) => a.number - b.number);

/** A whole script, or the runs of neighbouring parts that came. */
function* scriptsOf(parts: readonly Logged[], total: number): Generator<LoggedScript> {
  const script = parts[0]!.part.eventId;
  if (parts.length >= total) {
    yield { log: firstOf(parts).log, event: scriptOf(parts, []), script, isWhole: true };
    return;
  }
  let run: Logged[] = [];
  for (const [position, one] of parts.entries()) {
    run.push(one);
    if (parts[position + 1]?.part.number === one.part.number + 1) continue;
    yield { log: firstOf(run).log, event: scriptOf(run, [MISSING]), script, isWhole: false };
    run = [];
  }
}

function scriptOf(parts: readonly Logged[], limits: readonly string[]): ScriptRun {
  const { type: _type, number: _number, total: _total, text: _text, rules: _rules, ...common } = firstOf(parts).part;
  const rules = new Map<string, Credit>(
    parts.flatMap(({ part }) => (part.rules ?? []).map((rule) => [rule.id, rule] as const)),
  );
  const cuts: number[] = [];
  let length = 0;
  for (const { part } of parts) {
    cuts.push(length);
    length += part.text.length;
  }
  return {
    ...common,
    // The same for every copy of the script. Runs within it are events of their own.
    eventId: limits.length ? runId(parts[0]!.part) : common.eventId,
    type: 'script',
    script: parts.map(({ part }) => part.text).join(''),
    isPartial: limits.length > 0 && parts[0]!.part.number !== 1,
    ...(limits.length === 0 && cuts.length > 1 && { cuts }),
    ...(rules.size > 0 && { rules: [...rules.values()] }),
    limits: [...new Set([...parts.flatMap(({ part }) => part.limits), ...limits])],
  };
}

/** The earliest part tells when the script ran, and in which log. */
const firstOf = (parts: readonly Logged[]): Logged =>
  parts.reduce((first, one) => (isBefore(one, first) ? one : first));

/** The same in every order of arrival. Of two texts of one part, the longer one stays. */
function isBefore(one: Logged, other: Logged): boolean {
  if (one.part.number === other.part.number && one.part.text.length !== other.part.text.length)
    return one.part.text.length > other.part.text.length;
  if (one.part.at !== other.part.at) return one.part.at < other.part.at;
  if (one.part.number !== other.part.number) return one.part.number < other.part.number;
  return JSON.stringify(one) < JSON.stringify(other);
}
