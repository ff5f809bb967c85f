/** `sweepwatch setup policy`: prints what the owner of a bucket in another account or Region must add. */
import {
  type EventRule,
  type ForeignBucket,
  foreignBucketOf,
  type OwnerChanges,
  otherBucketsIn,
  otherBucketsOf,
  ownerChanges,
  partitionOf,
  type Reader,
} from '../../lib/config/foreign-bucket.ts';
import { loadSettings, SettingsError } from '../../lib/config/load.ts';
import { openStack, type StackOptions } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `setup policy`, as the program reads them. */
export interface SetupPolicyOptions extends StackOptions {
  readonly config?: string;
  readonly account?: string;
  readonly also?: readonly string[];
  readonly bucket?: string;
  readonly json?: boolean;
}

const NOT_FOREIGN =
  'the bucket belongs to the account of the deployment, so nobody else must add anything. ' +
  'For a bucket of another account, set bucket.existing.account';

/** Runs `setup policy` and returns the exit code. @throws UsageError if no bucket needs anything of its owner. */
export async function setupPolicyCommand(options: SetupPolicyOptions, terminal: Terminal): Promise<number> {
  const { also = [], bucket } = options;
  const all = options.config === undefined ? await ofStack(options) : fromSettings(options.config, options);
  const names = all.map((each) => each.bucket).join(', ');
  const chosen = bucket === undefined ? all : all.filter((each) => each.bucket === bucket);
  if (chosen.length === 0) throw new UsageError(`--bucket must be one of ${names}, got "${bucket}"`);
  if (options.json && chosen.length > 1)
    throw new UsageError(`--json prints one document: choose one of ${names} with --bucket`);
  for (const arn of also) checkPerson(arn, chosen[0]!.reader);
  const texts = chosen.map((foreign) => {
    const changes = ownerChanges(foreign, also);
    return options.json
      ? `${json({ owner: foreign.owner, bucket: foreign.bucket, ...changes })}\n`
      : text(foreign, changes);
  });
  terminal.stdout(texts.join('\n'));
  return 0;
}

/**
 * The bucket policy admits the account of the deployment and compares the ARNs of roles, so no other ARN ever matches.
 * @throws UsageError
 */
function checkPerson(arn: string, { partition, account }: Reader): void {
  const start = `arn:${partition}:iam::${account}`;
  if (['role', 'user'].some((kind) => arn.startsWith(`${start}:${kind}/`)) && /^[^\s/]+(\/[^\s/]+)+$/.test(arn)) return;
  const needed =
    `--also must be the ARN of a role or user of account ${account}, the account of the deployment, ` +
    `such as ${start}:role/soc, got "${arn}"`;
  const [, of, role] = /^arn:[a-z-]+:sts::(\d{12}):assumed-role\/([^\s/]+)/.exec(arn) ?? [];
  if (of !== account) throw new UsageError(needed);
  // The ARN of a session leaves out the path of the role.
  const path = role!.startsWith('AWSReservedSSO_') ? 'aws-reserved/sso.amazonaws.com/*' : '';
  throw new UsageError(
    `${needed}. That is a session. The ARN of its role is ${start}:role/${path}${role}` +
      `${path ? '' : ', or has a path before the name if the role has one'}`,
  );
}

async function ofStack(options: SetupPolicyOptions): Promise<ForeignBucket[]> {
  const { outputs } = await openStack(options);
  // A deployment of an earlier version lacks it too, and reads no bucket of another account.
  outputs.get('LogBucket');
  const foreign = outputs.find('ForeignBucket');
  const first = foreign === undefined ? [] : [JSON.parse(foreign) as ForeignBucket];
  const found = [...first, ...otherBucketsIn((name) => outputs.find(name))];
  if (found.length === 0) throw new UsageError(NOT_FOREIGN);
  return found;
}

function fromSettings(file: string, options: SetupPolicyOptions): ForeignBucket[] {
  const { account, region = process.env.AWS_REGION } = options;
  if (!/^\d{12}$/.test(account ?? ''))
    throw new UsageError(`--account must be the account of the deployment, 12 digits, got "${account ?? ''}"`);
  if (!region) throw new UsageError('--region must be the Region of the deployment');
  try {
    const where = { partition: partitionOf(region), account: account!, region };
    const settings = loadSettings(file);
    const foreign = foreignBucketOf(settings, where);
    const found = [...(foreign && foreign.owner !== account ? [foreign] : []), ...otherBucketsOf(settings, where)];
    if (found.length === 0) throw new UsageError(NOT_FOREIGN);
    return found;
  } catch (error) {
    throw error instanceof SettingsError ? new UsageError(error.message) : error;
  }
}

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);

function text(
  { owner, bucket, reader, region = reader.region }: ForeignBucket,
  { bucketPolicy, keyPolicy, rule, notification }: OwnerChanges,
): string {
  const { account } = reader;
  const steps = [
    ...(bucketPolicy.length === 0
      ? []
      : [
          `Add these statements to the policy of bucket ${bucket}. They let the function that reads
the flow logs in account ${account}, and the roles of --also, read the flow logs and no
other file. The function may also list the keys of the bucket, because S3 asks for
that before it answers that a file is missing. Object Ownership of the bucket must be
"Bucket owner enforced" (ACLs off). Otherwise files may belong to another account,
and the policy of the bucket does not reach them.

${json(bucketPolicy)}`,
        ]),
    ...(keyPolicy
      ? [
          `Add this statement to the policy of key ${keyPolicy.keyArn}.
It allows decrypting through S3 only.

${json(keyPolicy.statements)}`,
        ]
      : []),
    ...(rule ? ruleSteps(rule, bucket, region) : []),
    ...(notification
      ? [
          `Add this to QueueConfigurations of the notifications of bucket ${bucket}. Keep the
other configurations, because a call replaces all of them. Do it after the
deployment, because S3 sends a test message to the queue first. S3 refuses it if
another notification covers the same prefix.

${json(notification)}`,
        ]
      : []),
  ];
  return `For account ${owner}, which owns bucket ${bucket}, in Region ${region}:

${steps.map((step, at) => `${at + 1}. ${step}`).join('\n\n')}
`;
}

function ruleSteps({ name, pattern, target, role }: EventRule, bucket: string, region: string): string[] {
  return [
    `Enable EventBridge in the properties of bucket ${bucket}. The other notifications
of the bucket stay as they are.`,
    `Create the role ${role.name}. Trust policy:

${json(policyOf(role.trust))}

Permissions:

${json(policyOf(role.permissions))}`,
    `Create the EventBridge rule ${name} on the default event bus in ${region}. Event
pattern:

${json(pattern)}

Target:

${json(target)}`,
  ];
}

const policyOf = (statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
