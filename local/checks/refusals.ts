/**
 * Rules for what AWS refuses when it creates a resource, or accepts without the intended effect, by resource type. A
 * deployment runs them before it creates each resource. A refusal fails the deployment as on AWS.
 *
 * To add a rule: write a {@link Refuse}, list it under its type, and add a row to test/local/refusals.test.ts.
 */
import type { ResolvedResource } from '../resources/stack.ts';
import { refuseDynamodbAlarm } from './alarms.ts';
import { refuseEventPattern, refuseLargeBucketPolicy, refuseLargeKeyPolicy } from './documents.ts';
import { refuseFlowLogFormat, refuseFlowLogInterval } from './flow-log.ts';
import type { Refuse, RuleContext } from './rule.ts';
import {
  refuseFilterPattern,
  refuseThirdFilter,
  refuseUninvitedFilter,
  refuseUnknownLogGroup,
} from './subscription-filter.ts';

const refusals: Readonly<Record<string, readonly Refuse[]>> = {
  'AWS::CloudWatch::Alarm': [refuseDynamodbAlarm],
  'AWS::EC2::FlowLog': [refuseFlowLogFormat, refuseFlowLogInterval],
  'AWS::Events::Rule': [refuseEventPattern],
  'AWS::KMS::Key': [refuseLargeKeyPolicy],
  'AWS::Logs::SubscriptionFilter': [
    refuseFilterPattern,
    refuseUnknownLogGroup,
    refuseThirdFilter,
    refuseUninvitedFilter,
  ],
  'AWS::S3::BucketPolicy': [refuseLargeBucketPolicy],
};

/** Throws the reason of the first rule that refuses the resource. */
export function assertAccepted(resource: ResolvedResource, context: RuleContext): void {
  for (const refuse of refusals[resource.type] ?? []) {
    const reason = refuse(resource, context);
    if (reason !== undefined) throw new Error(reason);
  }
}
