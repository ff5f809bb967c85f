/** The package as `npm pack` makes it: what is in it, that linters accept it, and that an app runs with it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '../../supply/bundle.ts';
import { restoreManifest, swapManifest } from '../../supply/package/swap.ts';
import { detectIn, installOffline, type Packed, packCopy, readmeApp, run, synthesized } from './pack.ts';

const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-package-'));
const app = join(folder, 'app');
let packed: Packed;

beforeAll(() => {
  packed = packCopy(folder);
  installOffline(app, packed.archive);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(app, 'node_modules/sweepwatch', path), 'utf8');
const manifest = () => JSON.parse(read('package.json')) as Record<string, unknown>;

describe('npm pack', () => {
  test('packs what an app needs and nothing else, in less than 2.3 MB', () => {
    const isChunk = (path: string) => /^dist\/command\/[\w-]+-[A-Z0-9]{8}\.mjs$/.test(path);
    const others = packed.files.filter((path) => !isChunk(path) && !path.startsWith('docs/'));
    expect(others.sort()).toEqual([
      'LICENSE',
      'README.md',
      'THIRD-PARTY-NOTICES',
      'dist/command/main.cjs',
      'dist/command/main.d.cts',
      'dist/command/main.d.mts',
      'dist/command/main.mjs',
      'dist/command/read-worker.mjs',
      'dist/command/sweepwatch.mjs',
      'dist/construct/index.cjs',
      'dist/construct/index.d.cts',
      'dist/construct/props.d.cts',
      'dist/construct/scan-detector.d.cts',
      'dist/construct/settings-types.d.cts',
      'dist/functions/alert/index.mjs',
      'dist/functions/forward/index.mjs',
      'dist/functions/ingest/index.mjs',
      'dist/functions/settle/index.mjs',
      'dist/functions/signals/index.mjs',
      'package.json',
    ]);
    expect(packed.files.filter((path) => path.startsWith('docs/') && !/\.(md|json)$/.test(path))).toEqual([]);
    expect(packed.files.filter(isChunk).length).toBeGreaterThan(5);
    expect(packed.bytes).toBeLessThan(2_300_000);
  });

  test('puts the package.json of the checkout back, and leaves nothing that is half done', () => {
    const own = readFileSync(join(ROOT, 'package.json'), 'utf8');
    expect(readFileSync(join(packed.checkout, 'package.json'), 'utf8')).toBe(own);
    expect(readdirSync(join(packed.checkout, 'dist')).sort()).toEqual(['command', 'construct', 'functions']);
  });

  test('is undone after a pack that was killed, unless somebody has put package.json back and changed it', () => {
    const checkout = join(folder, 'killed');
    mkdirSync(checkout);
    const path = join(checkout, 'package.json');
    writeFileSync(path, 'own');
    swapManifest(checkout, 'published');
    expect(readFileSync(path, 'utf8')).toBe('published');
    // The process was killed here, and the next pack begins like this.
    restoreManifest(checkout);
    expect(readFileSync(path, 'utf8')).toBe('own');
    swapManifest(checkout, 'published');
    writeFileSync(path, 'edited');
    restoreManifest(checkout);
    expect(readFileSync(path, 'utf8')).toBe('edited');
    expect(readdirSync(join(checkout, 'dist'))).toEqual([]);
  });

  test('writes a manifest without dependencies, scripts or a Node of its own', () => {
    const { bin, dependencies, optionalDependencies, devDependencies, scripts, peerDependencies } = manifest();
    expect({ bin, dependencies, optionalDependencies, devDependencies, scripts, peerDependencies }).toEqual({
      bin: { sweepwatch: './dist/command/sweepwatch.mjs' },
      peerDependencies: {
        'aws-cdk-lib': expect.stringMatching(/^\^2\.\d+\.\d+$/),
        constructs: JSON.parse(readFileSync(join(ROOT, 'node_modules/aws-cdk-lib/package.json'), 'utf8'))
          .peerDependencies.constructs,
      },
    });
    expect(manifest().private).toBe(true);
    expect(readdirSync(join(app, 'node_modules/.bin')).filter((name) => !name.includes('.'))).toEqual(['sweepwatch']);
  });

  test('makes an archive that publint has nothing to say about', () => {
    const said = run(folder, 'node', [join(ROOT, 'node_modules/publint/src/cli.js'), packed.archive, '--strict']);
    expect(said).toContain('All good!');
  });
});

describe('an app', () => {
  test('that is the one of the README compiles, and synthesizes with the bundles of the package', () => {
    writeFileSync(join(app, 'app.ts'), readmeApp());
    const options = ['--module', 'nodenext', '--strict', '--noEmit', '--types', 'node', '--skipLibCheck'];
    run(app, 'node', [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, 'app.ts']);
    run(app, 'node', ['app.ts'], { CDK_OUTDIR: join(app, 'cdk.out') });
    const stack = synthesized(app, 'Network');
    expect(stack.bundles).toEqual(['alert', 'ingest', 'settle']);
    expect(stack.count('AWS::EC2::FlowLog')).toBe(1);
    expect(stack.outputs).toContain('FindingsTable');
  }, 120_000);

  test.each([
    ['CommonJS', '.cjs', "const s = require('sweepwatch'); const c = require('sweepwatch/command');"],
    ['ES modules', '.mjs', "import * as s from 'sweepwatch'; import * as c from 'sweepwatch/command';"],
  ])('of %s loads construct and command', (_, ending, lines) => {
    const file = `load${ending}`;
    writeFileSync(
      join(app, file),
      `${lines}\nc.main(['--help']).then((code) => process.stderr.write([typeof s.ScanDetector, code].join()));`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: app, encoding: 'utf8' });
    expect(stderr).toBe('function,0');
    expect(stdout).toContain('Usage: sweepwatch COMMAND');
  });

  test('runs the command, which finds what the checkout finds, also in threads, and says where the demo is', () => {
    const found = detectIn(app);
    expect(found.app).toBe(found.checkout);
    expect(found.app).not.toBe('');
    const demo = spawnSync(
      process.execPath,
      [join(app, 'node_modules/sweepwatch/dist/command/sweepwatch.mjs'), 'demo'],
      {
        encoding: 'utf8',
      },
    );
    expect([demo.status, demo.stderr]).toEqual([2, expect.stringContaining('demo needs a checkout of the Sweepwatch')]);
  }, 60_000);
});
