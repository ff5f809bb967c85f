/** The deployments whose permissions are proven: every setting that changes a policy, synthesized and resolved. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ScanDetector } from '../../infra/index.ts';
import {
  type ForeignBucket,
  foreignBucketOf,
  type OwnerChanges,
  otherBucketsOf,
  ownerChanges,
} from '../../lib/config/foreign-bucket.ts';
import { parseSettings } from '../../lib/config/load.ts';
import type { Settings, SettingsInput } from '../../lib/config/schema.ts';
import { arnOf } from '../../local/checks/policies.ts';
import type { CreatedResource } from '../../local/resources/stack.ts';
import { type ResolvedStack, resolveTemplate } from '../../local/template/resolve.ts';
import { type OwnerSide, ownerSide, PEOPLE } from './owner.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
/** Accounts of the settings that may deliver logs. */
const SENDERS = ['222233334444', '333344445555'];
/** An organization of the settings, whose accounts may deliver logs. */
const ORGANIZATION = 'o-a1b2c3d4e5';
/** An account of that organization. */
export const MEMBER = '444455556666';
/** A key of the user, whose policy is the one of docs/permissions.md. */
export const GIVEN_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789`;

/** The account that owns a foreign bucket, and the key of that bucket. */
const OWNER = '555566667777';
export const OWNERS_KEY = `arn:aws:kms:${REGION}:${OWNER}:key/1b2c3d4e-5f60-7890-bcde-f01234567890`;

/** The Region of a further bucket, and the key of that bucket. */
const FAR = 'us-east-1';
export const FAR_KEY = `arn:aws:kms:${FAR}:${OWNER}:key/2c3d4e5f-6071-8901-cdef-012345678901`;

const people: SettingsInput = {
  vpcs: [{ vpcId: 'vpc-0123456789abcdef0' }],
  emails: ['analyst@example.com'],
  opsEmails: ['ops@example.com'],
};

const LOOK_BACKS = { lookBack: { maxConcurrency: 20 }, maxWriteUnits: { windows: 4000 } };

/** The settings by the name of the deployment. */
export const DEPLOYMENTS = {
  defaults: people,
  'key of the stack': { ...people, kmsKey: 'new' },
  'given key': { ...people, kmsKey: GIVEN_KEY },
  'further accounts, an organization, Hive folders, key of the stack': {
    ...people,
    bucket: { new: { name: 'org-flow-logs' } },
    kmsKey: 'new',
    logAccounts: SENDERS,
    logOrganization: ORGANIZATION,
    flowLogs: { hiveCompatiblePartitions: true },
  },
  'existing bucket, EventBridge, its own key': {
    ...people,
    bucket: { existing: { bucket: 'their-logs', flowLogsUnder: 'net/AWSLogs/', kmsKeyArn: GIVEN_KEY } },
  },
  'existing bucket, notifications, key of the stack': {
    ...people,
    kmsKey: 'new',
    bucket: { existing: { bucket: 'their-logs', events: 'notification' } },
  },
  'bucket of another account, EventBridge, its key': {
    ...people,
    vpcs: [],
    bucket: {
      existing: { bucket: 'org-logs', account: OWNER, flowLogsUnder: 'AWSLogs/', kmsKeyArn: OWNERS_KEY },
    },
  },
  'bucket of another account, notifications': {
    ...people,
    vpcs: [],
    bucket: { existing: { bucket: 'org-logs', account: OWNER, events: 'notification', prefix: 'net/' } },
  },
  'further bucket of another account and Region, its key': {
    ...people,
    otherBuckets: [{ bucket: 'far-logs', region: FAR, account: OWNER, kmsKeyArn: FAR_KEY }],
  },
  'logs of orchestrators and hosts, traces, key of the stack': {
    ...people,
    kmsKey: 'new',
    tracing: true,
    signals: { kubernetes: [{ cluster: 'prod' }], hosts: [{ logGroup: '/hosts/auditd' }], ecs: true },
  },
  'look backs': { ...people, ...LOOK_BACKS },
  'look backs, key of the stack': { ...people, ...LOOK_BACKS, kmsKey: 'new' },
  'inventory of addresses, key of the stack': { ...people, kmsKey: 'new', inventory: true },
  'all destinations, traces, key of the stack': {
    ...people,
    kmsKey: 'new',
    tracing: true,
    destinations: { eventBus: 'new', chat: {}, securityHub: true },
  },
} as const satisfies Readonly<Record<string, SettingsInput>>;

/** A deployment on paper. */
export interface PaperStack extends ResolvedStack {
  readonly settings: Settings;
  /** What the owner of a foreign bucket has added. */
  readonly owner?: OwnerSide | undefined;
}

/** The template of a deployment, as CloudFormation would get it. */
export function templateOf(settings: SettingsInput): object {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stack = new Stack(app, 'sweepwatch');
  new ScanDetector(stack, 'Detector', { settings });
  return Template.fromStack(stack).toJSON();
}

/**
 * Resolves a template that was made with these settings.
 * @param changes what the owner of a foreign bucket has added. Default: all that `setup policy` prints.
 */
export function onPaper(template: object, input: SettingsInput, changes?: OwnerChanges): PaperStack {
  const resolved = resolveTemplate(template, { stackName: 'sweepwatch', region: REGION, accountId: ACCOUNT });
  const settings = parseSettings(input);
  const foreign = foreignOf(settings);
  const owner = foreign && ownerSide(foreign, changes ?? ownerChanges(foreign, [PEOPLE]));
  return { ...resolved, settings, owner };
}

/** The foreign bucket of the settings. A deployment on paper has one at most. */
function foreignOf(settings: Settings): ForeignBucket | undefined {
  const where = { partition: 'aws', account: ACCOUNT, region: REGION };
  return foreignBucketOf(settings, where) ?? otherBucketsOf(settings, where)[0];
}

/** The name of the construct that a resource comes from: its logical id without the detector and the hash. */
export function nameOf({ logicalId }: CreatedResource): string {
  return logicalId.replace(/^Detector/, '').replace(/[0-9A-F]{8}$/, '');
}

const namedArns = new WeakMap<PaperStack, [arn: string, name: string][]>();

/** The ARNs of a deployment with the names of their constructs, the longest first. */
function namesByArn(stack: PaperStack): [arn: string, name: string][] {
  const known = namedArns.get(stack);
  if (known !== undefined) return known;
  const bucket = stack.settings.bucket.existing?.bucket;
  const named: [string, string][] = [
    ...[...stack.resources.values()]
      .filter((resource) => arnOf(resource) !== '')
      .map((resource): [string, string] => [arnOf(resource).replace(/:\*$/, ''), nameOf(resource)]),
    ...(bucket === undefined ? [] : [[`arn:aws:s3:::${bucket}`, 'LogBucket'] satisfies [string, string]]),
    ...stack.settings.otherBuckets.map((other): [string, string] => [`arn:aws:s3:::${other.bucket}`, 'OtherBucket']),
    [GIVEN_KEY, 'Key'],
    [OWNERS_KEY, 'OwnersKey'],
    [FAR_KEY, 'OwnersKey'],
  ];
  named.sort(([one], [other]) => other.length - one.length);
  namedArns.set(stack, named);
  return named;
}

/** ARNs written by the names of the constructs: what a reader can compare between deployments. */
export function plainArn(stack: PaperStack, arn: string): string {
  const [found, name] = namesByArn(stack).find(([prefix]) => arn.startsWith(prefix)) ?? ['', ''];
  const plain = `${name}${arn.slice(found.length)}`
    .replaceAll(OWNER, '<owner of the bucket>')
    .replaceAll(ACCOUNT, '<account>')
    .replaceAll(REGION, '<region>')
    .replaceAll(MEMBER, '<account of the organization>');
  return stack.settings.logAccounts.reduce((text, account) => text.replaceAll(account, '<named account>'), plain);
}

/** The resource of a construct. Undefined if this deployment has none. */
export function resourceNamed(stack: PaperStack, name: string): CreatedResource | undefined {
  return [...stack.resources.values()].find((resource) => nameOf(resource) === name);
}
