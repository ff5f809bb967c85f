/** The file that says how far a look back has come, so that it can go on where it stopped. */
import { readFile, rm } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';
import { replaceFile, whyNotWritten } from '../write-file.ts';

/** The days that are looked back at. A cursor of others must not be used. */
interface Days {
  readonly address: string;
  readonly from: string;
  readonly to: string;
}

/** A look back through the queue. */
export interface Job extends Days {
  readonly queue: string;
}

/** How far it has come. Objects are announced in order of their keys. */
export interface Cursor extends Job {
  readonly lastKey: string;
  readonly sent: number;
}

/** A look back with the Distributed Map. */
export interface MapJob extends Days {
  /** ARN of the state machine. */
  readonly machine: string;
}

/** The last run of it. */
export interface MapCursor extends MapJob {
  /** Name of the run, and of its list of files. */
  readonly run: string;
  /** Files of the list. */
  readonly files: number;
}

/** Reads a cursor. Undefined without a file. @throws UsageError if the file is that of another job, or no cursor. */
export async function readCursor(file: string, job: Job): Promise<Cursor | undefined> {
  const { lastKey, sent } = (await readFileOf<Cursor>(file, job)) ?? {};
  return typeof lastKey === 'string' && typeof sent === 'number' ? { ...job, lastKey, sent } : undefined;
}

/** The same for a look back with the Distributed Map. */
export async function readMapCursor(file: string, job: MapJob): Promise<MapCursor | undefined> {
  const { run, files } = (await readFileOf<MapCursor>(file, job)) ?? {};
  return typeof run === 'string' && typeof files === 'number' ? { ...job, run, files } : undefined;
}

async function readFileOf<C extends Cursor | MapCursor>(
  file: string,
  job: Job | MapJob,
): Promise<Partial<C> | undefined> {
  let cursor: Partial<Cursor & MapCursor> | null;
  try {
    cursor = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`--cursor ${file} cannot be read as a cursor. Remove it, or name another file`);
  }
  const isOfQueue = typeof cursor?.lastKey === 'string' && typeof cursor.sent === 'number';
  const isOfMap = typeof cursor?.run === 'string' && typeof cursor.files === 'number';
  if (!cursor || !(isOfQueue || isOfMap))
    throw new UsageError(`--cursor ${file} is no cursor of a look back. Name another file`);
  for (const [name, value] of Object.entries(job))
    if (cursor[name as keyof (Job & MapJob)] !== value)
      throw new UsageError(
        `--cursor ${file} belongs to the look back at ${cursor.address} from ${cursor.from} to ${cursor.to}${isOfMap ? ' with --map' : ''}. Finish that one, remove the file, or name another`,
      );
  return cursor as Partial<C>;
}

/** Writes a cursor. @throws Error that says why it could not be written. */
export async function writeCursor(file: string, cursor: Cursor | MapCursor): Promise<void> {
  try {
    await replaceFile(file, [`${JSON.stringify(cursor, undefined, 2)}\n`]);
  } catch (error) {
    throw new Error(`--cursor ${file}: ${whyNotWritten(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

/** Removes the cursor of a look back that is done. */
export const removeCursor = (file: string): Promise<void> => rm(file, { force: true });
