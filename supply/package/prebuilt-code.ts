/** The code of a function in the package, where its bundle was built when the package was. */
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { FunctionFile } from '../../infra/function-code.ts';

/** Replaces the function of the same name in `infra/function-code.ts`. */
export function functionCode(name: string, file?: FunctionFile): Code {
  const bundle = join(import.meta.dirname, '../functions', name);
  if (!file) return Code.fromAsset(bundle);
  const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-code-'));
  cpSync(bundle, folder, { recursive: true });
  writeFileSync(join(folder, file.name), file.text);
  return Code.fromAsset(folder);
}
