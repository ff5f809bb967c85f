/** The content of the functions' bundles, and the lists and notices that are generated from it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bundleOf, type FunctionName } from '../../bench/speed/assembly.ts';
import { type Bundle, bundle, FUNCTIONS, type Package, packageAt, ROOT } from '../../supply/bundle.ts';
import { bundleProblems, LICENSES, type Machine } from '../../supply/checks.ts';
import type { Lockfile } from '../../supply/lockfile.ts';
import { generate } from '../../supply/main.ts';
import { noticesOf } from '../../supply/notices.ts';
import { buildOutputs } from '../../supply/package/outputs.ts';
import { sharedAssembly } from '../deployments/assembly.ts';

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
/** The deployments of the functions that not every deployment has. */
const DEPLOYMENT_OF: Readonly<Record<string, string>> = { signals: 'signals', forward: 'destinations' };
const bundles = new Map<string, Bundle>();
const temporary = mkdtempSync(join(tmpdir(), 'sweepwatch-supply-'));

beforeAll(async () => {
  for (const each of (await buildOutputs()).bundles) bundles.set(each.name, each);
}, 180_000);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

describe('the bundles', () => {
  test.each(FUNCTIONS)('%s: the description is of the deployed bytes, which are the whole asset', (name) => {
    const id = `${name[0]!.toUpperCase()}${name.slice(1)}` as FunctionName;
    const { file } = bundleOf(sharedAssembly(), id, DEPLOYMENT_OF[name]);
    // The rules of the app's settings lie beside the code that asks them.
    expect(readdirSync(dirname(file))).toEqual(name === 'signals' ? ['index.mjs', 'sigma-rules.json'] : ['index.mjs']);
    expect(Buffer.compare(readFileSync(file), bundles.get(name)!.code)).toBe(0);
  });

  test('hold what they should, and the list and the notices say so', () => {
    const { files, problems } = generate([...bundles.values()]);
    expect(problems).toEqual([]);
    expect(files.size).toBe(2);
    for (const [path, text] of files) expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
  });
});

test('the document names the licences that are accepted', () => {
  const document = readFileSync(join(ROOT, 'docs/supply-chain.md'), 'utf8');
  expect(document.replace(/\s+/g, ' ')).toContain(`under one of these licences: ${LICENSES.join(', ')} - `);
});

describe('is caught:', () => {
  const machine: Machine = {
    folders: [ROOT, homedir()],
    environment: { AWS_SECRET_ACCESS_KEY: 'planted/secret/value' },
  };
  const problemsOf = (of: Bundle, read: (folder: string) => Package = packageAt) =>
    bundleProblems(of, read, lock, machine);
  /** A small bundle of the project with one more line. */
  const withLine = async (line: string): Promise<Bundle> => {
    const entry = join(temporary, 'planted.ts');
    writeFileSync(entry, `import ${JSON.stringify(join(ROOT, 'lib/finding/lifecycle.ts'))};\n${line}\n`);
    const { own, ...rest } = await bundle('alert', entry);
    return { ...rest, own: own.filter((path) => !path.endsWith('planted.ts')) };
  };

  test('nothing, where nothing was planted', async () => {
    expect(problemsOf(await withLine(''))).toEqual([]);
  });

  test('code of the tests', async () => {
    const planted = await withLine(`export * from '${ROOT}/test/finding-schema.ts';`);
    expect(problemsOf(planted)).toContain('alert holds test/finding-schema.ts, which is not of functions or lib');
  });

  test('a package for development', async () => {
    const planted = await withLine(`export * from '${ROOT}/node_modules/fast-check/lib/fast-check.js';`);
    expect(problemsOf(planted)).toContain('alert holds node_modules/fast-check, which is for development');
  });

  test('a package under a licence that nobody accepted, of another version, of version 2 of the SDK', () => {
    const alert = bundles.get('alert')!;
    const planted = (change: Partial<Package>) =>
      problemsOf(alert, (folder) => ({
        ...packageAt(folder),
        ...(folder === 'node_modules/mnemonist' && change),
      }));
    expect(planted({ license: 'AGPL-3.0-only' })).toEqual([
      'alert holds node_modules/mnemonist under AGPL-3.0-only, which is not on the list',
    ]);
    expect(planted({ version: '9.9.9' })).toEqual([
      `alert holds node_modules/mnemonist 9.9.9, and the lockfile names ${lock.packages['node_modules/mnemonist']!.version}`,
    ]);
    const old = { ...alert, packages: ['node_modules/aws-sdk'] };
    expect(problemsOf(old, () => packageAt('node_modules/mnemonist'))).toEqual([
      'alert holds node_modules/aws-sdk, which the lockfile does not name',
      'alert holds version 2 of the AWS SDK',
    ]);
  });

  test('a module that Lambda does not have, or that the package does not bring', () => {
    expect(problemsOf({ ...bundles.get('alert')!, imports: ['node:fs', 'some-layer'] })).toEqual([
      'alert loads some-layer, which Lambda does not have',
    ]);
    const loads = { ...bundles.get('construct')!, imports: ['aws-cdk-lib/aws-s3', 'constructs', 'esbuild'] };
    expect(problemsOf(loads)).toEqual(['construct loads esbuild, which the package does not bring']);
  });

  test.each([
    ['a folder of the machine', `${ROOT}/lib/flowlog/read.ts`, 'alert names a folder of this machine'],
    ['a source map', '//# sourceMappingURL=index.mjs.map', 'alert has a source map'],
    ['an access key', `AKIA${'IOSFODNN7EXAMPLE'}`, 'alert holds what looks like a secret'],
    ['a private key', `-----BEGIN ${'EC PRIVATE KEY'}-----`, 'alert holds what looks like a secret'],
    [
      'a secret of the environment',
      'planted/secret/value',
      'the value of the environment variable AWS_SECRET_ACCESS_KEY',
    ],
  ])('%s', async (_, text, problem) => {
    const [found, ...more] = problemsOf(await withLine(`console.log(${JSON.stringify(text)});`));
    expect(found).toContain(problem);
    expect(more).toEqual([]);
  });

  test('a licence that asks for its text, without one', () => {
    const bare = { ...packageAt('node_modules/mnemonist'), texts: new Map<string, string>() };
    expect(() => noticesOf([bare], '')).toThrow('is under MIT, which asks for its text, and brings none');
    const apache = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
    const other = { ...packageAt('node_modules/@smithy/core') };
    const altered = new Map([['LICENSE', apache.replace('perpetual', 'temporary')]]);
    expect(() => noticesOf([{ ...other, texts: altered }], apache)).toThrow(
      'says something else than the Apache License',
    );
    expect(noticesOf([other], apache)).toContain('Copyright 2019 Amazon.com');
  });

  test('code that a package took from elsewhere', () => {
    expect([...bundles.get('ingest')!.copyrights]).toEqual([
      ['node_modules/hyparquet/src/snappy.js', expect.stringContaining('Copyright (c) 2016 Zhipeng Jia')],
    ]);
  });
});
