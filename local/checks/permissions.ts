/**
 * Finds connections that AWS would refuse or silently drop: a service that sends to a resource whose policy does not
 * allow it.
 */
import { decide } from '../iam/decide.ts';
import { type DependencyGraph, dependsOn } from '../template/order.ts';
import { type ConnectedStack, type Connection, connectionsOf, requestOf } from './connections.ts';
import { findByArn, policyOf } from './policies.ts';

/** A connection without permission. The message names the logical ids. */
class PermissionError extends Error {
  override name = 'PermissionError';
}

/** The stack as it was created. */
export interface CheckedStack extends ConnectedStack {
  readonly graph: DependencyGraph;
}

/** Throws a PermissionError that lists each connection which no policy, permission or role of the stack allows. */
export function assertPermitted(stack: CheckedStack): void {
  const problems = wiringProblems(stack);
  if (problems.length > 0) throw new PermissionError(problems.join('\n'));
}

/** The connections that would fail, each with the problem and the consequence. */
export function wiringProblems(stack: CheckedStack): string[] {
  return connectionsOf(stack).flatMap((connection) => problemOf(connection, stack) ?? []);
}

function problemOf(connection: Connection, { resources, graph, accountId }: CheckedStack): string | undefined {
  const { owner, service, target, consequence } = connection;
  const resource = findByArn(resources, target);
  if (resource === undefined) {
    return connection.mayBeElsewhere ? undefined : `${target} is not a resource of this stack, ${consequence}`;
  }
  const policy = policyOf(resources, resource);
  const request = requestOf(connection, accountId);
  if (!decide(request, { resource: policy?.policy, isResourceDecisive: true }).isAllowed) {
    return `${complaint(service, resource)}, ${consequence}`;
  }
  // S3 tests each queue when notifications are configured, so its policy must exist before.
  if (service !== 's3.amazonaws.com' || policy === undefined || dependsOn(graph, owner, policy.logicalId))
    return undefined;
  return `bucket ${owner} may be created before ${policy.logicalId} lets it notify the queue, and S3 checks that when it is created. Expected a DependsOn`;
}

function complaint(service: string, { type, logicalId }: { type: string; logicalId: string }): string {
  switch (type) {
    case 'AWS::IAM::Role':
      return `role ${logicalId} does not trust ${service}`;
    case 'AWS::Lambda::Function':
      return `no Lambda permission lets ${service} invoke function ${logicalId}`;
    default: {
      const kind = type.split('::').at(-1)?.toLowerCase();
      return `no ${kind} policy admits ${service} to ${kind} ${logicalId}`;
    }
  }
}
