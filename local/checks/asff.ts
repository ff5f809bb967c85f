/**
 * What Security Hub refuses in a finding, by
 * https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
 */
import { isObject, show } from '../template/json.ts';

const REQUIRED = [
  'AwsAccountId',
  'CreatedAt',
  'Description',
  'GeneratorId',
  'Id',
  'ProductArn',
  'Resources',
  'SchemaVersion',
  'Title',
  'UpdatedAt',
];
const OPTIONAL = [
  'Action',
  'CompanyName',
  'FindingProviderFields',
  'FirstObservedAt',
  'LastObservedAt',
  'Network',
  'ProductFields',
  'ProductName',
  'RecordState',
  'Remediation',
  'Sample',
  'Severity',
  'Types',
];
/** Most characters of a text. */
const LENGTHS: Readonly<Record<string, number>> = {
  Title: 256,
  Description: 1024,
  Id: 512,
  GeneratorId: 512,
  ProductArn: 2048,
  CompanyName: 128,
  ProductName: 128,
};
const LABELS = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const RESOURCE_TYPES = ['AwsEc2Instance', 'AwsEc2NetworkInterface', 'AwsEcsTask', 'Other'];
const NAMESPACES: Readonly<Record<string, readonly string[]>> = {
  TTPs: [
    'Initial Access',
    'Execution',
    'Persistence',
    'Privilege Escalation',
    'Defense Evasion',
    'Credential Access',
    'Discovery',
    'Lateral Movement',
    'Collection',
    'Command and Control',
  ],
  'Unusual Behaviors': [
    'Application',
    'Network Flow',
    'IP address',
    'User',
    'VM',
    'Container',
    'Serverless',
    'Process',
    'Database',
    'Data',
  ],
};
const MAX_BYTES = 240 * 1024;

/** Why a finding is refused. Undefined for one that is accepted. */
export function asffProblem(finding: Readonly<Record<string, unknown>>): string | undefined {
  return [...problemsOf(finding)][0];
}

function* problemsOf(finding: Readonly<Record<string, unknown>>): Generator<string> {
  if (Buffer.byteLength(JSON.stringify(finding)) > MAX_BYTES) yield `larger than ${MAX_BYTES} bytes`;
  for (const name of REQUIRED) if (finding[name] === undefined) yield `${name} is missing`;
  for (const name of Object.keys(finding)) if (![...REQUIRED, ...OPTIONAL].includes(name)) yield `${name} is unknown`;
  for (const [name, limit] of Object.entries(LENGTHS)) yield* textProblems(name, finding[name], limit);
  for (const name of ['CreatedAt', 'UpdatedAt', 'FirstObservedAt', 'LastObservedAt'])
    if (finding[name] !== undefined && !TIME.test(String(finding[name]))) yield `${name} is ${show(finding[name])}`;
  if (finding.SchemaVersion !== '2018-10-08') yield `SchemaVersion is ${show(finding.SchemaVersion)}`;
  if (!['ACTIVE', 'ARCHIVED', undefined].includes(finding.RecordState as undefined))
    yield `RecordState is ${show(finding.RecordState)}`;
  yield* resourceProblems(finding.Resources);
  yield* providerProblems(isObject(finding.FindingProviderFields) ? finding.FindingProviderFields : finding);
  yield* fieldProblems(finding.ProductFields);
  yield* networkProblems(finding.Network, finding.Action);
  const { Recommendation = {} } = isObject(finding.Remediation) ? finding.Remediation : {};
  yield* textProblems('Remediation', isObject(Recommendation) ? Recommendation.Text : 0, 512);
}

function* textProblems(name: string, value: unknown, limit: number): Generator<string> {
  if (value === undefined) return;
  if (typeof value !== 'string' || !/\S/.test(value)) yield `${name} is ${show(value)}, expected a text`;
  else if (value.length > limit) yield `${name} has ${value.length} characters, expected at most ${limit}`;
}

function* resourceProblems(resources: unknown): Generator<string> {
  if (!Array.isArray(resources) || resources.length < 1 || resources.length > 32) {
    yield 'Resources must be 1 to 32';
    return;
  }
  for (const { Id, Type, Partition } of resources as Record<string, unknown>[]) {
    yield* textProblems('Resources.Id', Id ?? 0, 512);
    if (!RESOURCE_TYPES.includes(String(Type))) yield `Resources.Type is ${show(Type)}`;
    if (!['aws', 'aws-cn', 'aws-us-gov', undefined].includes(Partition as undefined))
      yield `Resources.Partition is ${show(Partition)}`;
  }
}

function* providerProblems({
  Severity,
  Types,
  Confidence,
  RelatedFindings = [],
}: Readonly<Record<string, unknown>>): Generator<string> {
  if (!isObject(Severity) || !LABELS.includes(String(Severity.Label))) yield `Severity is ${show(Severity)}`;
  if (!Array.isArray(Types) || Types.length < 1 || Types.length > 50) yield 'Types must be 1 to 50';
  else
    for (const type of Types as string[]) {
      const [namespace = '', category = '', ...classifiers] = type.split('/');
      if (!NAMESPACES[namespace]?.includes(category) || classifiers.length > 1) yield `Types has ${show(type)}`;
    }
  if (
    Confidence !== undefined &&
    !(Number.isInteger(Confidence) && Number(Confidence) >= 0 && Number(Confidence) <= 100)
  )
    yield `Confidence is ${show(Confidence)}`;
  if (!Array.isArray(RelatedFindings) || RelatedFindings.length > 10) yield 'RelatedFindings must be at most 10';
}

function* fieldProblems(fields: unknown = {}): Generator<string> {
  const pairs = isObject(fields) ? Object.entries(fields) : [];
  if (!isObject(fields) || pairs.length > 50) yield 'ProductFields must be at most 50';
  for (const [name, value] of pairs) {
    if (name.length > 128 || name.startsWith('aws/')) yield `ProductFields has ${show(name)}`;
    yield* textProblems(`ProductFields.${name}`, value, 2048);
  }
}

const isPort = (port: unknown): boolean =>
  port === undefined || (Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536);

function* networkProblems(network: unknown = {}, action: unknown = {}): Generator<string> {
  const { Direction, SourceIpV4, DestinationIpV4, DestinationPort } = isObject(network) ? network : {};
  if (!['IN', 'OUT', undefined].includes(Direction as undefined)) yield `Network.Direction is ${show(Direction)}`;
  if (!isPort(DestinationPort)) yield `Network.DestinationPort is ${show(DestinationPort)}`;
  for (const address of [SourceIpV4, DestinationIpV4])
    if (address !== undefined && !/^\d+\.\d+\.\d+\.\d+$/.test(String(address)))
      yield `Network has the address ${show(address)}`;
  const probe = isObject(action) && isObject(action.PortProbeAction) ? action.PortProbeAction.PortProbeDetails : [];
  for (const { LocalPortDetails } of probe as { LocalPortDetails: { Port?: unknown } }[])
    if (!isPort(LocalPortDetails.Port)) yield `Action has the port ${show(LocalPortDetails.Port)}`;
}
