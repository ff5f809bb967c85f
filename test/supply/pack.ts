/** Packs a copy of the checkout, and installs the package into apps, for the tests of the package. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from '../../supply/bundle.ts';

/** What the package is made of. The folder that packs is a copy, since other tests read package.json meanwhile. */
const SOURCES = [
  ...['cli', 'docs', 'functions', 'infra', 'lib', 'supply'],
  ...['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES', 'package.json', 'tsconfig.json'],
];

/** The first `ts` block of the README that makes a detector: the app of somebody else. */
export function readmeApp(): string {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  return blocks.find((code) => code.includes('new ScanDetector('))!;
}

/** Runs a program, with the Node that runs this first in the path. @throws what it said, where it fails. */
export function run(
  cwd: string,
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): string {
  const path = [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: path, ...environment },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed in ${cwd}: ${error ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** A file of the archive, as npm lists it. */
export interface Packed {
  readonly archive: string;
  readonly bytes: number;
  readonly files: readonly string[];
  /** The folder that it was packed in. */
  readonly checkout: string;
}

/** Copies the sources into `folder`, and runs `npm pack` there. */
export function packCopy(folder: string): Packed {
  const checkout = join(folder, 'checkout');
  for (const source of SOURCES) cpSync(join(ROOT, source), join(checkout, source), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  const said = run(checkout, 'npm', ['pack', '--json', '--silent', '--pack-destination', folder]);
  const [{ filename, size, files }] = JSON.parse(said.slice(said.indexOf('[\n'))) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  return { archive: join(folder, filename), bytes: size, files: files.map(({ path }) => path), checkout };
}

/**
 * Installs the package into an empty app without a network: the peers are those of the checkout. `npm run verify` shows that
 * npm finds the peers by itself.
 */
export function installOffline(app: string, archive: string): void {
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  run(app, 'npm', ['install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', archive]);
  for (const peer of ['aws-cdk-lib', 'constructs', '@types'])
    symlinkSync(join(ROOT, 'node_modules', peer), join(app, 'node_modules', peer), 'junction');
}

/** Installs the package into an app, beside other packages. npm takes those and the peers from the registry. */
export function installFromRegistry(app: string, archive: string, ...packages: readonly string[]): void {
  run(app, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', archive, ...packages]);
}

/** A stack that an app has synthesized. */
export interface Synthesized {
  /** How many resources of a type its template holds. */
  count(type: string): number;
  readonly outputs: readonly string[];
  /** The functions of the package whose bundles are among the assets, byte for byte. */
  readonly bundles: readonly string[];
}

/** Reads a stack of the cloud assembly that an app has left in its `cdk.out`. */
export function synthesized(app: string, stack: string): Synthesized {
  const outdir = join(app, 'cdk.out');
  const { Resources, Outputs } = JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), 'utf8')) as {
    Resources: Record<string, { Type: string }>;
    Outputs: Record<string, unknown>;
  };
  const assets = readdirSync(outdir)
    .filter((name) => name.startsWith('asset.'))
    .flatMap((name) => readdirSync(join(outdir, name)).map((file) => readFileSync(join(outdir, name, file), 'utf8')));
  const functions = join(app, 'node_modules/sweepwatch/dist/functions');
  return {
    count: (type) => Object.values(Resources).filter(({ Type }) => Type === type).length,
    outputs: Object.keys(Outputs),
    bundles: readdirSync(functions).filter((name) =>
      assets.includes(readFileSync(join(functions, name, 'index.mjs'), 'utf8')),
    ),
  };
}

/** The findings in a captured scan, as the command prints them in an app and in the checkout. */
export function detectIn(app: string): { readonly app: string; readonly checkout: string } {
  const args = ['detect', join(ROOT, 'test/data/lab/fin-top1000.log.gz'), '--format', 'ndjson'];
  return {
    app: run(app, 'npx', ['--no-install', 'sweepwatch', ...args]),
    checkout: run(ROOT, 'node', ['cli/sweepwatch.mjs', ...args]),
  };
}
