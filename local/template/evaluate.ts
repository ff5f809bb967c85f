/** Evaluates CloudFormation's intrinsic functions: turns a template value into a plain JSON value. */
import { isObject, listAt, objectAt, show, stringAt, TemplateError } from './json.ts';

/** The values that an expression may refer to. */
export interface Scope {
  /** Parameters and pseudo parameters by name. NO_VALUE for AWS::NoValue. */
  parameters: ReadonlyMap<string, unknown>;
  mappings: Readonly<Record<string, unknown>>;
  /** The value of a named condition. Throws if there is no such condition. */
  condition(name: string, path: string): boolean;
  /** The values of Ref and GetAtt for a resource. Undefined if the template has no such resource. */
  resource(
    logicalId: string,
  ): { type: string; physicalId: string; attributes: Readonly<Record<string, string>> } | undefined;
}

/** The value of AWS::NoValue: the property or list element that contains it disappears. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** Evaluates `value`, found at `path` of the template. Throws a TemplateError that names the path. */
export function evaluate(value: unknown, scope: Scope, path: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => evaluate(item, scope, `${path}[${index}]`)).filter((item) => item !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  const name = keys[0];
  if (keys.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
    const intrinsic = intrinsics[name];
    if (intrinsic === undefined) {
      throw new TemplateError(
        `${path}: ${name} is not simulated, expected one of ${Object.keys(intrinsics).join(', ')}`,
      );
    }
    return intrinsic(value[name], scope, `${path}.${name}`);
  }
  const result: Record<string, unknown> = {};
  for (const key of keys) {
    const item = evaluate(value[key], scope, `${path}.${key}`);
    if (item !== NO_VALUE) result[key] = item;
  }
  return result;
}

type Intrinsic = (argument: unknown, scope: Scope, path: string) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope, path) => evaluateRef(stringAt(argument, path), scope, path),
  'Fn::GetAtt': (argument, scope, path) => {
    const [logicalId, ...attribute] = typeof argument === 'string' ? argument.split('.') : listAt(argument, path);
    const names = attribute.map((part) => stringAt(evaluate(part, scope, path), path));
    return evaluateGetAtt(stringAt(logicalId, path), names.join('.'), scope, path);
  },
  'Fn::Join': (argument, scope, path) => {
    const [delimiter, parts] = listAt(argument, path);
    const items = listAt(evaluate(parts, scope, `${path}[1]`), `${path}[1]`);
    return items.map((item, index) => stringAt(item, `${path}[1][${index}]`)).join(stringAt(delimiter, `${path}[0]`));
  },
  'Fn::Sub': evaluateSub,
  'Fn::Select': (argument, scope, path) => {
    const [index, list] = listAt(argument, path);
    const items = listAt(evaluate(list, scope, `${path}[1]`), `${path}[1]`);
    const position = Number(evaluate(index, scope, `${path}[0]`));
    const item = items[position];
    if (item === undefined) {
      throw new TemplateError(
        `${path} selects ${show(index)} of ${items.length} items, expected 0 to ${items.length - 1}`,
      );
    }
    return item;
  },
  'Fn::Split': (argument, scope, path) => {
    const [delimiter, source] = listAt(argument, path);
    return stringAt(evaluate(source, scope, `${path}[1]`), `${path}[1]`).split(stringAt(delimiter, `${path}[0]`));
  },
  'Fn::If': (argument, scope, path) => {
    const [name, whenTrue, whenFalse] = listAt(argument, path);
    const branch = scope.condition(stringAt(name, `${path}[0]`), path) ? 1 : 2;
    return evaluate(branch === 1 ? whenTrue : whenFalse, scope, `${path}[${branch}]`);
  },
  'Fn::FindInMap': (argument, scope, path) => {
    const keys = listAt(argument, path).map((key) => stringAt(evaluate(key, scope, path), path));
    let found: unknown = scope.mappings;
    for (const key of keys) found = isObject(found) ? found[key] : undefined;
    if (keys.length !== 3 || found === undefined) {
      throw new TemplateError(`${path}: Mappings has no ${keys.join('.')}, expected map, key and second key`);
    }
    return found;
  },
  'Fn::Base64': (argument, scope, path) =>
    Buffer.from(stringAt(evaluate(argument, scope, path), path)).toString('base64'),
  'Fn::GetAZs': (argument, scope, path) => {
    const region =
      stringAt(evaluate(argument, scope, path), path) || stringAt(scope.parameters.get('AWS::Region'), path);
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
  'Fn::ImportValue': (argument, scope, path) => {
    throw new TemplateError(
      `${path}: imports ${show(evaluate(argument, scope, path))} from another stack, expected a template that stands alone`,
    );
  },
};

function evaluateRef(name: string, scope: Scope, path: string): unknown {
  if (scope.parameters.has(name)) return scope.parameters.get(name);
  const resource = scope.resource(name);
  if (resource === undefined) {
    throw new TemplateError(`${path} refers to ${show(name)}, expected a parameter or a resource of this template`);
  }
  return resource.physicalId;
}

function evaluateGetAtt(logicalId: string, attribute: string, scope: Scope, path: string): string {
  const resource = scope.resource(logicalId);
  if (resource === undefined) {
    throw new TemplateError(`${path} reads ${attribute} of ${show(logicalId)}, expected a resource of this template`);
  }
  const value = resource.attributes[attribute];
  if (value === undefined) {
    const known = Object.keys(resource.attributes).join(', ') || 'none';
    throw new TemplateError(
      `${path} reads ${show(attribute)} of ${logicalId}, expected an attribute of ${resource.type} known here: ${known}`,
    );
  }
  return value;
}

function evaluateSub(argument: unknown, scope: Scope, path: string): string {
  const [template, variables] = typeof argument === 'string' ? [argument, {}] : listAt(argument, path);
  const values = objectAt(evaluate(variables, scope, `${path}[1]`), `${path}[1]`);
  return stringAt(template, path).replace(/\$\{(!?)([^}]*)\}/g, (_, mark: string, name: string) => {
    if (mark === '!') return `\${${name}}`;
    if (Object.hasOwn(values, name)) return stringAt(values[name], `${path}[1].${name}`);
    const dot = name.indexOf('.');
    if (dot < 0 || scope.parameters.has(name)) return stringAt(evaluateRef(name, scope, path), path);
    return evaluateGetAtt(name.slice(0, dot), name.slice(dot + 1), scope, path);
  });
}
