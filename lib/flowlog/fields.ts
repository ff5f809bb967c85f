/** The fields of VPC Flow Logs, versions 2 to 11, and of Transit Gateway Flow Logs: names, versions, column types. */

/** The 14 fields of the default format in their fixed order. A file without a header is read with them. */
export const DEFAULT_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  );

const BY_VERSION: Readonly<Record<number, string>> = {
  2: DEFAULT_FIELDS.join(' '),
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

/** Version 6 is used by Transit Gateway Flow Logs only. They share names with versions 2 to 5. */
const TRANSIT_GATEWAY = `resource-type tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id
  tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id
  tgw-pair-attachment-id packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded
  packets-lost-ttl-expired`;

const names = (text: string) => text.trim().split(/\s+/);

/** Every VPC Flow Log field with the log version that introduced it (page "Flow log records" of the VPC user guide). */
export const FIELD_VERSIONS: ReadonlyMap<string, number> = new Map(
  Object.entries(BY_VERSION).flatMap(([version, text]) => names(text).map((name) => [name, Number(version)] as const)),
);

const KNOWN: ReadonlySet<string> = new Set([...FIELD_VERSIONS.keys(), ...names(TRANSIT_GATEWAY)]);

const squeeze = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '');

/** Names from the tables that AWS's Athena pages used to recommend. */
const FORMER_NAMES = {
  account: 'account-id',
  sourceaddress: 'srcaddr',
  destinationaddress: 'dstaddr',
  sourceport: 'srcport',
  destinationport: 'dstport',
  numpackets: 'packets',
  numbytes: 'bytes',
  starttime: 'start',
  endtime: 'end',
};

const BY_SQUEEZED: ReadonlyMap<string, string> = new Map([
  ...Object.entries(FORMER_NAMES),
  ...[...KNOWN].map((name) => [squeeze(name), name] as const),
]);

/** A name as a log format writes it, `${srcaddr}`. Templates escape it as `$${srcaddr}` or `${!srcaddr}`. */
const PLACEHOLDER = /\$+\{!?([^{}]*)\}/g;

/**
 * The name as text headers write it. Parquet and Athena replace hyphens with underscores, Logs Insights writes srcAddr,
 * log formats write `${srcaddr}`. An unknown name is kept as it is.
 */
export function normalizeFieldName(name: string): string {
  const bare = name.replace(PLACEHOLDER, '$1').trim();
  return BY_SQUEEZED.get(squeeze(bare)) ?? bare.toLowerCase().replace(/[\s_]+/g, '-');
}

/** The fields in a text that lists them, such as a header line, a log format or a program's list. */
export const fieldList = (text: string): string[] =>
  text
    .replace(PLACEHOLDER, ' $1 ')
    .split(/(?:\\n|[\s,;|"'`[\]\\])+/)
    .filter(Boolean);

/** Whether a (normalised) name is a field of a VPC or Transit Gateway Flow Log. */
export const isKnownField = (name: string): boolean => KNOWN.has(name);
