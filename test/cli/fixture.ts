/** Runs a command of the command line in this process, against an embedded DynamoDB. */
import { main } from '../../cli/main.ts';
import type { Embedded } from '../lib/store/fixture/tables.ts';

/** What a command came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A runner whose commands find the server through the environment, as they would find AWS. */
export function runner(embedded: Embedded, table: string): (...args: string[]) => Promise<Ran> {
  Object.assign(process.env, embedded.environment, { SWEEPWATCH_FINDINGS_TABLE: table });
  return async (...args) => {
    let [stdout, stderr] = ['', ''];
    const code = await main(args, {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      isInteractive: false,
    });
    return { code, stdout, stderr };
  };
}
