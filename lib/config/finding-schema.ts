/** The parts of the published schema of a finding that follow from the registry: its kinds and horizons. */
import { KINDS } from '../detections/index.ts';
import { HORIZONS } from '../scan/detection.ts';
import { SIGNAL_KINDS } from '../signals/signal.ts';

/**
 * The text of the schema with the kinds and horizons of this version. @throws Error where a property spans several
 * lines.
 */
export function withRegistry(schema: string): string {
  return withEnum(withEnum(schema, 'kind', [...KINDS, ...SIGNAL_KINDS]), 'horizon', Object.keys(HORIZONS));
}

function withEnum(schema: string, property: string, values: readonly string[]): string {
  const line = new RegExp(`("${property}": \\{ "enum": )\\[[^\\]]*\\]`);
  if (!line.test(schema)) throw new Error(`the schema of a finding has no line "${property}": { "enum": [...] }`);
  return schema.replace(
    line,
    (_, start: string) => `${start}[${values.map((value) => JSON.stringify(value)).join(', ')}]`,
  );
}
