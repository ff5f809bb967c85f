/** The flow logs of ours: one for each VPC, with the fields that detection reads. */
import { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';
import type { LogBucket } from './log-bucket.ts';

/**
 * The columns, in file order. Beyond version 2: flags and packet addresses (who began, behind which NAT), the ECS fields
 * (which container), the interface type (NAT gateway, load balancer). Next hops, tags and localities are left out: each
 * column is billed with every record, and no detection reads them.
 */
const flowLogFields = [
  ...['version', 'account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol'],
  ...['packets', 'bytes', 'start', 'end', 'action', 'log-status'],
  ...['vpc-id', 'subnet-id', 'instance-id', 'tcp-flags', 'type', 'pkt-srcaddr', 'pkt-dstaddr'],
  ...['region', 'az-id', 'pkt-src-aws-service', 'pkt-dst-aws-service', 'flow-direction', 'traffic-path'],
  ...['ecs-cluster-arn', 'ecs-cluster-name', 'ecs-service-name', 'ecs-task-arn', 'ecs-task-id'],
  ...['ecs-task-definition-arn', 'ecs-container-instance-id', 'ecs-container-id'],
  ...['reject-reason', 'resource-id', 'interface-type'],
] as const;

/** A VPC that gets a flow log; `name` keeps the resource the same when the list is reordered. */
export interface LoggedVpc {
  readonly name: string;
  readonly vpcId: string;
}

/** Creates a flow log for each VPC: all traffic, 60 s aggregation, gzip text to the bucket. */
export function createFlowLogs(
  scope: Construct,
  settings: Settings,
  vpcs: readonly LoggedVpc[],
  log: LogBucket,
): CfnFlowLog[] {
  const destination = log.flowLogPrefix === '' ? log.bucket.bucketArn : log.bucket.arnForObjects(log.flowLogPrefix);
  return vpcs.map(({ name, vpcId }) => {
    const flowLog = new CfnFlowLog(scope, `FlowLog-${name}`, {
      resourceId: vpcId,
      resourceType: 'VPC',
      trafficType: 'ALL',
      logDestinationType: 's3',
      logDestination: destination,
      logFormat: flowLogFields.map((field) => `\${${field}}`).join(' '),
      maxAggregationInterval: 60,
      destinationOptions: {
        FileFormat: 'plain-text',
        HiveCompatiblePartitions: settings.flowLogs.hiveCompatiblePartitions,
        PerHourPartition: settings.flowLogs.perHourPartition,
      },
    });
    // Without this AWS finds no policy yet and attaches one of its own, which ours then fights with.
    if (log.policy !== undefined) flowLog.node.addDependency(log.policy);
    return flowLog;
  });
}
