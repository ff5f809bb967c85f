/** Checks a finding against its published schema, and what is made of it. Every test that sees a finding calls this. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Finding } from '../lib/finding/model.ts';
import { bodyChecks } from './body-schemas.ts';

const schema = JSON.parse(readFileSync(new URL('../docs/schemas/finding.schema.json', import.meta.url), 'utf8'));
const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
});
ajv.addSchema(schema, 'finding.schema.json');
const validate = ajv.getSchema('finding.schema.json')!;
const problemsOfBodies = bodyChecks(ajv);
/** Findings that differ only in their ids have the same bodies but for these. */
const checked = new Set<string>();

function bodyProblems(finding: Finding): string[] {
  const key = JSON.stringify({ ...finding, id: '' });
  if (checked.has(key)) return [];
  checked.add(key);
  return problemsOfBodies(finding);
}

/** @throws with every violation when the value is not a finding, or a body that is made of it breaks its limits. */
export function expectValidFinding(finding: unknown): void {
  const violations = validate(finding)
    ? bodyProblems(finding as Finding)
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
  if (violations.length === 0) return;
  throw new Error(`not a valid finding: ${violations.join('; ')}\n${JSON.stringify(finding, null, 1)}`);
}
