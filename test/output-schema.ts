/** Checks what commands print for programs against its published schema. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OUTPUTS } from '../lib/config/output-schemas.ts';
import { schemaAt } from './body-schemas.ts';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
const checks = new Map<string, ValidateFunction>();

/** @throws with every violation when the value is not what the command prints. */
export function expectValidOutput(name: keyof typeof OUTPUTS, value: unknown): void {
  const validate = checks.get(name) ?? ajv.compile(schemaAt(name));
  checks.set(name, validate);
  if (validate(value)) return;
  const violations = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw new Error(`not a valid ${name}: ${violations.join('; ')}\n${JSON.stringify(value, null, 1)}`);
}
