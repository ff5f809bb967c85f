/**
 * The rollback of a failed first deployment, as CloudFormation does it: deletes what was created, the last one first.
 */
import type { CreatedResource } from './resources/stack.ts';
import type { DeletionPolicy } from './template/model.ts';
import { type DependencyGraph, dependsOn } from './template/order.ts';

/** A created resource, and what a rollback needs to know about it. */
export interface Removable extends CreatedResource {
  readonly deletionPolicy: DeletionPolicy;
  /** Deletes it. Absent if nothing of it exists on this machine. Rejects with the service's message. */
  readonly remove?: () => Promise<void>;
}

/** A resource that a failed deployment left in the account. */
export interface LeftResource {
  readonly logicalId: string;
  readonly type: string;
  readonly reason: string;
}

/** The result of a rollback, with CloudFormation's names. */
export type RollbackStatus = 'ROLLBACK_COMPLETE' | 'ROLLBACK_FAILED';

/**
 * A first deployment that failed and was rolled back. The message names the resource that failed and everything that is
 * left.
 */
export class DeploymentError extends Error {
  override name = 'DeploymentError';
  readonly status: RollbackStatus;
  readonly left: readonly LeftResource[];

  constructor(cause: unknown, status: RollbackStatus, left: readonly LeftResource[]) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rest = left.map(({ logicalId, type, reason: why }) => `  ${logicalId} (${type}) is left: ${why}`);
    super(
      [`${reason}`, `${status}: ${left.length === 0 ? 'nothing is left' : `${left.length} left`}`, ...rest].join('\n'),
      {
        cause,
      },
    );
    this.status = status;
    this.left = left;
  }
}

/** Deletes the resources, those that others need last, and returns the error that ends the deployment. */
export async function rollBack(
  cause: unknown,
  created: readonly Removable[],
  graph: DependencyGraph,
): Promise<DeploymentError> {
  const left: LeftResource[] = [];
  let status: RollbackStatus = 'ROLLBACK_COMPLETE';
  for (const { logicalId, type, deletionPolicy, remove } of lastFirst(created, graph)) {
    if (deletionPolicy === 'Retain') {
      left.push({ logicalId, type, reason: 'its DeletionPolicy is Retain' });
      continue;
    }
    try {
      await remove?.();
    } catch (error) {
      status = 'ROLLBACK_FAILED';
      left.push({ logicalId, type, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return new DeploymentError(cause, status, left);
}

/**
 * Resources come after everything that they need. They are created in parallel, so the order of creation is not enough.
 */
function lastFirst(created: readonly Removable[], graph: DependencyGraph): Removable[] {
  const sorted: Removable[] = [];
  for (const resource of created) {
    const at = sorted.findIndex((other) => dependsOn(graph, resource.logicalId, other.logicalId));
    sorted.splice(at < 0 ? sorted.length : at, 0, resource);
  }
  return sorted;
}
