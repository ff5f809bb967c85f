/**
 * Resolves a template without creating anything: each resource with the name, ARN and properties that it would have.
 */
import type { CreatedResource, PhysicalIdentity } from '../resources/stack.ts';
import { createConditions } from './conditions.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { inertTypes } from './inert.ts';
import { objectAt, optionalStringAt, show, TemplateError } from './json.ts';
import { readTemplate, type Template, type TemplateResource } from './model.ts';
import { physicalName } from './naming.ts';
import { buildDependencyGraph, type DependencyGraph } from './order.ts';
import { resolveParameters, type StackIdentity } from './parameters.ts';

/** A resolved stack. */
export interface ResolvedStack extends StackIdentity {
  readonly resources: ReadonlyMap<string, CreatedResource>;
  readonly graph: DependencyGraph;
}

/** Resolves every resource whose condition holds. Throws a TemplateError for references without a target. */
export function resolveTemplate(
  source: object,
  stack: StackIdentity,
  parameters: Readonly<Record<string, string>> = {},
): ResolvedStack {
  const template: Template = readTemplate(source);
  const identities = new Map<string, PhysicalIdentity & { type: string }>();
  const scope: Scope = {
    parameters: resolveParameters(template.parameters, parameters, stack),
    mappings: template.mappings,
    condition: createConditions(template.conditions, () => scope),
    resource(logicalId) {
      const resource = template.resources.get(logicalId);
      if (resource === undefined) return undefined;
      const known = identities.get(logicalId);
      if (known !== undefined) return known;
      const identity = { type: resource.type, ...identify(logicalId, resource, scope, stack) };
      identities.set(logicalId, identity);
      return identity;
    },
  };
  const graph = buildDependencyGraph(template.resources);
  const resources = new Map<string, CreatedResource>();
  for (const [logicalId, resource] of template.resources) {
    const path = `Resources.${logicalId}`;
    if (resource.condition !== undefined && !scope.condition(resource.condition, path)) continue;
    const properties = objectAt(evaluate(resource.properties, scope, `${path}.Properties`), `${path}.Properties`);
    const { type, metadata } = resource;
    const { physicalId, attributes } = scope.resource(logicalId)!;
    resources.set(logicalId, { logicalId, type, metadata, properties, physicalId, attributes: { ...attributes } });
  }
  return { ...stack, resources, graph };
}

type Identify = (name: string, stack: StackIdentity) => PhysicalIdentity;

const arn = (service: string, { region, accountId }: StackIdentity, rest: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${rest}`;

const named =
  (service: string, prefix: string): Identify =>
  (name, stack) => ({ physicalId: name, attributes: { Arn: arn(service, stack, `${prefix}${name}`) } });

/** The types that the local cloud simulates: the property of the name, its limits, and the identity that follows. */
const identities: Readonly<
  Record<string, { property: string; maxLength: number; lowercase?: boolean; identify: Identify }>
> = {
  'AWS::S3::Bucket': {
    property: 'BucketName',
    maxLength: 63,
    lowercase: true,
    identify: (name) => ({ physicalId: name, attributes: { Arn: `arn:aws:s3:::${name}` } }),
  },
  'AWS::SQS::Queue': {
    property: 'QueueName',
    maxLength: 80,
    identify: (name, stack) => ({
      physicalId: `https://sqs.${stack.region}.amazonaws.com/${stack.accountId}/${name}`,
      attributes: { Arn: arn('sqs', stack, name), QueueName: name },
    }),
  },
  'AWS::SNS::Topic': {
    property: 'TopicName',
    maxLength: 256,
    identify: (name, stack) => ({
      physicalId: arn('sns', stack, name),
      attributes: { TopicArn: arn('sns', stack, name), TopicName: name },
    }),
  },
  'AWS::DynamoDB::Table': { property: 'TableName', maxLength: 255, identify: named('dynamodb', 'table/') },
  'AWS::DynamoDB::GlobalTable': { property: 'TableName', maxLength: 255, identify: named('dynamodb', 'table/') },
  'AWS::StepFunctions::StateMachine': {
    maxLength: 80,
    property: 'StateMachineName',
    identify: (name, stack) => ({
      physicalId: arn('states', stack, `stateMachine:${name}`),
      attributes: { Arn: arn('states', stack, `stateMachine:${name}`), Name: name },
    }),
  },
  'AWS::Lambda::Function': { property: 'FunctionName', maxLength: 64, identify: named('lambda', 'function:') },
  'AWS::Events::EventBus': { property: 'Name', maxLength: 256, identify: named('events', 'event-bus/') },
  'AWS::Events::Rule': { property: 'Name', maxLength: 64, identify: named('events', 'rule/') },
};

/** The values of Ref and GetAtt, from the name alone, because a name never depends on other resources. */
function identify(logicalId: string, resource: TemplateResource, scope: Scope, stack: StackIdentity): PhysicalIdentity {
  const path = `Resources.${logicalId}.Properties`;
  const known = identities[resource.type];
  const property = known?.property ?? `${resource.type.split('::').at(-1)}Name`;
  const given = optionalStringAt(evaluate(resource.properties[property], scope, `${path}.${property}`), path);
  const name = given ?? physicalName(stack.stackName, logicalId, known ?? { maxLength: 64 });
  if (known !== undefined) return known.identify(name, stack);
  const inert = inertTypes[resource.type];
  if (inert === undefined && !NAMELESS.some((type) => resource.type.startsWith(type))) {
    throw new TemplateError(
      `Resources.${logicalId} has the type ${show(resource.type)}, whose name and ARN are unknown`,
    );
  }
  return { physicalId: name, attributes: {}, ...inert?.identify?.(name, stack) };
}

/** Types whose attributes nothing refers to. */
const NAMELESS = [
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Logs::SubscriptionFilter',
  'AWS::SNS::Subscription',
  'AWS::Scheduler::Schedule',
  'Custom::',
];
