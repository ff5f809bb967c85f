/**
 * Sigma rules of the user (https://github.com/SigmaHQ/sigma-specification): a subset, of which every other construct is
 * refused by name. No rule is shipped: their licence asks that the author is named where a match is shown, so
 * {@link SigmaRule.author} travels with each match.
 */
import { type Condition, conditionOf } from './condition.ts';
import { Refusal, type Test, testOf } from './pattern.ts';

/** The part of a rule that travels with a match. */
export type Credit = Pick<SigmaRule, 'id' | 'title' | 'author' | 'level'>;

/** The logs that rules can be about. */
type SigmaLog = 'process' | 'script' | 'kubernetes';

export interface SigmaRule {
  readonly id: string;
  readonly title: string;
  readonly author?: string;
  readonly level: 'informational' | 'low' | 'medium' | 'high' | 'critical';
  readonly log: SigmaLog;
  /** The operating system that the rule is about, if it says so. */
  readonly product?: string;
  /** Whether the rule fits an event, given the values of its fields. */
  readonly matches: (valuesOf: FieldValues) => boolean;
}

/** The values of a field of an event, and all values for searches without a field. */
export type FieldValues = (field: string | undefined) => readonly string[];

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
/** Fields of process creation that events are read to. Another field would never match, so its rule is refused. */
const PROCESS_FIELDS = new Set([
  ...['Image', 'CommandLine', 'OriginalFileName', 'Product', 'Description', 'User', 'CurrentDirectory', 'ParentImage'],
  ...['ParentCommandLine', 'ProcessId', 'Computer', 'type', 'exe', 'comm'],
]);
const SCRIPT_FIELDS = new Set(['ScriptBlockText', 'Computer', 'User']);

type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a map. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads one document of a rule file.
 * @throws Refusal that names what is not understood.
 */
export function ruleOf(document: unknown): SigmaRule {
  if (!isFields(document)) throw new Refusal('a document that is no rule');
  if ('action' in document) throw new Refusal('a collection of rules ("action")');
  if ('correlation' in document) throw new Refusal('a correlation');
  const { title, id, author, level, logsource, detection } = document;
  if (typeof title !== 'string') throw new Refusal('a rule without a title');
  if (!isFields(detection)) throw new Refusal('a rule without a detection');
  if ('timeframe' in detection) throw new Refusal('"timeframe"');
  const { log, product } = logOf(logsource);
  const searches = Object.fromEntries(
    Object.entries(detection)
      .filter(([name]) => name !== 'condition')
      .map(([name, value]) => [name, searchOf(value, log)]),
  );
  const texts = [detection.condition].flat();
  if (!texts.every((text) => typeof text === 'string')) throw new Refusal('a rule without a condition');
  const conditions: Condition[] = texts.map((text) => conditionOf(text, Object.keys(searches)));
  return {
    id: typeof id === 'string' ? id.slice(0, 100) : title.slice(0, 100),
    title: title.slice(0, 200),
    author: typeof author === 'string' ? author.slice(0, 200) : undefined,
    level: LEVELS.find((each) => each === level) ?? 'medium',
    log,
    product,
    matches: (valuesOf) => conditions.some((condition) => condition((name) => searches[name]!(valuesOf))),
  };
}

/** The log that a rule is about. Anything else would never be asked. */
function logOf(logsource: unknown): { log: SigmaLog; product?: string } {
  const field = (name: string): string | undefined =>
    isFields(logsource) && typeof logsource[name] === 'string' ? logsource[name].toLowerCase() : undefined;
  const [category, product, service] = [field('category'), field('product'), field('service')];
  if (category === 'process_creation') return { log: 'process', product };
  if (category === 'ps_script') return { log: 'script', product };
  if (product === 'kubernetes' && (service === undefined || service === 'audit')) return { log: 'kubernetes' };
  if (product === 'linux' && service === 'auditd') return { log: 'process', product };
  throw new Refusal(
    `log source ${[category, product, service].filter((part) => part !== undefined).join(', ') || 'without names'}`,
  );
}

type SearchTest = (valuesOf: FieldValues) => boolean;

/** A search: a map whose entries must all fit, a list of which one must fit, or words that stand anywhere. */
function searchOf(value: unknown, log: SigmaLog): SearchTest {
  if (Array.isArray(value)) {
    const tests = value.map((item) => (isFields(item) ? searchOf(item, log) : wordTest(item)));
    return (valuesOf) => tests.some((test) => test(valuesOf));
  }
  if (!isFields(value)) return wordTest(value);
  const tests = Object.entries(value).map(([key, values]) => fieldTest(key, values, log));
  // Without this, a search of nothing would fit everything.
  if (tests.length === 0) throw new Refusal('a search without fields');
  return (valuesOf) => tests.every((test) => test(valuesOf));
}

const wordTest = (word: unknown): SearchTest => {
  const test = testOf(['contains'], [word]);
  return (valuesOf) => valuesOf(undefined).some(test);
};

function fieldTest(key: string, value: unknown, log: SigmaLog): SearchTest {
  const [field = '', ...modifiers] = key.split('|');
  const isKnown =
    log === 'kubernetes' ||
    (log === 'script' ? SCRIPT_FIELDS.has(field) : PROCESS_FIELDS.has(field) || /^a\d{1,3}$/.test(field));
  if (field !== '' && !isKnown) throw new Refusal(`field "${field.slice(0, 60)}"`);
  const wanted = [value].flat();
  if (wanted.length === 0) throw new Refusal(`field "${field.slice(0, 60)}" without values`);
  const test: Test = testOf(modifiers, wanted);
  return (valuesOf) => {
    const found = valuesOf(field === '' ? undefined : field);
    return found.length === 0 ? test(undefined) : found.some(test);
  };
}
