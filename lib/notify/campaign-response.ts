/**
 * The response to a campaign. Outside sources are many and change, so the steps protect the target. Inside sources have
 * something in common, which the steps find and stop.
 */
import type { Finding } from '../finding/model.ts';
import { everythingLike, hostCidr } from '../net/cidr.ts';
import { shellWord } from '../text/untrusted.ts';
import { listBySource, listByTarget, queryBySource, queryByTarget, type Tables } from './commands.ts';
import { groupsOfTarget, type Step } from './response.ts';

/** Sources to look up in the registries, enough to see whether they belong to one provider. */
const ASKED = 3;
/** A managed prefix list holds at most this many entries unless the quota is raised. */
const LARGEST_LIST = 1000;
/** Ports that AWS WAF may protect. */
const WEB: ReadonlySet<number> = new Set([80, 443]);

/** Verify the sources, contain, investigate, remediate, notify. */
export const campaignSteps = (finding: Finding, tables: Tables): Step[] =>
  finding.direction === 'lateral' ? insideSteps(finding, tables) : outsideSteps(finding, tables);

function insideSteps(finding: Finding, tables: Tables): Step[] {
  const sources = finding.sources?.sample ?? [];
  const target = finding.targets.sample[0] ?? '';
  const region = `--region ${shellWord(tables.region)}`;
  const [first = ''] = sources;
  const source = { scope: finding.sources?.scope ?? '', address: first };
  const asked = sources.slice(0, ASKED);
  return [
    {
      title: 'Verify the sources',
      why: 'What do they have in common: an instance profile, an image, a deployment, a DaemonSet? Is scanning its job? The commands show the first ones, as interfaces and as pods.',
      commands: [
        ...asked.map((address) => interfaceOf(address, region)),
        ...asked.map(
          (address) =>
            `kubectl get pods --all-namespaces --output wide --field-selector status.podIP=${shellWord(address)}`,
        ),
      ],
    },
    {
      title: 'Contain',
      why: 'Stop what they have in common. If you do not know it yet, move their interfaces into a security group that allows nothing.',
      commands: [
        'kubectl --namespace NAMESPACE delete daemonset NAME',
        `aws ec2 modify-network-interface-attribute --network-interface-id INTERFACE --groups GROUP_THAT_ALLOWS_NOTHING ${region}`,
      ],
    },
    {
      title: 'Investigate',
      why: 'Find out what else the sources did, and what reached the target. The commands show the source with the most contacts. Repeat them for the others.',
      commands: [
        queryBySource(tables, source),
        listBySource(tables, source),
        queryByTarget(tables, target),
        listByTarget(tables, target),
      ],
    },
    {
      title: 'Remediate',
      why: 'The command shows the security groups of a target. Allow only the sources that need the port.',
      commands: [groupsOfTarget(target, undefined, region)],
    },
    {
      title: 'Notify',
      why: 'Tell the owner of what the sources have in common, then your incident channel, with the id of this finding.',
      commands: [],
    },
  ];
}

/** Shows who holds an address. */
const interfaceOf = (address: string, region: string): string =>
  `aws ec2 describe-network-interfaces --filters Name=${address.includes(':') ? 'ipv6-addresses.ipv6-address' : 'addresses.private-ip-address'},Values=${shellWord(address)} --query 'NetworkInterfaces[].[Attachment.InstanceId,Description,TagSet]' ${region}`;

function outsideSteps(finding: Finding, tables: Tables): Step[] {
  const sources = finding.sources?.sample ?? [];
  const target = finding.targets.sample[0] ?? '';
  const region = `--region ${shellWord(tables.region)}`;
  const [first = ''] = sources;
  const source = { scope: 'internet', address: first };
  return [
    {
      title: 'Verify the sources',
      why: 'Do they belong to one provider, or to a scanning service that your company hired?',
      commands: sources.slice(0, ASKED).map((address) => `whois ${shellWord(address)}`),
    },
    {
      title: 'Contain',
      why: 'Close the target rather than block single addresses, because a network ACL takes only 20 rules by default. The prefix list takes effect in a rule group of AWS Network Firewall, an IP set in a web ACL of AWS WAF.',
      commands: containCommands(finding, sources, region),
    },
    {
      title: 'Investigate',
      why: 'Find out what else reached the target, and whether a source got further. The commands show the source with the most contacts. Repeat them for the others.',
      commands: [
        queryByTarget(tables, target),
        listByTarget(tables, target),
        queryBySource(tables, source),
        listBySource(tables, source),
      ],
    },
    {
      title: 'Remediate',
      why: 'The command shows the security groups of the target. Remove access from everywhere unless the service is public.',
      commands: [groupsOfTarget(target, undefined, region)],
    },
    {
      title: 'Notify',
      why: 'Tell the owner of the target, then your incident channel, with the id of this finding. If there are few providers, report abuse to them.',
      commands: [`whois ${shellWord(first)} | grep -i abuse`],
    },
  ];
}

function containCommands(finding: Finding, sources: readonly string[], region: string): string[] {
  const isIpv6 = sources[0]?.includes(':') ?? false;
  // A prefix list contains addresses of one family only.
  const blocks = sources.filter((address) => address.includes(':') === isIpv6).map(hostCidr);
  const name = `sweepwatch-${shellWord(finding.id.slice(0, 8))}`;
  const size = Math.min(LARGEST_LIST, Math.max(blocks.length, finding.sources?.count ?? 0));
  const entries = blocks.map((block) => shellWord(`Cidr=${block}`)).join(' ');
  return [
    ...closeCommands(finding, region),
    `aws ec2 create-managed-prefix-list --prefix-list-name ${name} --address-family ${isIpv6 ? 'IPv6' : 'IPv4'} --max-entries ${size} --entries ${entries} ${region}`,
    ...(finding.ports.sample.some((port) => WEB.has(port))
      ? [
          `aws wafv2 create-ip-set --name ${name} --scope REGIONAL --ip-address-version ${isIpv6 ? 'IPV6' : 'IPV4'} --addresses ${blocks.map(shellWord).join(' ')} ${region}`,
        ]
      : []),
  ];
}

/** Commands that remove public access to the one port that a campaign probes. */
function closeCommands({ ports, protocols, targets }: Finding, region: string): string[] {
  const [port] = ports.sample;
  if (ports.count !== 1 || port === undefined) return [];
  const everything = everythingLike(targets.sample[0] ?? '');
  const ranges = everything === '::/0' ? `Ipv6Ranges=[{CidrIpv6=${everything}}]` : `IpRanges=[{CidrIp=${everything}}]`;
  const permission = shellWord(`IpProtocol=${protocols[0]},FromPort=${port},ToPort=${port},${ranges}`);
  return [
    `aws ec2 revoke-security-group-ingress --group-id GROUP_OF_THE_TARGET --ip-permissions ${permission} ${region}`,
  ];
}
