/**
 * Writes the settings as TypeScript interfaces from the schema, so that an editor explains each setting in any CDK app.
 */

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

const WIDTH = 110;

/** The file with both interfaces, from the JSON schema of the users' input and that of the validated settings. */
export function settingsTypes(input: object, output: object): string {
  return `/** The settings as types without zod, for the construct's users. Generated from the schema by \`npm run schema\`. */

/** The settings as a user writes them: everything optional. */
export interface SettingsInput ${typeOf(input as Node, '')}

/** All settings, with defaults filled in. */
export interface Settings ${typeOf(output as Node, '')}
`;
}

function typeOf(node: Node, indent: string): string {
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map((each) => typeOf(each, indent)))].join(' | ');
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (node.const !== undefined) return JSON.stringify(node.const);
  switch (node.type) {
    case 'array': {
      const item = typeOf(node.items ?? {}, indent);
      return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return objectOf(node, indent);
    case 'integer':
      return 'number';
    case 'number':
    case 'string':
    case 'boolean':
    case 'null':
      return node.type;
    default:
      return 'unknown';
  }
}

function objectOf({ properties, required = [], additionalProperties }: Node, indent: string): string {
  if (typeof additionalProperties === 'object') return `Record<string, ${typeOf(additionalProperties, indent)}>`;
  const inner = `${indent}  `;
  const lines = Object.entries(properties ?? {}).flatMap(([name, node]) => [
    ...commentOf(node, inner),
    `${inner}${name}${required.includes(name) ? '' : '?'}: ${typeOf(node, inner)};`,
  ]);
  return ['{', ...lines, `${indent}}`].join('\n');
}

function commentOf(node: Node, indent: string): string[] {
  const text = [
    ...wrapped(node.description ?? ''),
    ...(node.minimum === undefined || node.maximum === undefined ? [] : [`From ${node.minimum} to ${node.maximum}.`]),
    ...(node.default === undefined ? [] : [`@default ${JSON.stringify(node.default)}`]),
  ];
  return text.length === 0 ? [] : [`${indent}/**`, ...text.map((line) => `${indent} * ${line}`), `${indent} */`];
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.replaceAll('*/', '* /').split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return text === '' ? [] : lines;
}
