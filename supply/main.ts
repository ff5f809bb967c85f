/** `npm run notices`: writes THIRD-PARTY-NOTICES and the table in docs/supply-chain.md from what is in the bundles. */
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Bundle, packageAt, ROOT } from './bundle.ts';
import { bundleProblems } from './checks.ts';
import type { Lockfile } from './lockfile.ts';
import { noticesOf, packageTable, withTable } from './notices.ts';
import { buildOutputs } from './package/outputs.ts';

const NOTICES = 'THIRD-PARTY-NOTICES';
const DOCUMENT = 'docs/supply-chain.md';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Both generated texts by path, as they should be, and what is wrong with the bundles. */
export function generate(bundles: readonly Bundle[]): {
  files: ReadonlyMap<string, string>;
  problems: readonly string[];
} {
  const lock = JSON.parse(read('package-lock.json')) as Lockfile;
  const machine = { folders: [ROOT, homedir()], environment: process.env };
  const problems = bundles.flatMap((each) => bundleProblems(each, packageAt, lock, machine));
  const folders = new Set(bundles.flatMap(({ packages }) => packages));
  const packages = [...folders].map(packageAt).sort((a, b) => (a.name < b.name ? -1 : 1));
  const copyrights = new Map(bundles.flatMap((each) => [...each.copyrights]));
  const files = new Map([
    [NOTICES, noticesOf(packages, read('LICENSE'), copyrights)],
    [DOCUMENT, withTable(read(DOCUMENT), packageTable(packages, bundles))],
  ]);
  return { files, problems };
}

if (import.meta.main) {
  const { files, problems } = generate((await buildOutputs()).bundles);
  for (const problem of problems) console.error(problem);
  if (problems.length) process.exitCode = 1;
  else for (const [path, text] of files) writeFileSync(join(ROOT, path), text);
}
