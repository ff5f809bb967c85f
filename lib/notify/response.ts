/** The response to the scan of one source: the five steps of the detection strategies, each with its commands. */
import type { Finding, FindingSource } from '../finding/model.ts';
import { shellWord } from '../text/untrusted.ts';
import { listBySource, queryBySource, type Tables } from './commands.ts';

/** One step of the response. */
export interface Step {
  readonly title: string;
  readonly why: string;
  readonly commands: readonly string[];
}

/** Verify the source, contain, investigate, remediate, notify. */
export function sourceSteps(finding: Finding, source: FindingSource, tables: Tables): Step[] {
  const region = `--region ${shellWord(source.region ?? tables.region)}`;
  const isOutside = finding.direction === 'inbound';
  return [
    {
      title: 'Verify the source',
      why: isOutside
        ? 'Is it an approved scanner, a partner or an uptime service?'
        : 'Who owns it, and is scanning its job?',
      commands: verifyCommands(source, isOutside, region),
    },
    {
      title: 'Contain',
      why: isOutside
        ? 'Deny the address in the network ACL of the subnet that it reached.'
        : source.ecs?.taskId
          ? 'Save evidence first: stopping the task destroys its memory and disk. A service with tasks to run starts a replacement.'
          : source.behindInterface
            ? 'The label isolates the pod only if a deny-all NetworkPolicy selects it. If no pod has this address, isolate the owner of the interface.'
            : 'Move it to a security group without rules. It keeps running, so memory and disks survive as evidence.',
      commands: containCommands(source, isOutside, region),
    },
    {
      title: 'Investigate',
      why: isOutside ? 'Find out what else it did.' : 'Find out what else it did, and who used it.',
      commands: [
        queryBySource(tables, source),
        listBySource(tables, source),
        ...(source.instanceId
          ? [
              `aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=${shellWord(source.instanceId)} ${region}`,
            ]
          : []),
      ],
    },
    {
      title: 'Remediate',
      why: finding.openPorts.count
        ? 'Close the services that answered, unless this source needs them.'
        : 'Nothing answered. Make sure that the ports it tried stay closed.',
      commands: [remediateCommand(finding, region)],
    },
    {
      title: 'Notify',
      why: isOutside
        ? 'Tell your incident channel, with the id of this finding. The command shows where to report abuse.'
        : 'Tell the owner of the source, then your incident channel, with the id of this finding.',
      commands: [notifyCommand(source, isOutside, region)],
    },
  ];
}

function verifyCommands(source: FindingSource, isOutside: boolean, region: string): string[] {
  if (isOutside) return [`whois ${shellWord(source.address)}`];
  const filter = source.address.includes(':') ? 'ipv6-addresses.ipv6-address' : 'addresses.private-ip-address';
  const byAddress = `aws ec2 describe-network-interfaces --filters Name=${filter},Values=${shellWord(source.address)} ${region}`;
  if (source.ecs?.taskId)
    return [
      `aws ecs describe-tasks --cluster ${shellWord(source.ecs.cluster ?? 'default')} --tasks ${shellWord(source.ecs.taskId)} ${region}`,
      byAddress,
    ];
  const byInstance = source.instanceId
    ? [`aws ec2 describe-instances --instance-ids ${shellWord(source.instanceId)} ${region}`]
    : [byAddress];
  if (!source.behindInterface) return byInstance;
  return [`kubectl get pods -A -o wide --field-selector status.podIP=${shellWord(source.address)}`, ...byInstance];
}

function containCommands(source: FindingSource, isOutside: boolean, region: string): string[] {
  if (isOutside) {
    const block = source.address.includes(':')
      ? `--ipv6-cidr-block ${shellWord(source.address)}/128`
      : `--cidr-block ${shellWord(source.address)}/32`;
    return [
      `aws ec2 create-network-acl-entry --network-acl-id ACL_OF_THE_SUBNET --ingress --rule-number 1 --protocol=-1 --rule-action deny ${block} ${region}`,
    ];
  }
  if (source.ecs?.taskId) {
    const cluster = shellWord(source.ecs.cluster ?? 'default');
    const service = source.ecs.service && shellWord(source.ecs.service);
    return [
      ...(service
        ? [`aws ecs update-service --cluster ${cluster} --service ${service} --desired-count 0 ${region}`]
        : []),
      `aws ecs stop-task --cluster ${cluster} --task ${shellWord(source.ecs.taskId)} --reason "network scan" ${region}`,
    ];
  }
  if (source.behindInterface) return ['kubectl label pod POD -n NAMESPACE quarantine=true'];
  return [
    `aws ec2 modify-network-interface-attribute --network-interface-id ${shellWord(source.interfaceId ?? 'INTERFACE_OF_THE_SOURCE')} --groups QUARANTINE_SECURITY_GROUP ${region}`,
  ];
}

function remediateCommand(finding: Finding, region: string): string {
  const target = finding.openPorts.sample[0]?.target ?? finding.targets.sample[0] ?? '';
  return groupsOfTarget(target, finding.direction === 'lateral' ? finding.source?.vpcId : undefined, region);
}

/** Lists the security groups of whatever holds an address. */
export function groupsOfTarget(target: string, vpcId: string | undefined, region: string): string {
  const filter = target.includes(':') ? 'ipv6-addresses.ipv6-address' : 'addresses.private-ip-address';
  const vpc = vpcId ? ` Name=vpc-id,Values=${shellWord(vpcId)}` : '';
  return `aws ec2 describe-network-interfaces --filters Name=${filter},Values=${shellWord(target)}${vpc} --query 'NetworkInterfaces[].Groups' ${region}`;
}

function notifyCommand(source: FindingSource, isOutside: boolean, region: string): string {
  if (isOutside) return `whois ${shellWord(source.address)} | grep -i abuse`;
  const resource = source.instanceId ?? source.interfaceId ?? 'INTERFACE_OF_THE_SOURCE';
  return `aws ec2 describe-tags --filters Name=resource-id,Values=${shellWord(resource)} ${region}`;
}
