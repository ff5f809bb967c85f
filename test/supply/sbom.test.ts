/** The bill of materials: npm's list without what is for development, and not one package less. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../supply/bundle.ts';
import type { Lockfile } from '../../supply/lockfile.ts';
import { deployedOnly, npmSbom, type Sbom } from '../../supply/sbom.ts';

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
const compiler = `assemblyscript@${lock.packages['node_modules/assemblyscript']!.version}`;
const bundled = new Map([
  ['hyparquet@1.31.5', ['ingest']],
  [compiler, ['ingest', 'settle']],
]);

const sbom = npmSbom();
const names = (of: Sbom) => of.components.map(({ name }) => name);

test('names each package for production, the shared ones too, and none for development', () => {
  const told = deployedOnly(sbom, lock, bundled);
  expect(told.metadata.component.name).toBe('sweepwatch');
  // Those that `npm sbom --omit dev` forgets:
  expect(names(told)).toEqual(expect.arrayContaining(['@aws-sdk/client-s3', '@smithy/core', 'aws-cdk-lib', 'zod']));
  expect(names(told)).toContain('assemblyscript');
  expect(names(told)).not.toContain('jest');
  expect(names(sbom)).toContain('jest');
  const marks = told.components.flatMap(({ name, properties }) =>
    (properties ?? []).filter((of) => of.name.startsWith('sweepwatch:')).map(({ value }) => `${name}: ${value}`),
  );
  expect(marks.sort()).toEqual(['assemblyscript: ingest settle', 'hyparquet: ingest']);
});

test('leads to nothing that was left out', () => {
  const { components, dependencies, metadata } = deployedOnly(sbom, lock, bundled);
  const refs = [...components, metadata.component].map((component) => component['bom-ref']);
  const led = dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
  expect(led.filter((ref) => !refs.includes(ref))).toEqual([]);
  expect(led.length).toBeGreaterThan(refs.length);
});

test('is refused where npm and the lockfile differ', () => {
  const short = { ...sbom, components: sbom.components.filter(({ name }) => name !== '@aws-sdk/client-s3') };
  expect(() => deployedOnly(short, lock, bundled)).toThrow("npm's list and the lockfile differ in @aws-sdk/client-s3@");
});
