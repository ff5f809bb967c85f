/** Matches JSON against event patterns, the language that EventBridge rules and SNS filter policies share. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { isObject, show } from '../template/json.ts';

/** Whether every key of `pattern` matches in `subject`. Throws for an operator that is not simulated. */
export function matchesPattern(pattern: Record<string, unknown>, subject: Record<string, unknown>): boolean {
  return Object.entries(pattern).every(([key, expected]) => {
    if (key === '$or' && Array.isArray(expected)) {
      return expected.some((alternative) => isObject(alternative) && matchesPattern(alternative, subject));
    }
    const actual = subject[key];
    if (isObject(expected)) return matchesPattern(expected, isObject(actual) ? actual : {});
    if (!Array.isArray(expected)) throw new Error(`pattern ${key} is ${show(expected)}, expected a list or an object`);
    const values = Array.isArray(actual) ? actual : [actual];
    return expected.some((condition) => values.some((value) => matchesCondition(condition, value)));
  });
}

function matchesCondition(condition: unknown, value: unknown): boolean {
  if (!isObject(condition)) return value === condition;
  const [operator, operand] = Object.entries(condition)[0] ?? ['', undefined];
  if (operator === 'exists') return (value !== undefined) === operand;
  if (value === undefined) return false;
  if (operator === 'anything-but') {
    return ![operand].flat().some((excluded) => matchesCondition(excluded, value));
  }
  if (operator === 'numeric') return typeof value === 'number' && isWithin(value, operand);
  const matches = textOperators[operator];
  if (matches === undefined) {
    const known = ['exists', 'anything-but', 'numeric', ...Object.keys(textOperators)];
    throw new Error(`pattern operator ${show(operator)} is not simulated, expected one of ${known.join(', ')}`);
  }
  if (typeof value !== 'string') return false;
  if (isObject(operand) && typeof operand['equals-ignore-case'] === 'string') {
    return matches(value.toLowerCase(), operand['equals-ignore-case'].toLowerCase());
  }
  return matches(value, String(operand));
}

const textOperators: Readonly<Record<string, (value: string, operand: string) => boolean>> = {
  prefix: (value, operand) => value.startsWith(operand),
  suffix: (value, operand) => value.endsWith(operand),
  'equals-ignore-case': (value, operand) => value.toLowerCase() === operand.toLowerCase(),
  wildcard: (value, operand) => readWildcard(operand).test(value),
  cidr: isInNetwork,
};

/**
 * Throws for wildcards that EventBridge refuses when a rule is created:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
 */
export function checkWildcards(pattern: unknown): void {
  for (const part of [pattern].flat()) {
    if (!isObject(part)) continue;
    for (const [key, value] of Object.entries(part)) {
      if (key === 'wildcard') for (const operand of [value].flat()) readWildcard(String(operand));
      else checkWildcards(value);
    }
  }
}

/** A star matches any characters, including slashes. A backslash makes a star or a backslash literal. */
function readWildcard(operand: string): RegExp {
  const refuse = (problem: string, at: number): never => {
    throw new Error(`Event pattern is not valid. Reason: ${problem} at pos ${at} of wildcard ${show(operand)}`);
  };
  const parts = [...operand.matchAll(/\\.?|\*+|[^\\*]+/gs)].map(({ 0: part, index }) => {
    if (part.startsWith('*')) return part.length > 1 ? refuse('Consecutive wildcard characters', index) : '.*';
    if (part.startsWith('\\') && !/^\\[\\*]$/.test(part)) return refuse('Invalid escape character', index);
    return part.replace(/^\\/, '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

function isInNetwork(address: string, cidr: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  if (!isIPv4(address) && !isIPv6(address)) return false;
  const networks = new BlockList();
  networks.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6');
  return networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function isWithin(value: number, bounds: unknown): boolean {
  if (!Array.isArray(bounds)) throw new Error(`numeric is ${show(bounds)}, expected a list such as [">=", 0, "<", 5]`);
  for (let index = 0; index < bounds.length; index += 2) {
    const bound = Number(bounds[index + 1]);
    const comparison = {
      '=': value === bound,
      '<': value < bound,
      '<=': value <= bound,
      '>': value > bound,
      '>=': value >= bound,
    };
    if (!comparison[bounds[index] as keyof typeof comparison]) return false;
  }
  return true;
}
