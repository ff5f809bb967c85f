/** Checks a finding against its published schema. Every test that sees a finding calls this. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

const schema = JSON.parse(readFileSync(new URL('../docs/schemas/finding.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
}).compile(schema);

/** @throws with every violation when the value is not a finding. */
export function expectValidFinding(finding: unknown): void {
  if (validate(finding)) return;
  const violations = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  throw new Error(`not a valid finding: ${violations.join('; ')}\n${JSON.stringify(finding, null, 1)}`);
}
