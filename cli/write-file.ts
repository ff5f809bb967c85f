/** Files that commands write: replaced as a whole, with plain words for what went wrong. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { printable } from '../lib/text/untrusted.ts';

/** Writes a file beside its place and moves it there, so that nobody reads half of it. */
export async function replaceFile(file: string, parts: Iterable<string>): Promise<void> {
  const beside = `${file}.part`;
  try {
    await writeFile(beside, parts);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist',
  EISDIR: 'this is a folder, expected the name of a file',
  EACCES: 'permission denied. Check who may write there',
  EPERM: 'permission denied. Check who may write there',
  ENOSPC: 'the disk is full',
};

/** Why a file could not be written. */
export const whyNotWritten = ({ code = '', message }: NodeJS.ErrnoException): string =>
  REASONS[code] ?? printable(message);
