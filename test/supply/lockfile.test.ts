/** package.json and the lockfile: exact versions, integrity, nobody's registry, no script at installation without a reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Lockfile } from '../../supply/lockfile.ts';
import { INSTALL_SCRIPTS, lockProblems, type Manifest } from './lock-problems.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest & { dependencies: Record<string, string> };
const lock = JSON.parse(read('package-lock.json')) as Lockfile;

test('the repository departs in nothing', () => {
  expect(Object.keys(lock.packages).length).toBeGreaterThan(500);
  expect(lockProblems(manifest, lock)).toEqual([]);
});

test('the package of the benchmark departs in nothing', () => {
  const [own, locked] = [read('bench/package.json'), read('bench/package-lock.json')];
  expect(lockProblems(JSON.parse(own), JSON.parse(locked), {})).toEqual([]);
});

test.each(['.npmrc', 'bench/.npmrc'])('%s writes exact versions, and no registry into the lockfile', (path) => {
  const settings = read(path).trim().split('\n');
  expect(settings).toEqual(expect.arrayContaining(['save-exact=true', 'omit-lockfile-registry-resolved=true']));
  expect(settings.filter((line) => /registry=|_auth|token/i.test(line.replace('omit-lockfile-registry', '')))).toEqual(
    [],
  );
});

test('the document tells each accepted script with its reason', () => {
  const rows = [...read('docs/supply-chain.md').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, name, reason]) => [
    name,
    reason,
  ]);
  expect(Object.fromEntries(rows)).toMatchObject(INSTALL_SCRIPTS);
});

describe('is caught:', () => {
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const good = { version: '1.0.0', integrity };
  const locked = (packages: Lockfile['packages']): Lockfile => ({ lockfileVersion: 3, packages });
  const problems = (packages: Lockfile['packages'], of: Manifest = {}) => lockProblems(of, locked(packages), {});

  test.each([
    '^1.0.0',
    '~1.0.0',
    '1.x',
    '*',
    'latest',
    '>=1.0.0',
    'git+ssh://host/x.git',
    'file:../x',
    'npm:other@1.0.0',
  ])('a version of %s', (version) => {
    for (const part of ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'])
      expect(problems({}, { [part]: { some: version } })).toEqual([
        `package.json: ${part}.some must be an exact version, got ${version}`,
      ]);
  });

  test.each([
    ['no integrity', { version: '1.0.0' }, 'must have a sha512 integrity, got none'],
    ['a weak integrity', { version: '1.0.0', integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, 'got sha1-'],
    ['a cut integrity', { version: '1.0.0', integrity: integrity.slice(0, -4) }, 'must have a sha512 integrity'],
    ['a place of download', { ...good, resolved: 'somewhere/some.tgz' }, 'must not say where it was downloaded'],
    ['a link', { ...good, link: true }, 'must be a package, got a link'],
    ['a script of production', { ...good, hasInstallScript: true }, 'is not for development only'],
    ['a script of development', { ...good, dev: true, hasInstallScript: true }, 'which nobody accepted'],
  ])('%s', (_, entry, problem) => {
    const [found, ...more] = problems({ '': {}, 'node_modules/some': entry, 'node_modules/other': good });
    expect(found).toContain('package-lock.json: node_modules/some ');
    expect(found).toContain(problem);
    expect(more).toEqual([]);
  });

  test('an old lockfile, and an acceptance that has outlived its script', () => {
    expect(lockProblems({}, { lockfileVersion: 1, packages: {} }, {})).toEqual([
      'package-lock.json: lockfileVersion must be 3, got 1',
    ]);
    expect(lockProblems({}, locked({}), { gone: 'it needed it once' })).toEqual([
      'gone is accepted to run a script at installation and has none',
    ]);
  });

  test('and what lies within the archive of another needs no integrity of its own', () => {
    expect(problems({ 'node_modules/some/node_modules/inner': { version: '1.0.0', inBundle: true } })).toEqual([]);
  });
});
