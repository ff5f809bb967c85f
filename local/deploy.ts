/** Creates the resources of a template in the order that their references demand, as much as possible at once. */
import { makeWatchedBuckets } from './resources/bucket.ts';
import { simulatedTypes } from './resources/simulated.ts';
import type { CreatedResource, PhysicalIdentity, ResolvedResource, Stack } from './resources/stack.ts';
import { createConditions } from './template/conditions.ts';
import { evaluate, NO_VALUE, type Scope } from './template/evaluate.ts';
import { assertKnownTypes, CUSTOM_RESOURCE_HANDLER, findCustomResourceHandlers, inertTypes } from './template/inert.ts';
import { isObject, objectAt, stringAt } from './template/json.ts';
import type { Template, TemplateResource } from './template/model.ts';
import { physicalName } from './template/naming.ts';
import { buildDependencyGraph, type DependencyGraph } from './template/order.ts';
import { resolveParameters } from './template/parameters.ts';

/** A template that has become real. */
export interface Deployment {
  resources: ReadonlyMap<string, CreatedResource>;
  outputs: Record<string, string>;
  graph: DependencyGraph;
}

/** Deploys `template` into `stack`; throws the first error, which names the resource. */
export async function deploy(
  template: Template,
  parameters: Readonly<Record<string, string>>,
  stack: Stack,
): Promise<Deployment> {
  const created = new Map<string, CreatedResource>();
  const scope: Scope = {
    parameters: resolveParameters(template.parameters, parameters, stack),
    mappings: template.mappings,
    condition: createConditions(template.conditions, () => scope),
    resource: (logicalId) => created.get(logicalId),
  };
  const isWanted = ({ condition }: TemplateResource, path: string) =>
    condition === undefined || scope.condition(condition, path);
  const wanted = new Map([...template.resources].filter(([id, resource]) => isWanted(resource, `Resources.${id}`)));
  assertKnownTypes(wanted, simulatedTypes);
  const graph = buildDependencyGraph(template.resources);
  const handlers = findCustomResourceHandlers(wanted);

  const creations = new Map<string, Promise<void>>();
  const create = (logicalId: string, resource: TemplateResource): Promise<void> => {
    const known = creations.get(logicalId);
    if (known !== undefined) return known;
    const creation = createAfter(logicalId, resource);
    creations.set(logicalId, creation);
    return creation;
  };
  const createAfter = async (logicalId: string, resource: TemplateResource): Promise<void> => {
    const needed = [...(graph.get(logicalId) ?? [])].flatMap((id) => {
      const other = wanted.get(id);
      return other === undefined ? [] : [create(id, other)];
    });
    await Promise.all(needed);
    const properties = evaluate(resource.properties, scope, `Resources.${logicalId}.Properties`);
    const resolved: ResolvedResource = {
      logicalId,
      type: resource.type,
      properties: objectAt(properties, `Resources.${logicalId}.Properties`),
      metadata: resource.metadata,
    };
    const creator = handlers.has(logicalId) ? undefined : simulatedTypes[resource.type];
    const identity =
      creator === undefined ? standInFor(resolved, stack) : await nameErrors(resolved, () => creator(resolved, stack));
    created.set(logicalId, { ...resolved, ...identity });
    stack.emit({ type: 'resource created', logicalId, resourceType: resource.type, physicalId: identity.physicalId });
  };

  const results = await Promise.allSettled([...wanted].map(([id, resource]) => create(id, resource)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  await makeWatchedBuckets(stack);
  return { resources: created, outputs: resolveOutputs(template, scope), graph };
}

async function nameErrors<T>({ logicalId, type }: ResolvedResource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${logicalId} (${type}): ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** An inert resource still has a name and an ARN, which others may carry around. */
function standInFor({ logicalId, type, properties }: ResolvedResource, stack: Stack): PhysicalIdentity {
  const inert = inertTypes[type];
  stack.inert.push({ logicalId, type, reason: inert?.reason ?? CUSTOM_RESOURCE_HANDLER });
  const given = Object.entries(properties).find(([key]) => key === `${type.split('::').at(-1)}Name`)?.[1];
  const name = typeof given === 'string' ? given : physicalName(stack.stackName, logicalId, { maxLength: 64 });
  if (inert === undefined) {
    const arn = `arn:aws:lambda:${stack.region}:${stack.accountId}:function:${name}`;
    return { physicalId: name, attributes: { Arn: arn } };
  }
  return { physicalId: name, ...(inert.identify?.(name, stack) ?? { attributes: {} }) };
}

function resolveOutputs(template: Template, scope: Scope): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [name, output] of Object.entries(template.outputs)) {
    const path = `Outputs.${name}`;
    if (!isObject(output)) continue;
    if (output.Condition !== undefined && !scope.condition(stringAt(output.Condition, path), path)) continue;
    const value = evaluate(output.Value, scope, `${path}.Value`);
    if (value !== NO_VALUE) outputs[name] = stringAt(value, `${path}.Value`);
  }
  return outputs;
}
