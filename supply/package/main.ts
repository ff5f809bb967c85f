/**
 * What `npm pack` runs before and after: it builds the package in dist/, and lets the package's own package.json stand
 * in the place of the checkout's while npm packs, since npm takes no other. After a pack that was killed, the next one,
 * or this file with `postpack`, puts the checkout's back.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../bundle.ts';
import { declarations } from './declarations.ts';
import { type CheckoutManifest, packageManifest } from './manifest.ts';
import { buildOutputs } from './outputs.ts';

const MANIFEST = join(ROOT, 'package.json');
/** The checkout's package.json while npm packs, and what is in its place. */
const KEPT = join(ROOT, 'dist/package.checkout.json');
const SWAPPED = join(ROOT, 'dist/package.json');

/** Builds everything, and swaps last, so that a build that fails changes nothing outside of dist/. */
async function prepack(): Promise<void> {
  postpack();
  const { files } = await buildOutputs();
  for (const folder of ['command', 'construct', 'functions'])
    rmSync(join(ROOT, 'dist', folder), { recursive: true, force: true });
  const types = [...declarations()].map(([name, text]) => [`dist/construct/${name}`, text] as const);
  for (const [path, content] of [...files, ...types]) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), content);
  }
  const own = readFileSync(MANIFEST, 'utf8');
  const published = packageManifest(JSON.parse(own) as CheckoutManifest);
  writeFileSync(SWAPPED, published);
  writeFileSync(KEPT, own);
  replaceManifest(published);
}

/** Puts the checkout's package.json back, if the package's is in its place: not if somebody has put it back since. */
function postpack(): void {
  if (existsSync(KEPT) && readFileSync(MANIFEST, 'utf8') === readFileSync(SWAPPED, 'utf8'))
    replaceManifest(readFileSync(KEPT, 'utf8'));
  for (const file of [KEPT, SWAPPED]) rmSync(file, { force: true });
}

/** In one step, so that nobody reads half of it. */
function replaceManifest(text: string): void {
  const next = join(ROOT, 'dist/package.next.json');
  writeFileSync(next, text);
  renameSync(next, MANIFEST);
}

const [step] = process.argv.slice(2);
if (step === 'prepack') await prepack();
else if (step === 'postpack') postpack();
else {
  console.error(`supply/package/main.ts takes prepack or postpack, got ${step ?? 'nothing'}; to pack, run npm pack`);
  process.exitCode = 2;
}
