/**
 * Writes all files that are generated from settings, detections and outputs: JSON schemas, settings page, types
 * (`npm run schema`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withRegistry } from './finding-schema.ts';
import { settingsJsonSchema } from './load.ts';
import { OUTPUTS, outputJsonSchema } from './output-schemas.ts';
import { settingsTypes } from './settings-interface.ts';
import { settingsPage } from './settings-page.ts';

const FINDING_SCHEMA = 'docs/schemas/finding.schema.json';

const schema = settingsJsonSchema();
write('docs/schemas/settings.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
write('docs/settings.md', settingsPage(schema));
write('lib/config/settings-types.ts', settingsTypes(schema, settingsJsonSchema('output')));
for (const name of Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[])
  write(`docs/schemas/${name}.schema.json`, `${JSON.stringify(outputJsonSchema(name), null, 2)}\n`);
write(FINDING_SCHEMA, withRegistry(readFileSync(pathOf(FINDING_SCHEMA), 'utf8')));

function write(name: string, text: string): void {
  writeFileSync(pathOf(name), text);
  console.error(`wrote ${name}`);
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
