/** Writes what is generated from the settings schema: its JSON schema and the settings page (`npm run schema`). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsJsonSchema } from './load.ts';
import { settingsPage } from './settings-page.ts';

const schema = settingsJsonSchema();
write('schemas/settings.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
write('settings.md', settingsPage(schema));

function write(name: string, text: string): void {
  const target = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.error(`wrote docs/${name}`);
}
