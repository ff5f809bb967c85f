/** Evaluates the Conditions section: Equals, And, Or, Not and references between conditions. */
import { evaluate, type Scope } from './evaluate.ts';
import { isObject, listAt, show, stringAt, TemplateError } from './json.ts';

/** The values of conditions by name, each evaluated once and on demand. `scope` provides parameters and mappings. */
export function createConditions(
  conditions: Readonly<Record<string, unknown>>,
  scope: () => Scope,
): (name: string, path: string) => boolean {
  const known = new Map<string, boolean | 'running'>();
  const condition = (name: string, path: string): boolean => {
    const value = known.get(name);
    if (value === 'running') throw new TemplateError(`Conditions.${name} refers to itself`);
    if (value !== undefined) return value;
    if (!Object.hasOwn(conditions, name)) {
      throw new TemplateError(`${path} uses condition ${show(name)}, expected one of the template's Conditions`);
    }
    known.set(name, 'running');
    const truth = evaluateCondition(conditions[name], scope(), `Conditions.${name}`);
    known.set(name, truth);
    return truth;
  };
  return condition;
}

/** Evaluates one condition expression. Throws a TemplateError if it is invalid. */
function evaluateCondition(expression: unknown, scope: Scope, path: string): boolean {
  const entry = isObject(expression) ? Object.entries(expression)[0] : undefined;
  if (entry === undefined) throw new TemplateError(`${path} is ${show(expression)}, expected a condition function`);
  const [name, argument] = entry;
  const all = () =>
    listAt(argument, path).map((part, index) => evaluateCondition(part, scope, `${path}.${name}[${index}]`));
  switch (name) {
    case 'Condition':
      return scope.condition(stringAt(argument, path), path);
    case 'Fn::Equals': {
      const [left, right] = listAt(argument, path).map((side) => evaluate(side, scope, `${path}.${name}`));
      return JSON.stringify(left) === JSON.stringify(right);
    }
    case 'Fn::And':
      return all().every(Boolean);
    case 'Fn::Or':
      return all().some(Boolean);
    case 'Fn::Not':
      return !all()[0];
    default:
      throw new TemplateError(
        `${path}: ${name} is not a condition function, expected Fn::Equals, And, Or, Not or Condition`,
      );
  }
}
