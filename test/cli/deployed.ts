/** Commands about a deployment, run against an embedded DynamoDB that they find as they would find AWS. */
import type { Embedded } from '../lib/store/fixture/tables.ts';
import { type Run, runHere } from './run-cli.ts';

/** A runner of commands whose default is the given findings table. */
export function runner(embedded: Embedded, table: string): (...args: string[]) => Promise<Run> {
  Object.assign(process.env, embedded.environment, { SWEEPWATCH_FINDINGS_TABLE: table });
  return (...args) => runHere(args);
}
