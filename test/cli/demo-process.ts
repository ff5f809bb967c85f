/** Runs `sweepwatch demo` in a process of its own, on the shared assembly or on a copy of it with a part broken. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { sharedAssembly } from '../deployments/assembly.ts';
import type { DeploymentName } from '../deployments/deployments.ts';

const ENTRY = resolve(import.meta.dirname, '../../cli/sweepwatch.mjs');
const STACK: DeploymentName = 'sweepwatch-demo';

/** What a run left behind. */
interface DemoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The template of the demo's stack, as a change may want it. */
export interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** A folder of its own, in which the demo keeps its state. */
export interface DemoFolder {
  readonly folder: string;
  /** Starts a command in the folder. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcessByStdio<null, Readable, Readable>;
  /** Runs a command in the folder to its end. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<DemoRun>;
  /** Runs the demo on a copy of the shared assembly. `change` edits the template and the other files of the copy. */
  runBroken(change: (template: Template, copy: string) => void): Promise<DemoRun>;
  /** Ends what still runs, as after a test that timed out, and removes the folder. */
  remove(): void;
}

/** Makes a folder to run the demo in. */
export function demoFolder(): DemoFolder {
  const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-demo-'));
  const started = new Set<ChildProcess>();
  const start: DemoFolder['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    started.add(child);
    child.once('exit', () => started.delete(child));
    return child;
  };
  const run: DemoFolder['run'] = async (args, env) => {
    const child = start(args, env);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  };
  return {
    folder,
    start,
    run,
    runBroken(change) {
      const copy = mkdtempSync(join(folder, 'broken-'));
      cpSync(sharedAssembly(), copy, { recursive: true });
      const file = join(copy, `${STACK}.template.json`);
      const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
      change(template, copy);
      writeFileSync(file, JSON.stringify(template));
      return run(['demo', '--assembly', copy]);
    },
    remove() {
      for (const child of started) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The logical id of the resource of a type whose id contains `part`. */
export function idOf(template: Template, type: string, part: string): string {
  const id = Object.keys(template.Resources).find(
    (key) => template.Resources[key]?.Type === type && key.includes(part),
  );
  if (!id) throw new Error(`the template has no ${type} whose id contains ${part}`);
  return id;
}
