/** Packs a copy of the checkout, and installs the package into apps, for the tests of the package. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
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
 * Installs the package into an empty app without a network: the peers are those of the checkout. That npm finds the
 * peers by itself is for `npm run verify`, which has a registry.
 */
export function installOffline(app: string, archive: string): void {
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  run(app, 'npm', ['install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', archive]);
  for (const peer of ['aws-cdk-lib', 'constructs', '@types'])
    symlinkSync(join(ROOT, 'node_modules', peer), join(app, 'node_modules', peer), 'junction');
}
