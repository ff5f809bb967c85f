/** The version of the package or of the checkout, for the output that `doctor` compares with its own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version in package.json, which is one folder above the sources and two above the bundle of the package. */
export function version(): string {
  const files = ['..', '../..'].map((folder) => join(import.meta.dirname, folder, 'package.json'));
  return JSON.parse(readFileSync(files.find((file) => existsSync(file))!, 'utf8')).version;
}
