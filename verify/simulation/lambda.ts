/** Lambda, as far as it decides what happens: processes that are kept or thrown away, queues that are polled, a schedule. */
import type { Caller, Cloud, Invocation } from './cloud.ts';
import type { Kind } from './faults.ts';
import type { Message, Queue } from './queue.ts';

/** What a handler knows about its invocation. */
interface Told {
  readonly getRemainingTimeInMillis: () => number;
}

/** A process: a handler made once, called again and again, by one event at a time. */
interface Process extends Caller {
  invocation: Invocation | undefined;
  readonly handler: (event: unknown, told: Told) => Promise<unknown>;
}

export type MakeHandler = (caller: Caller) => (event: never, told: Told) => Promise<unknown>;

type Outcome = { readonly result: unknown } | { readonly error: unknown } | { readonly stopped: Kind };

/** Milliseconds that a process's clock may be off, either way. */
const MOST_SKEW = 20_000;
/** How often an idle process is reused rather than a new one started. */
const REUSE = 0.7;

export class Lambda {
  readonly #cloud: Cloud;
  readonly #name: string;
  readonly #timeout: number;
  readonly #make: MakeHandler;
  readonly #idle: Process[] = [];
  #started = 0;
  running = 0;

  /** @param timeout milliseconds. */
  constructor(cloud: Cloud, name: string, timeout: number, make: MakeHandler) {
    this.#cloud = cloud;
    this.#name = name;
    this.#timeout = timeout;
    this.#make = make;
  }

  invoke(event: unknown, onEnd: (outcome: Outcome) => void): void {
    const cloud = this.#cloud;
    const process = this.#process();
    const name = `${this.#name} ${++this.#started}`;
    this.running++;
    const end = (outcome: Outcome) => {
      if (invocation.isOver) return;
      invocation.isOver = true;
      process.invocation = undefined;
      this.running--;
      cloud.note(() => `${name}: ${describe(outcome)}`);
      if (!('stopped' in outcome)) {
        this.#idle.push(process);
        cloud.faults.noteEnd(this.#name, invocation.fate);
      }
      onEnd(outcome);
    };
    const fate = cloud.faults.fateOf(this.#name);
    const invocation: Invocation = {
      name,
      fate,
      isOver: false,
      hurtAt: Number.NEGATIVE_INFINITY,
      stop: (stopped) => end({ stopped }),
    };
    process.invocation = invocation;
    cloud.running = process;
    cloud.timeline.after(this.#timeout, () => {
      if (invocation.isOver) return;
      invocation.hurtAt = cloud.timeline.now;
      end({ stopped: 'timed out' });
    });
    const deadline = cloud.timeline.now + this.#timeout;
    const told = { getRemainingTimeInMillis: () => Math.max(0, deadline - cloud.timeline.now) };
    process.handler(event, told).then(
      (result) => end({ result }),
      (error) => end({ error }),
    );
  }

  #process(): Process {
    const { random, faults } = this.#cloud;
    const at = random.whole(0, Math.max(0, this.#idle.length - 1));
    if (this.#idle.length && random.next() < REUSE) return this.#idle.splice(at, 1)[0]!;
    const skew = !faults.isOver && faults.has('clock skew') ? random.whole(-MOST_SKEW, MOST_SKEW) : 0;
    if (skew) faults.count('clock skew');
    const caller: Caller = { invocation: undefined, skew };
    return Object.assign(caller, { handler: this.#make(caller) as Process['handler'] });
  }
}

const describe = (outcome: Outcome): string =>
  'stopped' in outcome
    ? outcome.stopped
    : 'error' in outcome
      ? `failed: ${(outcome.error as Error).stack ?? outcome.error}`
      : `done${outcome.result ? ` ${JSON.stringify(outcome.result)}` : ''}`;

export interface Mapping {
  readonly batchSize: number;
  readonly maxConcurrency: number;
  /** Milliseconds. */
  readonly visibility: number;
}

/** Polls a queue for a function: batches, partial failures, messages that come twice. */
export function poll(cloud: Cloud, queue: Queue, fn: Lambda, mapping: Mapping): void {
  const { timeline, random, faults } = cloud;
  let isPlanned = false;
  const run = () => {
    isPlanned = false;
    if (fn.running >= mapping.maxConcurrency) return;
    const size = random.whole(1, mapping.batchSize);
    const batch = queue.take(size, mapping.visibility, () => faults.strikes('message twice'));
    if (!batch.length) return;
    cloud.note(() => `delivering ${batch.map(({ id, body, received }) => `${id} (${received}) ${body}`).join('; ')}`);
    fn.invoke(eventOf(batch), (outcome) => {
      const failed = 'result' in outcome ? failuresOf(outcome.result) : batch.map(({ id }) => id);
      for (const { id } of batch) if (!failed.includes(id)) queue.delete(id);
      plan();
    });
    plan();
  };
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    timeline.after(random.whole(0, 500), run);
  };
  queue.onMessage = plan;
}

const eventOf = (batch: readonly Message[]) => ({
  Records: batch.map(({ id, body }) => ({ messageId: id, body })),
});

function failuresOf(result: unknown): string[] {
  const { batchItemFailures } = result as { batchItemFailures: { itemIdentifier: string }[] };
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** Starts a function as a schedule does: asynchronously, once more a minute later where it failed, at times twice. */
export function start(cloud: Cloud, fn: Lambda): void {
  const { timeline, faults, random } = cloud;
  const once = (retries: number) =>
    fn.invoke({}, (outcome) => {
      if (!('result' in outcome) && retries > 0) timeline.after(60_000, () => once(retries - 1));
    });
  once(1);
  if (faults.strikes('function started twice')) timeline.after(random.whole(0, 2000), () => once(1));
}
