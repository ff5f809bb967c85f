/** The file that says how far a look back has come, so that it can go on where it stopped. */
import { readFile, rm } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';
import { replaceFile, whyNotWritten } from '../write-file.ts';

/** What is looked back at. A cursor of another one must not be used. */
export interface Job {
  readonly queue: string;
  readonly address: string;
  readonly from: string;
  readonly to: string;
}

/** How far it has come. Objects are announced in order of their keys. */
export interface Cursor extends Job {
  readonly lastKey: string;
  readonly sent: number;
}

/** Reads a cursor. Undefined without a file. @throws UsageError if the file is that of another job, or no cursor. */
export async function readCursor(file: string, job: Job): Promise<Cursor | undefined> {
  let cursor: Partial<Cursor> | null;
  try {
    cursor = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`--cursor ${file} cannot be read as a cursor. Remove it, or name another file`);
  }
  if (typeof cursor?.lastKey !== 'string' || typeof cursor.sent !== 'number')
    throw new UsageError(`--cursor ${file} is no cursor of a look back. Name another file`);
  for (const name of ['queue', 'address', 'from', 'to'] as const)
    if (cursor[name] !== job[name])
      throw new UsageError(
        `--cursor ${file} belongs to the look back at ${cursor.address} from ${cursor.from} to ${cursor.to}. Finish that one, remove the file, or name another`,
      );
  return { ...job, lastKey: cursor.lastKey, sent: cursor.sent };
}

/** Writes a cursor. @throws Error that says why it could not be written. */
export async function writeCursor(file: string, cursor: Cursor): Promise<void> {
  try {
    await replaceFile(file, [`${JSON.stringify(cursor, undefined, 2)}\n`]);
  } catch (error) {
    throw new Error(`--cursor ${file}: ${whyNotWritten(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

/** Removes the cursor of a look back that is done. */
export const removeCursor = (file: string): Promise<void> => rm(file, { force: true });
