/** The condition operators of the policy language: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
import { BlockList, isIP } from 'node:net';
import { type Context, matches, matchesArn, PolicyError, valuesOf } from './pattern.ts';

/** One key of a Condition: the operator, and the values, any of which may match. */
export interface Condition {
  readonly operator: Operator;
  readonly key: string;
  readonly values: readonly string[];
}

/** A parsed operator. */
export interface Operator {
  /** The name in the policy. */
  readonly name: string;
  readonly base: string;
  readonly isNegated: boolean;
  /** Whether it is true if the key is missing. */
  readonly ifExists: boolean;
  /** How many of a request's several values must match. Undefined for a key with a single value. */
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
}

type Compare = (actual: string, expected: string, variables: Context | undefined) => boolean;

const ordered =
  (read: (text: string) => number, holds: (actual: number, expected: number) => boolean): Compare =>
  (actual, expected) =>
    holds(read(actual), read(expected));

const family = (name: string, read: (text: string) => number): Record<string, Compare> => ({
  [`${name}Equals`]: ordered(read, (a, b) => a === b),
  [`${name}LessThan`]: ordered(read, (a, b) => a < b),
  [`${name}LessThanEquals`]: ordered(read, (a, b) => a <= b),
  [`${name}GreaterThan`]: ordered(read, (a, b) => a > b),
  [`${name}GreaterThanEquals`]: ordered(read, (a, b) => a >= b),
});

/** The operators that are not negations, by name. */
const comparisons: Readonly<Record<string, Compare>> = {
  StringEquals: (actual, expected, variables) => matches(expected, actual, { variables, exact: true }),
  StringEqualsIgnoreCase: (actual, expected, variables) =>
    matches(expected, actual, { variables, exact: true, ignoreCase: true }),
  StringLike: (actual, expected, variables) => matches(expected, actual, { variables }),
  ArnEquals: (actual, expected, variables) => matchesArn(expected, actual, variables),
  ArnLike: (actual, expected, variables) => matchesArn(expected, actual, variables),
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  BinaryEquals: (actual, expected) => actual === expected,
  IpAddress: isWithin,
  ...family('Numeric', numberOf),
  ...family('Date', secondsOf),
};

/** Each negation with the operator that it negates. */
const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NotIpAddress: 'IpAddress',
  NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals',
};

/** Parses an operator's name. Throws a PolicyError for one that does not exist. */
export function readOperator(name: string): Operator {
  const [, quantifier, core = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  const base = negations[core] ?? core;
  if (!(Object.hasOwn(comparisons, base) || (base === 'Null' && quantifier === undefined && ifExists === undefined))) {
    throw new PolicyError(`${name} is not a condition operator`);
  }
  return {
    name,
    base,
    isNegated: base !== core,
    ifExists: ifExists !== undefined,
    quantifier: quantifier as Operator['quantifier'],
  };
}

/** Whether a condition holds. `variables` provides the policy variables in its values. */
export function holds(condition: Condition, context: Context, variables: Context | undefined): boolean {
  const { operator, key, values } = condition;
  const actual = valuesOf(context, key);
  if (operator.base === 'Null') return values.some((value) => value === String(actual === undefined));
  const compare = comparisons[operator.base]!;
  const fits = (value: string) => values.some((expected) => compare(value, expected, variables)) !== operator.isNegated;
  switch (operator.quantifier) {
    // Also true if the request has no value at all, so it must not be used alone in an Allow.
    case 'ForAllValues':
      return (actual ?? []).every(fits);
    case 'ForAnyValue':
      return actual === undefined ? operator.ifExists : actual.some(fits);
    default:
      if (actual === undefined) return operator.ifExists || operator.isNegated;
      if (actual.length !== 1) {
        throw new PolicyError(
          `${key} has ${actual.length} values, expected ForAllValues or ForAnyValue before ${operator.name}`,
        );
      }
      return fits(actual[0]!);
  }
}

function numberOf(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new PolicyError(`${text} is not a number`);
  return value;
}

/** Dates are ISO 8601 or seconds since 1970. */
function secondsOf(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isNaN(value)) throw new PolicyError(`${text} is not a date, expected ISO 8601 or seconds since 1970`);
  return value;
}

function isWithin(address: string, block: string): boolean {
  const [network = '', length] = block.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || isIP(address) === 0) throw new PolicyError(`${address} or ${block} is not an address`);
  const list = new BlockList();
  list.addSubnet(network, length === undefined ? (family === 'ipv6' ? 128 : 32) : numberOf(length), family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
