/** The code of a function in the package, where its bundle was built when the package was. */
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';

/** Replaces the function of the same name in `infra/function-code.ts`. */
export function functionCode(name: string): Code {
  return Code.fromAsset(join(import.meta.dirname, '../functions', name));
}
