/** Writes what is generated from the settings schema: its JSON schema, the settings page and the types (`npm run schema`). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsJsonSchema } from './load.ts';
import { settingsTypes } from './settings-interface.ts';
import { settingsPage } from './settings-page.ts';

const schema = settingsJsonSchema();
write('docs/schemas/settings.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
write('docs/settings.md', settingsPage(schema));
write('lib/config/settings-types.ts', settingsTypes(schema, settingsJsonSchema('output')));

function write(name: string, text: string): void {
  const target = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.error(`wrote ${name}`);
}
