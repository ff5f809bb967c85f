/**
 * Creates the resources of a template in the order of their references, in parallel where possible. A failure rolls the
 * stack back, as CloudFormation does.
 */
import { assertPermitted } from './checks/permissions.ts';
import { assertAccepted } from './checks/refusals.ts';
import { makeWatchedBuckets } from './resources/bucket.ts';
import { simulatedTypes } from './resources/simulated.ts';
import type { CreatedResource, Creation, ResolvedResource, Stack } from './resources/stack.ts';
import { type Removable, rollBack } from './rollback.ts';
import { createConditions } from './template/conditions.ts';
import { evaluate, NO_VALUE, type Scope } from './template/evaluate.ts';
import { assertKnownTypes, CUSTOM_RESOURCE_HANDLER, findCustomResourceHandlers, inertTypes } from './template/inert.ts';
import { isObject, objectAt, stringAt } from './template/json.ts';
import type { Template, TemplateResource } from './template/model.ts';
import { physicalName } from './template/naming.ts';
import { buildDependencyGraph } from './template/order.ts';
import { resolveParameters } from './template/parameters.ts';

/** A deployed template. */
export interface Deployment {
  resources: ReadonlyMap<string, CreatedResource>;
  outputs: Record<string, string>;
}

/**
 * Deploys `template` into `stack`.
 * @throws TemplateError before anything is created, if CloudFormation would refuse the template as a whole.
 * @throws DeploymentError with the first failure, which names the resource, after the rollback.
 */
export async function deploy(
  template: Template,
  parameters: Readonly<Record<string, string>>,
  stack: Stack,
): Promise<Deployment> {
  const created = new Map<string, Removable>();
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

  let hasFailed = false;
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
    if (hasFailed) throw new CancelledError(`${logicalId} (${resource.type}): resource creation cancelled`);
    const properties = evaluate(resource.properties, scope, `Resources.${logicalId}.Properties`);
    const resolved: ResolvedResource = {
      logicalId,
      type: resource.type,
      properties: objectAt(properties, `Resources.${logicalId}.Properties`),
      metadata: resource.metadata,
    };
    const creator = handlers.has(logicalId) ? undefined : simulatedTypes[resource.type];
    const creation = await nameErrors(resolved, async () => {
      assertAccepted(resolved, {
        ...stack.accountState,
        created,
        accountId: stack.accountId,
        subscriptions: (logGroup) => stack.logGroups.filters(logGroup),
      });
      return creator === undefined ? standInFor(resolved, stack) : creator(resolved, stack);
    });
    created.set(logicalId, { ...resolved, ...creation, deletionPolicy: resource.deletionPolicy });
    stack.emit({ type: 'resource created', logicalId, resourceType: resource.type, physicalId: creation.physicalId });
  };

  try {
    const results = await Promise.allSettled(
      [...wanted].map(([id, resource]) =>
        create(id, resource).catch((error: unknown) => {
          hasFailed = true;
          throw error;
        }),
      ),
    );
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0) throw errors.find((error) => !(error instanceof CancelledError)) ?? errors[0];
    await makeWatchedBuckets(stack);
    assertPermitted({ resources: created, graph, accountId: stack.accountId });
    return { resources: created, outputs: resolveOutputs(template, scope) };
  } catch (error) {
    throw await rollBack(error, [...created.values()], graph);
  }
}

/** Another resource failed first. */
class CancelledError extends Error {
  override name = 'CancelledError';
}

async function nameErrors<T>({ logicalId, type }: ResolvedResource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${logicalId} (${type}): ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** An inert resource still has a name and an ARN that others may use. */
function standInFor({ logicalId, type, properties }: ResolvedResource, stack: Stack): Creation {
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
