/** Removes the folder that setup.mjs made. */
import { rmSync } from 'node:fs';

export default function teardown() {
  if (globalThis.ownTestRun !== undefined) rmSync(globalThis.ownTestRun, { recursive: true, force: true });
}
