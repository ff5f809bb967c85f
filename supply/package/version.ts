/** The version of the package. */
import { readFileSync } from 'node:fs';

/** Replaces the function of the same name in `cli/version.ts`: the bundle lies two folders below package.json. */
export const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
