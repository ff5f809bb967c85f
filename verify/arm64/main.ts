/**
 * `npm run arm -- COMMAND...`: whether the detector does the same on arm64, the processors on which the functions are
 * deployed. COMMAND starts a Node of arm64, natively or emulated. Each labelled log must give the same bytes of findings
 * as on this Node, and each bundle must load, as deployed. Ends with 1 if not. docs/kernel.md says how to get such a
 * Node on other machines.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleOf, type FunctionName, synthesize } from '../../bench/speed/assembly.ts';
import { BUNDLE_BYTES } from '../../bench/speed/budgets.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'cli/sweepwatch.mjs');
const MOST_BYTES = 256 * 1024 * 1024;

type Command = readonly [string, ...string[]];

process.exitCode = main(process.argv.slice(2));

function main([program, ...args]: readonly string[]): number {
  const other: Command | undefined = program === undefined ? undefined : [program, ...args];
  if (!other) {
    console.error('usage: npm run arm -- COMMAND..., where COMMAND starts a Node of arm64');
    return 2;
  }
  const [processor, version] = run(other, ['--print', 'process.arch + " " + process.version']).trim().split(' ');
  if (processor !== 'arm64') {
    console.error(`the command must start a Node of arm64, got ${processor ?? 'none'}`);
    return 2;
  }
  const logs = logsIn(join(ROOT, 'test/data'));
  let findings = 0;
  const different = logs.filter((log) => {
    const [ours, theirs] = [[process.execPath] as const, other].map((node) =>
      run(node, [COMMAND, 'detect', log, '--format', 'ndjson']),
    );
    findings += ours!.split('\n').length - 1;
    return ours !== theirs;
  });
  for (const log of different) console.log(`${relative(ROOT, log)}: other findings than on ${process.arch}`);
  const broken = bundlesThatFail(other);
  for (const { name, error } of broken) console.log(`bundle of ${name}: ${error}`);
  const bundles = Object.keys(BUNDLE_BYTES).length;
  console.log(
    `Node ${version} of arm64: ${logs.length - different.length} of ${logs.length} logs give the same findings, ` +
      `${findings} in all, and ${bundles - broken.length} of ${bundles} bundles load`,
  );
  return different.length + broken.length === 0 && findings > 0 ? 0 : 1;
}

function logsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.log.gz'));
  return names.map((name) => join(folder, name)).sort();
}

/** What a script prints on a Node. A log without findings is no failure, and one that cannot be read is. */
function run([program, ...args]: Command, script: readonly string[], env = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(program, [...args, ...script], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: MOST_BYTES,
    env,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${script.join(' ')} ended with ${status}: ${stderr.slice(-500)}`);
  return stdout;
}

/** The bundles, as deployed, that do not load, or have no handler. */
function bundlesThatFail(other: Command): { readonly name: string; readonly error: string }[] {
  const assembly = synthesize();
  try {
    return (Object.keys(BUNDLE_BYTES) as FunctionName[]).flatMap((name) => {
      const { file, environment } = bundleOf(assembly, name);
      const script = `console.log(typeof (await import(${JSON.stringify(pathToFileURL(file).href)})).handler)`;
      try {
        // Without a name a bundle is not in Lambda, and makes no handler.
        const env = { ...process.env, ...environment, AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: name };
        const handler = run(other, ['--input-type=module', '--eval', script], env).trim();
        return handler === 'function' ? [] : [{ name, error: `its handler is ${handler}` }];
      } catch (error) {
        return [{ name, error: (error as Error).message }];
      }
    });
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
}
