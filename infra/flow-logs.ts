/** The flow logs that the detector creates: one for each VPC, with the columns that detection reads. */
import { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { flowLogColumns } from '../lib/config/flow-log-columns.ts';
import type { Settings } from '../lib/config/schema.ts';
import type { LogBucket } from './log-bucket.ts';

/** A VPC that gets a flow log. `name` keeps the resource the same when the list is reordered. */
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
      logFormat: flowLogColumns(settings.flowLogs)
        .map((field) => `\${${field}}`)
        .join(' '),
      maxAggregationInterval: 60,
      destinationOptions: {
        FileFormat: 'plain-text',
        HiveCompatiblePartitions: settings.flowLogs.hiveCompatiblePartitions,
        PerHourPartition: settings.flowLogs.perHourPartition,
      },
    });
    // Without this dependency AWS finds no policy yet and attaches its own, which then conflicts with the stack's.
    if (log.policy !== undefined) flowLog.node.addDependency(log.policy);
    return flowLog;
  });
}
