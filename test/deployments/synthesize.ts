/** Synthesizes all deployments of the tests into a folder, with `cdk synth` and cdk-nag as `npm run synth` does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../..');

/** The file in a run's folder that tells how its synthesis ended: empty, or what went wrong. */
export const ENDED = 'synthesis-ended';
/** The folder of the cloud assembly in a run's folder. */
export const ASSEMBLY = 'cdk.out';

/**
 * Synthesizes into a run's folder, unless another process has begun to.
 * @returns false where another process does it, whose end {@link ENDED} tells.
 */
export function synthesizeOnce(folder: string): boolean {
  try {
    mkdirSync(join(folder, 'synthesis-begun'));
  } catch {
    return false;
  }
  const app = `${process.execPath} --disable-warning=ExperimentalWarning ${join(ROOT, 'test/deployments/app.ts')}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/.bin/cdk'), 'synth', '--quiet', '--app', app, '--output', join(folder, ASSEMBLY)],
    { cwd: ROOT, encoding: 'utf8' },
  );
  // Renamed, so that nobody reads half of it.
  const told = join(folder, `${ENDED}.new`);
  writeFileSync(told, status === 0 ? '' : `cdk synth ended with ${status}\n${stdout}${stderr}`);
  renameSync(told, join(folder, ENDED));
  return true;
}

if (import.meta.filename === process.argv[1]) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('usage: node test/deployments/synthesize.ts FOLDER');
  if (!synthesizeOnce(folder)) await ended(folder);
  const failure = readFileSync(join(folder, ENDED), 'utf8');
  if (failure) process.stderr.write(failure);
  process.exitCode = failure ? 1 : 0;
}

/** A test that asked for the assembly before has begun to make it. */
async function ended(folder: string): Promise<void> {
  while (!existsSync(join(folder, ENDED))) await setTimeout(100);
}
