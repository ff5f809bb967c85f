/** What to do about a campaign: its sources are many and change, so that the target, not a source, is what to work on. */
import type { Finding } from '../finding/model.ts';
import { everythingLike, hostCidr } from '../net/cidr.ts';
import { shellWord } from '../text/untrusted.ts';
import { listBySource, listByTarget, queryBySource, queryByTarget, type Tables } from './commands.ts';
import { groupsOfTarget, type Step } from './response.ts';

/** Sources to ask the registries about: enough to see whether they are one provider's. */
const ASKED = 3;
/** A managed prefix list holds at most this many entries unless the quota is raised. */
const LARGEST_LIST = 1000;
/** Ports behind which AWS WAF may stand. */
const WEB: ReadonlySet<number> = new Set([80, 443]);

/** Verify the sources, contain, investigate, remediate, tell. */
export function campaignSteps(finding: Finding, tables: Tables): Step[] {
  const sources = finding.sources?.sample ?? [];
  const target = finding.targets.sample[0] ?? '';
  const region = `--region ${shellWord(tables.region)}`;
  const [first = ''] = sources;
  const source = { scope: 'internet', address: first };
  return [
    {
      title: 'Verify the sources',
      why: "Are they all one provider's, or a scanning service's that somebody here has hired?",
      commands: sources.slice(0, ASKED).map((address) => `whois ${shellWord(address)}`),
    },
    {
      title: 'Contain',
      why: 'Close the target rather than chase addresses: a network ACL takes 20 rules by default, a security group only allows. A prefix list of the sources works where a rule group of AWS Network Firewall refers to it, an IP set where AWS WAF stands before the target.',
      commands: containCommands(finding, sources, region),
    },
    {
      title: 'Investigate',
      why: 'What else touched the target, and did one of the sources get further? The first has most contacts; the others likewise.',
      commands: [
        queryByTarget(tables, target),
        listByTarget(tables, target),
        queryBySource(tables, source),
        listBySource(tables, source),
      ],
    },
    {
      title: 'Remediate',
      why: 'What need not be reachable from everywhere should not be: these are the security groups of the target.',
      commands: [groupsOfTarget(target, undefined, region)],
    },
    {
      title: 'Tell',
      why: "The owner of the target, then your incident channel, with the id of this finding; the providers' abuse desks if they are few.",
      commands: [`whois ${shellWord(first)} | grep -i abuse`],
    },
  ];
}

function containCommands(finding: Finding, sources: readonly string[], region: string): string[] {
  const isIpv6 = sources[0]?.includes(':') ?? false;
  // A list takes addresses of one family.
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

/** Takes the one port that a campaign is after out of what everybody may reach. */
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
