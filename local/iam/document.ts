/** Reads policy documents into statements, and refuses elements that do not exist. */
import { isObject, show } from '../template/json.ts';
import { type Condition, readOperator } from './conditions.ts';
import { PolicyError } from './pattern.ts';

/** The owner of a policy, which decides the elements that the policy may have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A list to match, or with `isNot` a list not to match (the Not elements). */
export interface Selection {
  readonly isNot: boolean;
  readonly patterns: readonly string[];
}

/** Principals by kind. `*` alone is a star of every kind. */
export interface Principals {
  readonly isNot: boolean;
  readonly everyone: boolean;
  readonly aws: readonly string[];
  readonly services: readonly string[];
}

/** One statement. */
export interface Statement {
  readonly sid: string;
  readonly effect: 'Allow' | 'Deny';
  /** Absent in identity policies. */
  readonly principals: Principals | undefined;
  readonly actions: Selection;
  /** Absent in trust policies, whose resource is the role. */
  readonly resources: Selection | undefined;
  readonly conditions: readonly Condition[];
}

/** A policy that can be evaluated. */
export interface Policy {
  readonly kind: PolicyKind;
  /** Policy variables exist from version 2012-10-17 on. */
  readonly hasVariables: boolean;
  readonly statements: readonly Statement[];
}

const VERSIONS = ['2012-10-17', '2008-10-17'];
const ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Condition'];
const ELEMENTS_OF: Readonly<Record<PolicyKind, readonly string[]>> = {
  identity: [...ELEMENTS, 'Resource', 'NotResource'],
  resource: [...ELEMENTS, 'Resource', 'NotResource', 'Principal', 'NotPrincipal'],
  trust: [...ELEMENTS, 'Principal', 'NotPrincipal'],
};
const PRINCIPAL_KINDS = ['AWS', 'Service', 'Federated', 'CanonicalUser'];

/** Reads a policy document without unresolved values. Throws a PolicyError that names the place. */
export function readPolicy(document: unknown, kind: PolicyKind, path: string): Policy {
  if (!isObject(document)) throw new PolicyError(`${path} is ${show(document)}, expected a policy document`);
  refuseOthers(document, ['Version', 'Id', 'Statement'], path);
  const version = document.Version ?? '2008-10-17';
  if (!VERSIONS.includes(String(version))) {
    throw new PolicyError(`${path}.Version is ${show(version)}, expected ${VERSIONS.join(' or ')}`);
  }
  if (document.Statement === undefined) throw new PolicyError(`${path} has no Statement`);
  const statements = [document.Statement].flat();
  return {
    kind,
    hasVariables: version === '2012-10-17',
    statements: statements.map((statement, at) => readStatement(statement, kind, `${path}.Statement[${at}]`)),
  };
}

function readStatement(value: unknown, kind: PolicyKind, path: string): Statement {
  if (!isObject(value)) throw new PolicyError(`${path} is ${show(value)}, expected a statement`);
  refuseOthers(value, ELEMENTS_OF[kind], path);
  const { Effect: effect } = value;
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw new PolicyError(`${path}.Effect is ${show(effect)}, expected Allow or Deny`);
  }
  const actions = selection(value, 'Action', path);
  for (const action of actions.patterns) {
    if (action !== '*' && !/^[\w-]+:[\w*?]+$/.test(action)) {
      throw new PolicyError(`${path}.Action is ${show(action)}, expected service:Action`);
    }
  }
  return {
    sid: value.Sid === undefined ? '' : String(value.Sid),
    effect,
    principals: kind === 'identity' ? undefined : principalsOf(value, path),
    actions,
    resources: kind === 'trust' ? undefined : selection(value, 'Resource', path),
    conditions: conditionsOf(value.Condition, `${path}.Condition`),
  };
}

function refuseOthers(value: object, known: readonly string[], path: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw new PolicyError(`${path}.${other} is unknown here, expected ${known.join(', ')}`);
}

/** The element or its negation. A statement has exactly one of them. */
function oneOf(value: Record<string, unknown>, name: string, path: string): { isNot: boolean; given: unknown } {
  const [plain, negated] = [value[name], value[`Not${name}`]];
  if ((plain === undefined) === (negated === undefined)) {
    throw new PolicyError(`${path} needs either ${name} or Not${name}`);
  }
  return plain === undefined ? { isNot: true, given: negated } : { isNot: false, given: plain };
}

function selection(value: Record<string, unknown>, name: string, path: string): Selection {
  const { isNot, given } = oneOf(value, name, path);
  return { isNot, patterns: stringsAt(given, `${path}.${name}`) };
}

function principalsOf(value: Record<string, unknown>, path: string): Principals {
  const { isNot, given } = oneOf(value, 'Principal', path);
  if (given === '*') return { isNot, everyone: true, aws: [], services: [] };
  if (!isObject(given)) {
    throw new PolicyError(`${path}.Principal is ${show(given)}, expected * or an object`);
  }
  refuseOthers(given, PRINCIPAL_KINDS, `${path}.Principal`);
  const of = (kind: string) => (given[kind] === undefined ? [] : stringsAt(given[kind], `${path}.Principal.${kind}`));
  return { isNot, everyone: of('AWS').includes('*'), aws: of('AWS'), services: of('Service') };
}

function conditionsOf(value: unknown, path: string): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new PolicyError(`${path} is ${show(value)}, expected an object`);
  return Object.entries(value).flatMap(([name, keys]) => {
    const operator = readOperator(name);
    if (!isObject(keys)) throw new PolicyError(`${path}.${name} is ${show(keys)}, expected an object`);
    return Object.entries(keys).map(([key, values]) => ({
      operator,
      key,
      values: stringsAt(values, `${path}.${name}.${key}`),
    }));
  });
}

function stringsAt(value: unknown, path: string): string[] {
  const values = [value].flat();
  if (values.length === 0) throw new PolicyError(`${path} is empty, expected at least one value`);
  return values.map((each) => {
    if (typeof each === 'string') return each;
    if (typeof each === 'boolean' || typeof each === 'number') return String(each);
    throw new PolicyError(`${path} is ${show(each)}, expected a string`);
  });
}
