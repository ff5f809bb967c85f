/** `sweepwatch demo` in the package, which has no local cloud: it says where there is one. */
import { UsageError } from '../../cli/usage-error.ts';

/** Replaces the command of the same name in `cli/commands/demo.ts`. @throws UsageError always. */
export async function demoCommand(): Promise<number> {
  throw new UsageError('demo needs a checkout of the Sweepwatch repository: run "npm ci" and "npm start" there');
}
