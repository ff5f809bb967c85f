/** The stack as it would be deployed: synthesized and bundled into a folder. */
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { ScanDetector } from '../../infra/index.ts';
import type { BUNDLE_BYTES } from './budgets.ts';

export const STACK = 'sweepwatch';
export type FunctionName = keyof typeof BUNDLE_BYTES;

/** The code of a function, and its environment variables. Values known only in AWS are names. */
export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What the function is deployed with. */
  readonly memoryMiB: number;
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties: {
    readonly Code: { readonly S3Key: string };
    readonly MemorySize: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  };
}

/** Synthesizes into a new temporary folder and returns it. The caller removes it. */
export function synthesize(): string {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'sweepwatch-assembly-')), analyticsReporting: false });
  const stack = new Stack(app, STACK);
  new ScanDetector(stack, 'Detector', { settings: {} }).addOutputs();
  return app.synth().directory;
}

/** The bundle of a function of a stack in a synthesized assembly. */
export function bundleOf(assembly: string, name: FunctionName | 'Signals', stack = STACK): Bundle {
  const { Resources } = JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8')) as {
    Resources: Record<string, FunctionResource>;
  };
  const [, { Properties }] = Object.entries(Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.includes(`${name}Function`),
  )!;
  // An asset's folder and its object are named after the same hash.
  const file = join(assembly, `asset.${basename(Properties.Code.S3Key, '.zip')}`, 'index.mjs');
  const variables = Object.entries(Properties.Environment.Variables).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : 'known-in-aws',
  ]);
  return {
    file,
    bytes: statSync(file).size,
    environment: Object.fromEntries(variables),
    memoryMiB: Properties.MemorySize,
  };
}
