/** Rules for flow logs that EC2 refuses. */
import type { Refuse } from './rule.ts';

/**
 * The fields of VPC Flow Logs by the version that introduced them (VPC user guide, "Flow log records"). Version 6 is
 * used by Transit Gateway Flow Logs only.
 */
const FIELDS_BY_VERSION: Readonly<Record<number, string>> = {
  2: 'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status',
  3: 'vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr',
  4: 'region az-id sublocation-type sublocation-id',
  5: 'pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path',
  7: `ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id
      ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id`,
  8: 'reject-reason',
  9: 'resource-id',
  10: 'encryption-status',
  11: `instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-interface-id
       next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type`,
};

const VERSION_OF: ReadonlyMap<string, number> = new Map(
  Object.entries(FIELDS_BY_VERSION).flatMap(([version, names]) =>
    names.split(/\s+/).map((name) => [name, Number(version)] as const),
  ),
);

const FORMAT = /^\$\{[a-z0-9-]+\}( \$\{[a-z0-9-]+\})*$/;

/** EC2 accepts known fields, each once and separated by one space, and ECS fields only if an ECS cluster exists. */
export const refuseFlowLogFormat: Refuse = ({ properties }, { created, hasEcsCluster, flowLogVersion = 11 }) => {
  const format = properties.LogFormat;
  if (format === undefined) return undefined;
  const names = [...String(format).matchAll(/\$\{([a-z0-9-]+)\}/g)].map((match) => match[1]!);
  const unknown = names.filter((name) => (VERSION_OF.get(name) ?? Number.POSITIVE_INFINITY) > flowLogVersion);
  // EC2's message for any mistake in a format quotes the whole format (aws-cloudformation/rain, issue 288).
  const invalid = `1 validation error detected: Value '${format}' at 'logFormat' has an invalid format`;
  if (unknown.length > 0) return `${invalid}. This Region offers no field ${unknown.join(', ')}`;
  if (!FORMAT.test(String(format))) return invalid;
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) return `${invalid}; it names ${repeated} twice`;
  if (
    names.some((name) => /^(instance|interface|asg)-tag/.test(name)) &&
    properties.TagFieldSpecifications === undefined
  ) {
    return 'The TagFieldSpecifications parameter must be set when including tag fields in the log format';
  }
  // Reports from the field agree on the refusal but quote no message (hashicorp/terraform-provider-aws, pull request
  // 40638).
  const ecs = names.filter((name) => VERSION_OF.get(name) === 7);
  const clusterExists = hasEcsCluster || [...created.values()].some(({ type }) => type === 'AWS::ECS::Cluster');
  if (ecs.length === 0 || clusterExists) return undefined;
  return `the log format contains ${ecs[0]}, but no ECS cluster exists in this account and Region`;
};

/** Aggregation intervals in seconds that EC2 accepts. */
const INTERVALS = [60, 600];

/** EC2 accepts two aggregation intervals. */
export const refuseFlowLogInterval: Refuse = ({ properties }) => {
  const interval = properties.MaxAggregationInterval;
  if (interval === undefined || INTERVALS.includes(Number(interval))) return undefined;
  return `MaxAggregationInterval is ${interval}, expected ${INTERVALS.join(' or ')}`;
};
