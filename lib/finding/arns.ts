/** The ARNs of a finding's source, as far as the log names account, Region and ids. */
import type { FindingSource } from './model.ts';

/** The ARNs that are known. */
export interface SourceArns {
  readonly instance?: string;
  readonly interface?: string;
  readonly task?: string;
}

/** The partition of a Region: `aws`, `aws-cn` or `aws-us-gov`. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Account and Region come from a log that other accounts write, so only values of the right form make an ARN. */
export function arnsOf({ accountId, region, instanceId, interfaceId, ecs }: FindingSource): SourceArns {
  const isPlace = /^\d{12}$/.test(accountId ?? '') && /^[a-z]{2}(-[a-z]+)+-\d$/.test(region ?? '');
  const start = `arn:${partitionOf(region ?? '')}:ec2:${region}:${accountId}`;
  const isInstance = /^i-[0-9a-f]{1,32}$/.test(instanceId ?? '');
  const isInterface = /^eni-[0-9a-f]{1,32}$/.test(interfaceId ?? '');
  const isTask = /^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task\/[A-Za-z0-9_/-]{1,300}$/.test(ecs?.taskArn ?? '');
  return {
    ...(isPlace && isInstance && { instance: `${start}:instance/${instanceId}` }),
    ...(isPlace && isInterface && { interface: `${start}:network-interface/${interfaceId}` }),
    ...(isTask && { task: ecs!.taskArn! }),
  };
}
