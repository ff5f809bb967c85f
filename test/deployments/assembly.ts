/** The cloud assembly that all tests of a run share: whichever asks first synthesizes it, the others wait. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentName } from './deployments.ts';
import { ASSEMBLY, ENDED, synthesizeOnce } from './synthesize.ts';

const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 100;

/**
 * The folder of the assembly with the bundles. Nobody changes it: a test that needs another bundle works on a copy.
 * @throws with what `cdk synth` printed, where the synthesis failed.
 */
export function sharedAssembly(): string {
  const folder = runFolder();
  synthesizeOnce(folder);
  const ended = join(folder, ENDED);
  const deadline = Date.now() + PATIENCE_MS;
  while (!existsSync(ended)) {
    if (Date.now() > deadline) throw new Error(`the synthesis in ${folder} did not end within ${PATIENCE_MS} ms`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
  const failure = readFileSync(ended, 'utf8');
  if (failure) throw new Error(failure);
  return join(folder, ASSEMBLY);
}

/** The folder that the run shares: that of jest (setup.mjs) or of `npm test`, or else one of this process. */
function runFolder(): string {
  const shared = process.env.SWEEPWATCH_TEST_RUN;
  if (shared !== undefined) return shared;
  const own = mkdtempSync(join(tmpdir(), 'sweepwatch-test-'));
  process.env.SWEEPWATCH_TEST_RUN = own;
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  return own;
}

/** The template of a deployment from the assembly. Each call reads it again, so that the caller may change it. */
export const templateOf = (name: DeploymentName): Record<string, unknown> =>
  JSON.parse(readFileSync(join(sharedAssembly(), `${name}.template.json`), 'utf8')) as Record<string, unknown>;
