/**
 * What AWS refuses when it creates a resource, by resource type, or accepts and then does not do. A deployment runs these
 * rules before it creates each resource; a refusal fails the deployment as it would on AWS.
 *
 * To add a rule: write a {@link Refuse}, list it under its type, and add a row to test/local/refusals.test.ts.
 */
import type { CreatedResource, ResolvedResource } from '../resources/stack.ts';
import { refuseDynamodbAlarm } from './alarms.ts';
import { refuseEventPattern, refuseLargeBucketPolicy, refuseLargeKeyPolicy } from './documents.ts';
import { refuseFlowLogFormat, refuseFlowLogInterval } from './flow-log.ts';

/** The account and Region that a stack is deployed into, as far as rules depend on them. */
export interface AccountState {
  /** Whether the account already has an ECS cluster in this Region. Default: no. */
  readonly hasEcsCluster?: boolean;
  /** The highest version of flow log fields that this Region offers. Default: all versions. */
  readonly flowLogVersion?: number;
}

/** What a rule may look at besides the resource itself. */
export interface RuleContext extends AccountState {
  /** The resources of the stack that exist already, by logical id. */
  readonly created: ReadonlyMap<string, CreatedResource>;
}

/** The reason why AWS refuses a resource, in AWS's own words where they are known; undefined if AWS accepts it. */
export type Refuse = (resource: ResolvedResource, context: RuleContext) => string | undefined;

const refusals: Readonly<Record<string, readonly Refuse[]>> = {
  'AWS::CloudWatch::Alarm': [refuseDynamodbAlarm],
  'AWS::EC2::FlowLog': [refuseFlowLogFormat, refuseFlowLogInterval],
  'AWS::Events::Rule': [refuseEventPattern],
  'AWS::KMS::Key': [refuseLargeKeyPolicy],
  'AWS::S3::BucketPolicy': [refuseLargeBucketPolicy],
};

/** Throws the reason of the first rule that refuses the resource. */
export function assertAccepted(resource: ResolvedResource, context: RuleContext): void {
  for (const refuse of refusals[resource.type] ?? []) {
    const reason = refuse(resource, context);
    if (reason !== undefined) throw new Error(reason);
  }
}
