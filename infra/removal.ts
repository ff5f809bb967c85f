/** Decides whether the resources with data outlive the stack. */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Settings } from '../lib/config/schema.ts';

/**
 * Tables, bucket and key outlive the stack unless the settings say otherwise. A first deployment that fails deletes
 * them in either case: they are empty, they would cost money, and the bucket's fixed name would block the next try.
 */
export function removalPolicyOf({ keepDataOnRemoval }: Settings): RemovalPolicy {
  return keepDataOnRemoval ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
