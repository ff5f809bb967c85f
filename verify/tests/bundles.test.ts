/** The bundles are reproducible: the same sources give the same bytes anywhere. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { bundle, ROOT } from '../../supply/bundle.ts';
import { buildOutputs } from '../../supply/package/outputs.ts';

const temporary = mkdtempSync(join(tmpdir(), 'sweepwatch-supply-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

test('bundles are the same bytes when built from a copy in another place', async () => {
  for (const folder of ['functions', 'lib', 'cli', 'infra', 'supply', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, folder), join(temporary, folder), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(temporary, 'node_modules'), 'junction');
  const here = (await buildOutputs()).bundles;
  const there = (await buildOutputs(temporary)).bundles;
  for (const [index, { name, code }] of here.entries())
    expect([name, Buffer.compare(code, there[index]!.code)]).toEqual([name, 0]);
  // The bytes depend on the sources, and the comparison on the copy.
  const changed = join(temporary, 'functions/alert.ts');
  writeFileSync(changed, `${readFileSync(changed, 'utf8')}\nconsole.log('a line more');\n`);
  const other = await bundle('alert', 'functions/alert.ts', temporary);
  expect(Buffer.compare(other.code, (await bundle('alert')).code)).not.toBe(0);
}, 180_000);
