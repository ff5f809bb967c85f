/** The version of this checkout. The package replaces this file with `supply/package/version.ts`. */
import { readFileSync } from 'node:fs';

/** The version in package.json, such as `1.2.3`. */
export const version = (): string =>
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
