/** Conditions of Sigma rules: `selection and not 1 of filter_*`. */
import { Refusal } from './pattern.ts';

/** Whether a named search fits the event. */
type Search = (name: string) => boolean;
export type Condition = (search: Search) => boolean;

/** Reads a condition. `names` are the searches of the rule. */
export function conditionOf(text: string, names: readonly string[]): Condition {
  const tokens: readonly string[] = text.match(/[()|]|[^\s()|]+/g) ?? [];
  if (tokens.includes('|')) throw new Refusal('an aggregation in the condition');
  if (tokens.length > 500) throw new Refusal('a condition of more than 500 words');
  let at = 0;
  const is = (word: string): boolean => tokens[at]?.toLowerCase() === word;

  const either = (depth: number): Condition => {
    const parts = [both(depth)];
    while (is('or')) {
      at += 1;
      parts.push(both(depth));
    }
    return (search) => parts.some((part) => part(search));
  };
  const both = (depth: number): Condition => {
    const parts = [single(depth)];
    while (is('and')) {
      at += 1;
      parts.push(single(depth));
    }
    return (search) => parts.every((part) => part(search));
  };
  const single = (depth: number): Condition => {
    if (depth > 50) throw new Refusal('a condition nested more than 50 deep');
    if (is('not')) {
      at += 1;
      const part = single(depth + 1);
      return (search) => !part(search);
    }
    if (is('(')) {
      at += 1;
      const part = either(depth + 1);
      if (!is(')')) throw new Refusal('a condition without a closing bracket');
      at += 1;
      return part;
    }
    const word = tokens[at] ?? '';
    if (tokens[at + 1]?.toLowerCase() === 'of' && !names.includes(word)) return quantified();
    if (!names.includes(word)) throw new Refusal(`"${word.slice(0, 60)}" in the condition`);
    at += 1;
    return (search) => search(word);
  };
  /** `1 of selection_*`, `all of them`. Names that begin with an underscore are left out of `them`. */
  const quantified = (): Condition => {
    const quantity = tokens[at]!.toLowerCase();
    const pattern = tokens[at + 2] ?? '';
    if (quantity !== '1' && quantity !== 'any' && quantity !== 'all')
      throw new Refusal(`"${quantity.slice(0, 20)} of" in the condition`);
    const chosen =
      pattern.toLowerCase() === 'them'
        ? names.filter((name) => !name.startsWith('_'))
        : names.filter((name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
    if (chosen.length === 0) throw new Refusal(`"${pattern.slice(0, 60)}" in the condition, which names no search`);
    at += 3;
    return quantity === 'all' ? (search) => chosen.every(search) : (search) => chosen.some(search);
  };

  const condition = either(0);
  if (at < tokens.length) throw new Refusal(`"${tokens[at]!.slice(0, 60)}" in the condition`);
  return condition;
}
