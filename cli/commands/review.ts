/** `sweepwatch findings ack` and `close`: what people say of a finding. */
import { isoTime, type Verdict } from '../../lib/finding/model.ts';
import { MOST_NOTES, type Review, reviewOf, VERDICT_WORDS } from '../../lib/finding/review.ts';
import type { StoredFinding } from '../../lib/store/finding-item.ts';
import type { FindingsStore } from '../../lib/store/findings-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import type { Deployment, DeploymentOptions } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { openFindings } from './findings.ts';

/** The options of `findings ack`, as the program reads them. */
export interface AckOptions extends DeploymentOptions {
  readonly by: string;
  readonly note?: string;
}

/** The options of `findings close`, as the program reads them. */
export interface CloseOptions extends AckOptions {
  readonly verdict: Verdict;
}

/** What a person says, for one finding as it is stored now. */
type Say = (stored: StoredFinding) => Review;

const LONGEST_NAME = 100;
const LONGEST_NOTE = 500;
/** Judgements may change a finding between reading and writing. Each try reads again. */
const TRIES = 10;
/** Findings may merge again after they merged. */
const MERGES = 10;

/** Runs `findings ack` and returns the exit code. */
export async function acknowledge(id: string, options: AckOptions, terminal: Terminal): Promise<number> {
  const said = { by: nameOf(options), at: isoTime(Date.now() / 1000) };
  const text = noteOf(options);
  const say: Say = ({ finding }) => ({
    ...reviewOf(finding),
    acknowledged: finding.acknowledged ?? said,
    ...(text !== undefined && { notes: [...(finding.notes ?? []), { ...said, text }] }),
  });
  const written = await write(id, options, say, terminal);
  if (!written) return 1;
  const { acknowledged } = written.finding;
  if (acknowledged && acknowledged.by !== said.by)
    terminal.stderr(`${printable(acknowledged.by)} looks at it already, since ${acknowledged.at}\n`);
  terminal.stdout(`${written.finding.id}\n`);
  return 0;
}

/** Runs `findings close` and returns the exit code. */
export async function closeFinding(id: string, options: CloseOptions, terminal: Terminal): Promise<number> {
  const { verdict } = options;
  const said = { by: nameOf(options), at: isoTime(Date.now() / 1000) };
  const text = noteOf(options);
  const say: Say = ({ finding }) => {
    const before = finding.verdictGiven;
    const changed =
      finding.verdict && before && finding.verdict !== verdict
        ? [{ ...said, text: `the verdict before was ${finding.verdict}, by ${before.by} at ${before.at}` }]
        : [];
    const notes = [...(finding.notes ?? []), ...changed, ...(text === undefined ? [] : [{ ...said, text }])];
    return {
      ...reviewOf(finding),
      verdict,
      verdictGiven: { ...said, severity: finding.severity },
      ...(notes.length > 0 && { notes }),
    };
  };
  const written = await write(id, options, say, terminal);
  if (!written) return 1;
  const { finding } = written;
  const isRefuted = finding.closedBecause === 'refuted';
  terminal.stderr(
    isRefuted
      ? `later evidence had refuted finding ${finding.id}, and it stays so. The verdict is recorded\n`
      : `finding ${finding.id} is closed as ${VERDICT_WORDS[verdict]}. It stays quiet unless its severity rises above ${finding.severity}\n`,
  );
  terminal.stdout(`${finding.id}\n`);
  return 0;
}

/** Writes what a person says on a finding, or on the one that it became part of. Undefined, with a message, if that is not possible. */
async function write(
  id: string,
  options: DeploymentOptions,
  say: Say,
  terminal: Terminal,
): Promise<StoredFinding | undefined> {
  const { deployment, store } = await openFindings(options);
  let stored = await standing(await store.byId(id), id, deployment, store, terminal);
  for (let tries = 0; stored && tries < TRIES; tries++) {
    const review = say(stored);
    if ((review.notes?.length ?? 0) > MOST_NOTES) {
      terminal.stderr(
        `finding ${stored.finding.id} has ${countOf(stored.finding.notes?.length ?? 0, 'note')}, and ${MOST_NOTES} is the most. Leave out --note\n`,
      );
      return undefined;
    }
    if (await store.review(stored, review, Date.now() / 1000))
      return { ...stored, finding: { ...stored.finding, ...review } };
    stored = await standing(await store.at(stored), id, deployment, store, terminal);
  }
  if (stored) terminal.stderr(`finding ${stored.finding.id} changed in each of ${TRIES} tries. Try again\n`);
  return undefined;
}

/** The finding as it stands: itself, or the one that it became part of. Undefined, with a message, if it is gone. */
async function standing(
  found: StoredFinding | undefined,
  id: string,
  { table }: Deployment,
  store: FindingsStore,
  terminal: Terminal,
): Promise<StoredFinding | undefined> {
  let stored = found;
  for (let merges = 0; stored?.finding.mergedInto && merges < MERGES; merges++) {
    const { id: from, mergedInto } = stored.finding;
    terminal.stderr(`finding ${from} became part of finding ${mergedInto}, which takes what you say\n`);
    stored = await store.byId(mergedInto);
  }
  // The index by id may be behind.
  const current = stored && (await store.at(stored));
  if (current) return current;
  terminal.stderr(`no finding ${printable(id)} in ${printable(table)}. "findings list" shows the ids\n`);
  return undefined;
}

function nameOf({ by }: AckOptions): string {
  if (!by.trim()) throw new UsageError('--by must name a person or a team');
  if (by.length > LONGEST_NAME) throw new UsageError(`--by must have at most ${LONGEST_NAME} characters`);
  return by;
}

function noteOf({ note }: AckOptions): string | undefined {
  if (note !== undefined && !note.trim()) throw new UsageError('--note is empty. Leave it out');
  if (note !== undefined && note.length > LONGEST_NOTE)
    throw new UsageError(
      `--note must have at most ${LONGEST_NOTE} characters, got ${note.length}. Put longer texts into your ticket`,
    );
  return note;
}
