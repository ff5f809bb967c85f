/** The parts of a CloudFormation template that the local cloud reads. */
import { isObject, type JsonObject, listAt, objectAt, show, stringAt, TemplateError } from './json.ts';

const DELETION_POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'] as const;

/** The fate of a resource when it leaves the stack. */
export type DeletionPolicy = (typeof DELETION_POLICIES)[number];

/** One resource as the template writes it, not evaluated. */
export interface TemplateResource {
  type: string;
  properties: JsonObject;
  metadata: JsonObject;
  dependsOn: string[];
  condition: string | undefined;
  deletionPolicy: DeletionPolicy;
}

/** A template split into its sections, not evaluated. */
export interface Template {
  parameters: JsonObject;
  mappings: JsonObject;
  conditions: JsonObject;
  resources: Map<string, TemplateResource>;
  outputs: JsonObject;
}

/** Reads a parsed template. Throws a TemplateError if it is invalid. */
export function readTemplate(template: object): Template {
  const root = objectAt(template, 'template');
  if (root.Transform !== undefined) throw new TemplateError('template.Transform (macros) is not simulated');
  const resources = new Map<string, TemplateResource>();
  for (const [logicalId, value] of Object.entries(objectAt(root.Resources, 'Resources'))) {
    resources.set(logicalId, readResource(value, `Resources.${logicalId}`));
  }
  if (resources.size === 0) throw new TemplateError('template.Resources is empty, expected at least one resource');
  return {
    parameters: objectAt(root.Parameters, 'Parameters'),
    mappings: objectAt(root.Mappings, 'Mappings'),
    conditions: objectAt(root.Conditions, 'Conditions'),
    resources,
    outputs: objectAt(root.Outputs, 'Outputs'),
  };
}

function readResource(value: unknown, path: string): TemplateResource {
  if (!isObject(value)) throw new TemplateError(`${path} is not an object, expected a resource`);
  const dependsOn =
    typeof value.DependsOn === 'string' ? [value.DependsOn] : listAt(value.DependsOn, `${path}.DependsOn`);
  return {
    type: stringAt(value.Type, `${path}.Type`),
    properties: objectAt(value.Properties, `${path}.Properties`),
    metadata: objectAt(value.Metadata, `${path}.Metadata`),
    dependsOn: dependsOn.map((id) => stringAt(id, `${path}.DependsOn`)),
    condition: value.Condition === undefined ? undefined : stringAt(value.Condition, `${path}.Condition`),
    deletionPolicy: readDeletionPolicy(value.DeletionPolicy ?? 'Delete', `${path}.DeletionPolicy`),
  };
}

function readDeletionPolicy(value: unknown, path: string): DeletionPolicy {
  const policy = DELETION_POLICIES.find((known) => known === value);
  if (policy === undefined)
    throw new TemplateError(`${path} is ${show(value)}, expected one of ${DELETION_POLICIES.join(', ')}`);
  return policy;
}
