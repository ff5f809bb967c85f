/** One trial: logs are delivered during faults. Afterwards everything in them must have arrived. */
import { type Random, randomOf } from '../../bench/random.ts';
import { severityRank } from '../../lib/finding/model.ts';
import { objectsCreated } from '../../lib/pipeline/object-events.ts';
import type { StoredFinding } from '../../lib/store/finding-item.ts';
import { runHere } from '../../test/cli/run-cli.ts';
import { differences, expectedOf, saidOf } from './oracle.ts';
import type { FaultStack } from './stack.ts';
import { type LogObject, workloadOf } from './workload.ts';

/** What goes wrong while objects are delivered, until the signal ends it. */
export type Inject = (scene: Scene) => Promise<Injected>;

/** Where something is to go wrong. */
export interface Scene {
  readonly stack: FaultStack;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly objects: readonly LogObject[];
}

/** What went wrong. */
export interface Injected {
  /** What, and how often. */
  readonly text: string;
  /** Publications that alert could not know the outcome of: each may be repeated. */
  readonly doubts: number;
}

export interface TrialOptions {
  readonly name: string;
  readonly seed: string;
  /** Second number of the inside addresses. Each trial on one stack has its own. */
  readonly network: number;
  readonly objects: number;
  readonly scans: number;
  /** Objects put at the same time. */
  readonly parallel?: number;
  readonly inject: Inject;
  /** Damages some of the objects: what is put in their place, and the keys of those that nothing can read. */
  readonly damage?: (objects: readonly LogObject[], random: Random) => Damaged;
  /** Longest time that the stack may need to come to rest, milliseconds. */
  readonly limitMs?: number;
}

/** Objects, some of them damaged. */
export interface Damaged {
  readonly objects: readonly LogObject[];
  /** Keys of those that must end among the dead letters, however often they are tried. */
  readonly poison: ReadonlySet<string>;
}

/** What came of a trial, and of those before it on the same stack. It passed when `problems` is empty. */
export interface Trial {
  readonly name: string;
  readonly injected: string;
  readonly objects: number;
  readonly expected: number;
  readonly arrived: number;
  /** Messages on the alert topic. */
  readonly messages: number;
  readonly mails: number;
  readonly duplicates: number;
  /** Why so many duplicates are allowed: crashes of alert, lost answers of its publications, the database gone. */
  readonly allowed: number;
  readonly poison: number;
  readonly poisonFound: number;
  readonly redriven: number;
  /** Peak resident memory of an ingest process, bytes, in the first and the last third of the time. */
  readonly memory: readonly [first: number, last: number] | undefined;
  readonly seconds: number;
  readonly problems: readonly string[];
}

const PARALLEL = 8;
const LIMIT_MS = 120_000;
/** More than alert waits with a lease and settle with a mark, together. */
const STEP_SECONDS = 1000;
/** Steps in which settle looks again at the campaigns of an hour that got new evidence: it does after 36 minutes at most. */
const ROUNDS = 3;
const REDRIVES = 3;

/** Runs one. Throws only where the stack itself does not come to rest in time. */
export async function runTrial(stack: FaultStack, options: TrialOptions): Promise<Trial> {
  const { name, limitMs = LIMIT_MS } = options;
  const random = randomOf(`${options.seed} ${name}`);
  const now = Math.floor(Date.now() / 1000);
  const began = Date.now();
  const eventsBefore = stack.events.length;
  const publishedBefore = (await stack.published()).length;
  const workload = workloadOf({ ...options, seed: `${options.seed} ${name} logs` }, now);
  const { objects, poison } = options.damage?.(workload.objects, random) ?? {
    objects: workload.objects,
    poison: new Set<string>(),
  };
  const over = new AbortController();
  const injecting = options.inject({ stack, random, signal: over.signal, objects });
  await deliver(stack, objects, options.parallel ?? PARALLEL);
  // The schedule also runs while files are being processed. A later run reports what this one finds.
  const early = stack.settle().catch(() => undefined);
  await stack.cloud.idle(limitMs).finally(() => over.abort());
  const injected = await injecting;
  await early;
  calm(stack);
  const settled = await recover(stack, limitMs);

  const lost = keysIn(await stack.deadLetters('IngestDeadLetters'));
  const givenUp = [...lost].filter((key) => !poison.has(key));
  let redriven = 0;
  // Poison goes round once, too, and comes back: who redrives does not pick.
  for (let round = 0; round < REDRIVES && (await isWaiting(stack, round === 0 ? new Set() : poison)); round++)
    redriven += await redrive(stack, limitMs, settled);

  const dead = keysIn(await stack.deadLetters('IngestDeadLetters'));
  const alertsDead = await stack.deadLetters('AlertDeadLetters');
  for (const output of ['IngestDeadLetters', 'AlertDeadLetters']) await stack.bury(output);
  const expected = await expectedOf(stack.logs, now);
  const stored = await stack.findings();
  const found = saidOf(stored.map(({ finding }) => finding));
  const { missing, added, other } = differences(expected, found);
  const published = await stack.published();
  const messages = published.filter(isAboutFinding);
  const events = stack.events.slice(eventsBefore);
  const crashes = events.filter(
    (event) =>
      event.type === 'function failed' && event.logicalId.includes('Alert') && /ExitError|Timedout/.test(event.error),
  ).length;
  const allowed = crashes + injected.doubts;
  const duplicates = repeatedIn(published) - repeatedIn(published.slice(0, publishedBefore));
  const untold = untoldOf(stored, messages, published.flatMap(heldIn));
  const marked = stored.filter(({ announceSince }) => announceSince !== undefined);
  const problems = [
    ...some('findings never arrived', missing),
    ...some('findings that nobody expected', added),
    ...some('findings say something else than one pass does', other),
    ...some('findings raised no alert', untold),
    ...some(
      'findings still wait for their alert',
      marked.map(({ sk }) => sk),
    ),
    ...some('messages have no finding', aboutNothing(stored, messages)),
    ...some(
      'poisoned objects are not among the dead letters',
      [...poison].filter((key) => !dead.has(key)),
    ),
    ...some(
      'dead letters hold what can be read',
      [...dead].filter((key) => !poison.has(key)),
    ),
    ...some('announcements lie among the dead letters', alertsDead),
    ...some('runs of settle failed after the faults were over', settled),
    ...(duplicates > allowed ? [`${duplicates} duplicate messages, ${allowed} allowed`] : []),
  ];
  return {
    name,
    injected: givenUp.length
      ? `${injected.text}; ${givenUp.length} objects became dead letters meanwhile`
      : injected.text,
    objects: objects.length,
    expected: expected.size,
    arrived: expected.size - missing.length,
    messages: messages.length,
    mails: events.filter(({ type }) => type === 'mail written').length,
    duplicates,
    allowed,
    poison: poison.size,
    poisonFound: [...poison].filter((key) => dead.has(key)).length,
    redriven,
    memory: peaksOf(stack, began),
    seconds: (Date.now() - began) / 1000,
    problems,
  };
}

async function deliver(stack: FaultStack, objects: readonly LogObject[], parallel: number): Promise<void> {
  const waiting = objects.values();
  const putNext = async () => {
    for (const object of waiting) await stack.put(object);
  };
  await Promise.all(Array.from({ length: parallel }, putNext));
}

function calm(stack: FaultStack): void {
  for (const proxy of [stack.aws, stack.dynamodb]) proxy.fate = () => 'passes';
}

/** What time alone brings: overdue answers, ends, announcements that were lost. Returns what failed. */
async function recover(stack: FaultStack, limitMs: number): Promise<string[]> {
  const failures: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await stack.cloud.idle(limitMs);
    stack.forward(STEP_SECONDS);
    await stack.settle().catch((error) => failures.push(String(error)));
  }
  await stack.cloud.idle(limitMs);
  return failures;
}

/** Sends dead letters round again, with the command that an operator has. */
async function redrive(stack: FaultStack, limitMs: number, failures: string[]): Promise<number> {
  const { IngestDeadLetters = '', AlertDeadLetters = '' } = stack.cloud.outputs;
  const { code, stdout, stderr } = await runHere([
    'redrive',
    '--queue',
    IngestDeadLetters,
    '--queue',
    AlertDeadLetters,
  ]);
  if (code !== 0) failures.push(`redrive ended with ${code}: ${stderr}`);
  failures.push(...(await recover(stack, limitMs)));
  return stdout
    .trimEnd()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split('\t')[1]), 0);
}

/** Whether dead letters hold anything but what is known to be poison. */
async function isWaiting(stack: FaultStack, poison: ReadonlySet<string>): Promise<boolean> {
  const keys = keysIn(await stack.deadLetters('IngestDeadLetters'));
  return [...keys].some((key) => !poison.has(key)) || (await stack.deadLetters('AlertDeadLetters')).length > 0;
}

/** Object keys in messages. A message without a key represents itself. */
function keysIn(bodies: readonly string[]): Set<string> {
  return new Set(
    bodies.flatMap((body) => {
      try {
        return objectsCreated(body).map(({ key }) => key);
      } catch {
        return [body];
      }
    }),
  );
}

/** A message about a storm names several. */
const isAboutFinding = ({ id }: Record<string, unknown>): boolean => id !== undefined;

/** The news in a message. A second message with the same news is a duplicate. */
const newsOf = ({ id, event, severity, openPorts }: Record<string, unknown>): string =>
  [id, event, severity, (openPorts as { count: number }).count > 0].join(' ');

function repeatedIn(published: readonly Record<string, unknown>[]): number {
  const news = published.filter(isAboutFinding).map(newsOf);
  return news.length - new Set(news).size;
}

/** The findings that the message about an alert storm tells of. */
const heldIn = ({ event, ids }: Record<string, unknown>): readonly unknown[] =>
  event === 'storm' ? (ids as readonly unknown[]) : [];

function untoldOf(
  stored: readonly StoredFinding[],
  messages: readonly Record<string, unknown>[],
  held: readonly unknown[],
): string[] {
  const opened = new Set([...held, ...messages.filter(({ event }) => event === 'opened').map(({ id }) => id)]);
  return stored
    .map(({ finding }) => finding)
    .filter((finding) => severityRank(finding.severity) >= severityRank('medium') && !finding.campaign)
    .filter(({ id, closedBecause }) => closedBecause !== 'merged' && closedBecause !== 'refuted' && !opened.has(id))
    .map(({ id, source }) => `${id} ${source?.address}`);
}

function aboutNothing(stored: readonly StoredFinding[], messages: readonly Record<string, unknown>[]): string[] {
  const ids = new Set<unknown>(stored.map(({ finding }) => finding.id));
  return messages.filter(({ id }) => !ids.has(id)).map(({ id }) => String(id));
}

function peaksOf(stack: FaultStack, began: number): readonly [number, number] | undefined {
  const samples = stack.memory().filter(({ lambda, at }) => lambda.includes('Ingest') && at >= began);
  if (samples.length === 0) return undefined;
  const [first, last] = [samples[0]!.at, samples.at(-1)!.at];
  const third = (last - first) / 3;
  const peak = (from: number, to: number) =>
    samples.filter(({ at }) => at >= from && at <= to).reduce((most, { bytes }) => Math.max(most, bytes), 0);
  return [peak(first, first + third), peak(last - third, last)];
}

const SHOWN = 3;
const some = (what: string, which: readonly string[]): string[] =>
  which.length
    ? [`${which.length} ${what}: ${which.slice(0, SHOWN).join('; ')}${which.length > SHOWN ? ' ...' : ''}`]
    : [];
