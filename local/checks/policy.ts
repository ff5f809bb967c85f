/** Decides whether a resource policy lets an AWS service make a call: the part of IAM that wiring between services needs. */
import { isObject, type JsonObject } from '../template/json.ts';
import { matchesWildcard } from '../template/wildcard.ts';

/** A call that a service makes on behalf of one resource (its source) to another. */
export interface ServiceCall {
  service: string;
  action: string;
  resourceArn: string;
  sourceArn: string;
  accountId: string;
}

/** True when a statement of `policy` allows the call and none denies it. */
export function admitsCall(policy: unknown, call: ServiceCall): boolean {
  const statements = isObject(policy) ? [policy.Statement].flat().filter(isObject) : [];
  const applies = (effect: string) =>
    statements.some((statement) => statement.Effect === effect && matchesStatement(statement, call));
  return applies('Allow') && !applies('Deny');
}

function matchesStatement(statement: JsonObject, call: ServiceCall): boolean {
  const covers = (patterns: unknown, text: string) =>
    strings(patterns).some((pattern) => matchesWildcard(pattern.toLowerCase(), text.toLowerCase(), true));
  return (
    matchesPrincipal(statement.Principal, call.service) &&
    covers(statement.Action, call.action) &&
    (statement.Resource === undefined ||
      strings(statement.Resource).some((arn) => matchesWildcard(arn, call.resourceArn, true))) &&
    matchesConditions(statement.Condition, call)
  );
}

function matchesPrincipal(principal: unknown, service: string): boolean {
  if (!isObject(principal)) return principal === '*';
  return strings(principal.Service).includes(service) || strings(principal.AWS).includes('*');
}

function matchesConditions(conditions: unknown, call: ServiceCall): boolean {
  const context: Readonly<Record<string, string>> = {
    'aws:sourcearn': call.sourceArn,
    'aws:sourceaccount': call.accountId,
    'aws:securetransport': 'true',
    'aws:principalisawsservice': 'true',
  };
  return Object.entries(isObject(conditions) ? conditions : {}).every(([operator, keys]) => {
    const [, not, kind, ifExists] = /^(?:String|Arn|Bool)(Not)?(Equals|Like|IgnoreCase|)(IfExists)?$/.exec(
      operator.replace('EqualsIgnoreCase', 'IgnoreCase'),
    ) ?? [undefined, undefined, undefined, undefined];
    // An operator that is not understood holds for nobody: an allowance that depends on it does not count.
    if (kind === undefined) return false;
    return Object.entries(isObject(keys) ? keys : {}).every(([key, expected]) => {
      const actual = context[key.toLowerCase()];
      if (actual === undefined) return ifExists !== undefined || not !== undefined;
      const isAny = strings(expected).some((pattern) => matchesValue(pattern, actual, operator));
      return not === undefined ? isAny : !isAny;
    });
  });
}

function matchesValue(pattern: string, actual: string, operator: string): boolean {
  if (operator.startsWith('Arn') || operator.includes('Like')) return matchesWildcard(pattern, actual, true);
  if (operator.includes('IgnoreCase') || operator.startsWith('Bool'))
    return pattern.toLowerCase() === actual.toLowerCase();
  return pattern === actual;
}

function strings(value: unknown): string[] {
  return [value]
    .flat()
    .filter((item) => item !== undefined)
    .map(String);
}
