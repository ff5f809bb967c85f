/** `backfill --map`: starts a run of the Distributed Map, follows it, and tells what became of each file. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FILES_IN_A_BATCH, type ListedFile, type LookBackOutput } from '../../lib/store/look-back-batch.ts';
import { LookBackRuns, type RunOutcome, type RunState } from '../../lib/store/look-back-runs.ts';
import { printable, shellWord } from '../../lib/text/untrusted.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';
import type { OpenStack } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { type MapCursor, type MapJob, readMapCursor, removeCursor, writeCursor } from './cursor.ts';
import { mapEstimateLines, mapEstimateOf } from './estimate.ts';
import { ProgressLine } from './progress-line.ts';

/** What a look back is about, and how the command is to treat it. */
export interface MapRequest {
  readonly address: string;
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** File for the cursor. */
  readonly cursor: string;
  /** The line about alerts. */
  readonly alerts: string;
  /** Lists the files. Undefined if there is nothing that can be read, which the caller has told. */
  list(): Promise<{ readonly files: readonly ListedFile[]; readonly requests: number } | undefined>;
  /** Called before files are read, with the seconds that reading takes. */
  beforeReading(seconds: number): Promise<void>;
}

const POLL_MS = 1000;
/** Failures that are printed one by one. */
const MOST_TOLD = 100;
const COMMAND = 'sweepwatch backfill';

/** Runs it, and returns the exit code. When `stop` is aborted, it stops following. The run goes on in AWS. */
export async function backfillThroughMap(
  request: MapRequest,
  found: OpenStack,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const output = outputOf(found);
  const runs = new LookBackRuns(found.connection, output);
  try {
    const { address, from, to } = request;
    const job: MapJob = { machine: output.machine, address, from, to };
    const cursor = await readMapCursor(request.cursor, job);
    const earlier = cursor && (await runs.look(cursor.run));
    if (cursor && earlier?.status === 'RUNNING') {
      terminal.stderr(`following the run of ${countOf(cursor.files, 'file')} (${printable(request.cursor)})\n`);
      if (request.dryRun) return 0;
      return await follow(runs, cursor, request, found, terminal, stop);
    }
    const outcome = cursor && (await runs.outcome(cursor.run));
    if (cursor && outcome && earlier) {
      conclude(cursor, earlier, outcome, terminal);
      if (isWhole(cursor, outcome)) {
        if (!request.dryRun) await removeCursor(request.cursor);
        return 0;
      }
    }
    const todo = cursor && outcome ? await leftOf(runs, cursor, outcome, request, terminal) : await request.list();
    if (todo === undefined) return 1;
    // A file that ends the function takes its batch with it. Once nothing else is left, each has a batch of its own.
    const isAlone = outcome !== undefined && outcome.unanswered > 0 && outcome.failed.size === todo.files.length;
    const filesInABatch = isAlone ? 1 : FILES_IN_A_BATCH;
    const estimate = mapEstimateOf(todo.files, todo.requests, filesInABatch, output);
    terminal.stdout(mapEstimateLines(todo.files, estimate, output));
    terminal.stdout(request.alerts);
    if (request.dryRun) return 0;
    if (!request.yes)
      throw new UsageError('nothing was read. Give --yes to begin, or --dry-run for the estimate', COMMAND);
    const next = { ...job, run: `${from}-to-${to}-${Date.now().toString(36)}`, files: todo.files.length };
    await request.beforeReading(estimate.seconds + estimate.settleSeconds);
    await runs.writeList(next.run, todo.files);
    // Before the start, so that a run which was started can always be followed.
    await writeCursor(request.cursor, next);
    await runs.start(next.run, filesInABatch);
    return await follow(runs, next, request, found, terminal, stop);
  } finally {
    runs.destroy();
  }
}

/** Where the map of a deployment is. Undefined if it has none. */
export function findLookBack({ outputs }: OpenStack): LookBackOutput | undefined {
  const output = outputs.find('LookBack');
  return output === undefined ? undefined : (JSON.parse(output) as LookBackOutput);
}

/** The same. @throws UsageError if it has none. */
function outputOf(found: OpenStack): LookBackOutput {
  const output = findLookBack(found);
  if (output === undefined)
    throw new UsageError(
      'the deployment has no map. Set lookBack.maxConcurrency in its settings and deploy, or leave --map out',
      COMMAND,
    );
  return output;
}

/** The files that an earlier run has not read. @throws UsageError if its list is gone. */
async function leftOf(
  runs: LookBackRuns,
  { run, files }: MapCursor,
  { read, gone }: RunOutcome,
  { cursor: file }: MapRequest,
  terminal: Terminal,
): Promise<{ readonly files: readonly ListedFile[]; readonly requests: number }> {
  const list = await runs.readList(run);
  if (list === undefined)
    throw new UsageError(
      `the list of files of --cursor ${file} is gone. Lists are kept for 90 days. Remove the file to begin again`,
      COMMAND,
    );
  const done = new Set([...read, ...gone]);
  const left = list.filter(({ key }) => !done.has(key));
  terminal.stderr(`going on with ${grouped(left.length)} of ${countOf(files, 'file')}\n`);
  return { files: left, requests: 0 };
}

/** Shows how far a run has come until it ends, or until the command is to stop. */
async function follow(
  runs: LookBackRuns,
  cursor: MapCursor,
  { cursor: file }: MapRequest,
  { outputs }: OpenStack,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const line = new ProgressLine(terminal);
  let state: RunState | undefined;
  while (!stop.aborted) {
    state = await runs.look(cursor.run);
    if (state?.status !== 'RUNNING') break;
    line.draw(`${grouped(state.done)} of ${countOf(cursor.files, 'file')}`);
    await sleep(POLL_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  line.clear();
  if (stop.aborted) {
    const arn = `--execution-arn ${shellWord(runs.arnOf(cursor.run))} --region ${shellWord(outputs.region)}`;
    terminal.stderr(
      `stopped following. The run goes on in AWS, and the same command follows it (${printable(file)}). To end the run:\n  aws stepfunctions stop-execution ${arn}\n`,
    );
    return 1;
  }
  const outcome = await runs.outcome(cursor.run);
  conclude(cursor, state, outcome, terminal);
  if (isWhole(cursor, outcome)) {
    await removeCursor(file);
    return 0;
  }
  terminal.stderr(`The same command reads what is left (${printable(file)})\n`);
  return 1;
}

/** Whether a run has left nothing to read. */
const isWhole = ({ files }: MapCursor, { read, gone }: RunOutcome): boolean => read.size + gone.length === files;

/** Says what became of the files of a run that has ended. */
function conclude(
  { files }: MapCursor,
  state: RunState | undefined,
  { read, gone, failed, folder }: RunOutcome,
  terminal: Terminal,
): void {
  terminal.stdout(`read     ${grouped(read.size)} of ${countOf(files, 'file')}\n`);
  if (gone.length) terminal.stdout(`gone     ${countOf(gone.length, 'file')}, deleted before it was read\n`);
  const untried = files - read.size - gone.length - failed.size;
  if (untried > 0) terminal.stdout(`untried  ${countOf(untried, 'file')}\n`);
  if (failed.size) terminal.stdout(`failed   ${countOf(failed.size, 'file')}\n`);
  for (const [key, reason] of [...failed].slice(0, MOST_TOLD))
    terminal.stdout(`  ${printable(key)}: ${printable(reason)}\n`);
  if (failed.size > MOST_TOLD)
    terminal.stdout(`  and ${grouped(failed.size - MOST_TOLD)} more, in the results under ${folder}\n`);
  if (state?.error) terminal.stderr(`the run failed: ${printable(state.error)}\n`);
  else if (state?.status !== 'SUCCEEDED') terminal.stderr(`the run ended as ${state?.status ?? 'unknown'}\n`);
}
