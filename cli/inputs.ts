/** Turns the paths of a command line into readable files: files, folders, "-" and s3:// addresses. */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { isHidden } from '../lib/flowlog/file-names.ts';
import { whyIgnored } from '../lib/flowlog/object-key.ts';
import type { ByteSource } from '../lib/flowlog/source.ts';
import type { Connection } from '../lib/store/clients.ts';
import { describeAwsError } from './aws-errors.ts';
import { counted } from './progress.ts';

/** A path that could not be used, with the reason. The others are still read. */
export interface BadInput {
  readonly path: string;
  readonly reason: string;
}

/** Enough to open a file again in another thread: its path or s3:// address, and its size. */
export interface FileName {
  readonly name: string;
  readonly size?: number;
}

/** Opens a file by its name, and reports its bytes while they are read. */
export async function sourceOf(
  { name, size }: FileName,
  connection: Connection,
  count: (bytes: number) => void,
): Promise<ByteSource> {
  const source = name.startsWith('s3://')
    ? (await import('../lib/store/objects.ts')).objectAt(name, connection, size)
    : fileSource(name, size ?? 0);
  return { ...source, open: () => counted(source.open(), count) };
}

const READ_SIZE = 256 * 1024;
/**
 * In a folder, files with other endings are not flow logs (log delivery writes these). Named files are read whatever
 * their ending.
 */
const FLOW_LOG_NAME = /\.(log|txt|gz|parquet|csv)$/i;

/** The kind of files that paths lead to. */
interface Wanted {
  /** Files in folders that are read. Named files are read whatever their ending. */
  readonly inFolders: RegExp;
  readonly named: string;
  /** Whether logs of other services, recognised by their folders, are left out. */
  readonly areFlowLogs: boolean;
}

const FLOW_LOGS: Wanted = {
  inFolders: FLOW_LOG_NAME,
  named: 'flow log files (.log, .gz, .parquet, .txt, .csv)',
  areFlowLogs: true,
};
/** Logs of orchestrators and hosts have all kinds of names. */
export const SIGNAL_LOGS: Wanted = { inFolders: /./, named: 'files', areFlowLogs: false };
export const INVENTORY_FILES: Wanted = {
  inFolders: /\.json(\.gz)?$/i,
  named: 'inventory (.json, .json.gz)',
  areFlowLogs: false,
};
export const RULE_FILES: Wanted = { inFolders: /\.ya?ml$/i, named: 'rules (.yml, .yaml)', areFlowLogs: false };

/** The readable files behind the given paths, and what is not readable. */
interface Inputs {
  readonly sources: ByteSource[];
  readonly bad: BadInput[];
  /** Hidden files named like flow logs that were left out. */
  hidden: number;
}

/** The files behind `paths`, in order of their names, and the paths that could not be used. */
export async function resolveInputs(
  paths: readonly string[],
  stdin: Readable,
  connection: Connection = {},
  wanted = FLOW_LOGS,
): Promise<Inputs> {
  const inputs: Inputs = { sources: [], bad: [], hidden: 0 };
  const piped = pipeSource('(stdin)', () => stdin);
  for (const path of paths) {
    await orBad(path, inputs, async () => {
      if (path === '-') inputs.sources.push(piped);
      else if (path.startsWith('s3://')) {
        const listed = await (await import('../lib/store/objects.ts')).listObjects(path, connection);
        addFound(path, listed.sources, inputs, wanted);
        inputs.hidden += listed.hidden;
      } else await addPath(path, inputs, wanted);
    });
  }
  return inputs;
}

async function orBad(path: string, { bad }: Inputs, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    bad.push({ path, reason: reasonOf(error as NodeJS.ErrnoException) });
  }
}

async function addPath(path: string, inputs: Inputs, wanted: Wanted): Promise<void> {
  const info = await stat(path);
  if (info.isFile()) inputs.sources.push(fileSource(path, info.size));
  // A named pipe, as in "<(command)". Opening it a second time would block forever.
  else if (!info.isDirectory()) inputs.sources.push(pipeSource(path, () => createReadStream(path)));
  else {
    const found: Inputs = { sources: [], bad: [], hidden: 0 };
    await addFolder(path, found, wanted);
    addFound(
      path,
      found.sources.sort((a, b) => (a.name < b.name ? -1 : 1)),
      inputs,
      wanted,
    );
    inputs.bad.push(...found.bad);
    inputs.hidden += found.hidden;
    if (!found.sources.length && !found.bad.length)
      inputs.bad.push({ path, reason: `the folder contains no ${wanted.named}` });
  }
}

async function addFolder(folder: string, inputs: Inputs, wanted: Wanted, isHiddenFolder = false): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await orBad(path, inputs, async () => {
      const isLeftOut = isHiddenFolder || isHidden(entry.name);
      if (entry.isDirectory()) return addFolder(path, inputs, wanted, isLeftOut);
      if (!wanted.inFolders.test(entry.name)) return;
      if (isLeftOut) {
        inputs.hidden++;
        return;
      }
      // Links to files are followed. Links to folders could lead in circles.
      const info = await stat(path);
      if (info.isFile()) inputs.sources.push(fileSource(path, info.size));
    });
  }
}

/** So many files of a kind are named, and the rest are only counted. */
const NAMED_OF_A_KIND = 3;

/** Adds what was found under `path`. Logs of other services, recognised by their folders, are listed and not opened. */
function addFound(path: string, found: readonly ByteSource[], { sources, bad }: Inputs, { areFlowLogs }: Wanted): void {
  const counts = new Map<string, number>();
  for (const source of found) {
    const why = areFlowLogs ? whyIgnored({ key: keyOf(source.name) }) : undefined;
    // The reader reports an empty file as empty.
    if (why === undefined || source.size === 0) {
      sources.push(source);
      continue;
    }
    const count = (counts.get(why) ?? 0) + 1;
    counts.set(why, count);
    if (count <= NAMED_OF_A_KIND) bad.push({ path: source.name, reason: `not read: ${why}, not a flow log` });
  }
  for (const [why, count] of counts)
    if (count > NAMED_OF_A_KIND)
      bad.push({ path, reason: `not read: ${count - NAMED_OF_A_KIND} more files, each ${why}, not a flow log` });
}

/** The name with every folder above it, in the form of AWS's layout of keys. */
const keyOf = (name: string): string => (name.startsWith('s3://') ? name : resolve(name).split(sep).join('/'));

/** A file on disk. */
function fileSource(path: string, size: number): ByteSource {
  return {
    name: path,
    size,
    open: () => createReadStream(path, { highWaterMark: READ_SIZE }),
    range: async (start, end) => {
      const file = await open(path);
      try {
        const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(end - start), position: start });
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

function pipeSource(name: string, openOnce: () => Readable): ByteSource {
  let isRead = false;
  return {
    name,
    open: () => {
      if (isRead) return undefined;
      isRead = true;
      return openOnce();
    },
  };
}

/** Explains a failed system call to the person who gave the path. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file or folder';
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'permission denied. Check who may read it';
  return describeAwsError(error) ?? error.message;
}
