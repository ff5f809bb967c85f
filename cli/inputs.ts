/** Turns the paths of a command line into readable files: files, folders, "-" and s3:// addresses. */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ByteSource } from '../lib/flowlog/source.ts';

/** A path that could not be used, with the reason; the others are still read. */
export interface BadInput {
  readonly path: string;
  readonly reason: string;
}

const READ_SIZE = 256 * 1024;
/** In a folder, files with other endings are not flow logs (delivery writes these); named files are read whatever they are called. */
const FLOW_LOG_NAME = /\.(log|txt|gz|parquet|csv)$/i;

/** The files behind `paths`, in order of their names, and the paths that lead nowhere. */
export async function resolveInputs(
  paths: readonly string[],
  stdin: Readable,
): Promise<{ sources: ByteSource[]; bad: BadInput[] }> {
  const sources: ByteSource[] = [];
  const bad: BadInput[] = [];
  for (const path of paths) {
    try {
      if (path === '-') sources.push(pipeSource(stdin));
      else if (path.startsWith('s3://'))
        sources.push(...(await (await import('../lib/store/objects.ts')).listObjects(path)));
      else {
        const found = await filesAt(path);
        if (!found.length)
          bad.push({ path, reason: 'the folder holds no flow log files (.log, .gz, .parquet, .txt, .csv)' });
        sources.push(...found);
      }
    } catch (error) {
      bad.push({ path, reason: reasonOf(error as NodeJS.ErrnoException) });
    }
  }
  return { sources, bad };
}

async function filesAt(path: string): Promise<ByteSource[]> {
  const info = await stat(path);
  if (!info.isDirectory()) return [fileSource(path, info.size)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && FLOW_LOG_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(names.map(async (name) => fileSource(name, (await stat(name)).size)));
}

/** A file on disk. */
export function fileSource(path: string, size: number): ByteSource {
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

function pipeSource(stdin: Readable): ByteSource {
  let isRead = false;
  return {
    name: '(stdin)',
    open: () => {
      if (isRead) return undefined;
      isRead = true;
      return stdin;
    },
  };
}

/** What a failed system call means to the person who gave the path. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file or folder';
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'permission denied; check who may read it';
  return error.message;
}
