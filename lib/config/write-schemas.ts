/** Writes the JSON schema of the settings file into docs/schemas; `npm run schema` runs it after a change of the schema. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsJsonSchema } from './load.ts';

const target = fileURLToPath(new URL('../../docs/schemas/settings.schema.json', import.meta.url));
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(settingsJsonSchema(), null, 2)}\n`);
console.error(`wrote ${target}`);
