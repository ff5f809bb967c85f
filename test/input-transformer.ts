/** An input transformer of EventBridge as AWS documents it: values by path, put into a template. And that of the manual. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The form that `aws events put-targets` takes. */
interface InputTransformer {
  readonly InputPathsMap: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/** The transformer for PagerDuty that docs/destinations.md shows. */
export function pagerDutyExample(): InputTransformer {
  const document = readFileSync(join(import.meta.dirname, '../docs/destinations.md'), 'utf8');
  const block = /```json pagerduty\n([\s\S]*?)```/.exec(document)?.[1];
  if (block === undefined) throw new Error('docs/destinations.md must have a block json pagerduty');
  return JSON.parse(block) as InputTransformer;
}

/** The patterns of rules that docs/destinations.md shows. */
export function patternExamples(): Record<string, unknown>[] {
  const document = readFileSync(join(import.meta.dirname, '../docs/destinations.md'), 'utf8');
  const blocks = [...document.matchAll(/```json pattern\n([\s\S]*?)```/g)];
  if (blocks.length === 0) throw new Error('docs/destinations.md must have a block json pattern');
  return blocks.map(([, text]) => JSON.parse(text!) as Record<string, unknown>);
}

/**
 * What the target receives. EventBridge replaces `<name>` within quotation marks by the text, and does not escape it.
 * @throws if that is not JSON.
 */
export function transform({ InputPathsMap, InputTemplate }: InputTransformer, event: object): unknown {
  const text = InputTemplate.replace(/<(\w+)>/g, (_, name: string) => {
    const path = InputPathsMap[name];
    if (path === undefined) throw new Error(`the template names <${name}>, which no path gives`);
    return String(valueAt(event, path));
  });
  return JSON.parse(text);
}

function valueAt(event: unknown, path: string): unknown {
  const keys = path.replace(/^\$\./, '').split('.');
  return keys.reduce((value, key) => (value as Record<string, unknown>)[key], event);
}
