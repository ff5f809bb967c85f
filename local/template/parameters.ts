/** The values of a template's parameters and of CloudFormation's pseudo parameters. */
import { createHash } from 'node:crypto';
import { NO_VALUE } from './evaluate.ts';
import { objectAt, show, stringAt, TemplateError } from './json.ts';

/** The stack, account and Region that the pseudo parameters describe. */
export interface StackIdentity {
  stackName: string;
  region: string;
  accountId: string;
}

/** Parameters (given values or defaults) and pseudo parameters by name. Throws for a parameter with neither. */
export function resolveParameters(
  parameters: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, string>>,
  stack: StackIdentity,
): Map<string, unknown> {
  const values = new Map<string, unknown>([
    ['AWS::Region', stack.region],
    ['AWS::AccountId', stack.accountId],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', stack.stackName],
    ['AWS::StackId', stackId(stack)],
    ['AWS::NotificationARNs', []],
    ['AWS::NoValue', NO_VALUE],
  ]);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(parameters, name)) {
      throw new TemplateError(`parameter ${show(name)} was given, expected one of ${show(Object.keys(parameters))}`);
    }
  }
  for (const [name, declaration] of Object.entries(parameters)) {
    const { Type: type, Default: fallback } = objectAt(declaration, `Parameters.${name}`);
    const value = given[name] ?? fallback;
    if (value === undefined)
      throw new TemplateError(`Parameters.${name} has no value, expected a default or a given one`);
    const isList = typeof type === 'string' && (type === 'CommaDelimitedList' || type.startsWith('List<'));
    // An SSM parameter's default is the parameter's name. Nothing here looks it up, so the name replaces the value.
    values.set(name, isList ? stringAt(value, name).split(',') : value);
  }
  return values;
}

/** The same stack has the same id at each start, so that what is derived from it can be compared between runs. */
function stackId({ stackName, region, accountId }: StackIdentity): string {
  const hex = createHash('sha256').update(`${accountId}/${region}/${stackName}`).digest('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/${uuid.join('-')}`;
}
