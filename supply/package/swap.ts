/** Replaces the checkout's package.json with the package's while npm packs, because npm accepts no other file. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const placesIn = (root: string) => ({
  manifest: join(root, 'package.json'),
  /** The checkout's package.json while npm packs, and what is in its place. */
  kept: join(root, 'dist/package.checkout.json'),
  swapped: join(root, 'dist/package.json'),
});

/** Puts `published` in the place of package.json, and keeps the checkout's. */
export function swapManifest(root: string, published: string): void {
  const { manifest, kept, swapped } = placesIn(root);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(swapped, published);
  writeFileSync(kept, readFileSync(manifest));
  replaceManifest(root, published);
}

/**
 * Restores the checkout's package.json if the package's is in its place, also after a pack that was killed. If somebody
 * has already restored it, and possibly changed it, it stays.
 */
export function restoreManifest(root: string): void {
  const { manifest, kept, swapped } = placesIn(root);
  if (existsSync(kept) && readFileSync(manifest, 'utf8') === readFileSync(swapped, 'utf8'))
    replaceManifest(root, readFileSync(kept, 'utf8'));
  for (const file of [kept, swapped]) rmSync(file, { force: true });
}

/** In one step, so that nobody reads half of it. */
function replaceManifest(root: string, text: string): void {
  const next = join(root, 'dist/package.next.json');
  writeFileSync(next, text);
  renameSync(next, join(root, 'package.json'));
}
