/** What `npm pack` runs before and after: it builds the package in dist/, and swaps package.json while npm packs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../bundle.ts';
import { declarations } from './declarations.ts';
import { type CheckoutManifest, packageManifest } from './manifest.ts';
import { buildOutputs } from './outputs.ts';
import { restoreManifest, swapManifest } from './swap.ts';

/** Builds everything, and swaps last, so that a build that fails changes nothing outside of dist/. */
async function prepack(): Promise<void> {
  restoreManifest(ROOT);
  const { files } = await buildOutputs();
  const types = [...declarations()].map(([name, text]) => [`dist/construct/${name}`, text] as const);
  for (const folder of ['command', 'construct', 'functions'])
    rmSync(join(ROOT, 'dist', folder), { recursive: true, force: true });
  for (const [path, content] of [...files, ...types]) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as CheckoutManifest;
  swapManifest(ROOT, packageManifest(own));
}

const [step] = process.argv.slice(2);
if (step === 'prepack') await prepack();
else if (step === 'postpack') restoreManifest(ROOT);
else {
  console.error(`supply/package/main.ts takes prepack or postpack, got ${step ?? 'nothing'}; to pack, run npm pack`);
  process.exitCode = 2;
}
