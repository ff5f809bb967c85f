/** Gives a run of jest a folder for what its tests share, unless `npm test` has made one. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup() {
  if (process.env.SWEEPWATCH_TEST_RUN !== undefined) return;
  process.env.SWEEPWATCH_TEST_RUN = mkdtempSync(join(tmpdir(), 'sweepwatch-test-'));
  globalThis.ownTestRun = process.env.SWEEPWATCH_TEST_RUN;
}
