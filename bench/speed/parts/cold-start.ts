/** How large each function's bundle is, and how long Node takes to load it. */
import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { spreadOf } from '../alternate.ts';
import { bundleOf, type FunctionName, synthesize } from '../assembly.ts';
import { BUNDLE_BYTES, type Verdict, verdictOf } from '../budgets.ts';
import type { Part } from '../part.ts';
import { runNode } from '../run.ts';

const NAMES = Object.keys(BUNDLE_BYTES) as FunctionName[];
const KILOBYTE = 1024;
const STARTS = 5;

export const coldStart: Part = async () => {
  const assembly = synthesize();
  try {
    const rows: string[][] = [];
    const verdicts: Verdict[] = [];
    for (const name of NAMES) {
      const { file, bytes, environment } = bundleOf(assembly, name);
      const script = `const began = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - began)`;
      const loads: number[] = [];
      for (let n = 0; n < STARTS; n++) {
        const run = await runNode(['--input-type=module', '--eval', script], {
          ...process.env,
          ...environment,
          AWS_REGION: 'eu-west-1',
        });
        if (run.code !== 0) throw new Error(`${name} does not load: ${run.stderr.slice(-500)}`);
        loads.push(Number(run.stdout));
      }
      const { median, least, most } = spreadOf(loads);
      const budget = {
        part: 'cold-start',
        what: `bundle of ${name.toLowerCase()}`,
        limit: BUNDLE_BYTES[name] / KILOBYTE,
        unit: 'KB',
      } as const;
      verdicts.push(verdictOf(budget, bytes / KILOBYTE));
      rows.push([
        name.toLowerCase(),
        `${Math.round(bytes / KILOBYTE)} KB`,
        `${Math.round(median)} ms (${Math.round(least)} to ${Math.round(most)})`,
      ]);
    }
    return {
      verdicts,
      tables: [{ title: '', header: ['function', 'bundle', 'load: median (spread)'], rows }],
      text: TEXT,
    };
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
};

const TEXT = `\`load\` is the time that Node needs on this machine to read, compile and run the bundle up to the handler. A test holds the sizes.`;
