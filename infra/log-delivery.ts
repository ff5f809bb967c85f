/**
 * The statements that let log delivery write flow logs, for the policies of the stack's bucket and key, or printed for
 * an existing bucket.
 */
import { Annotations, Aws, Stack, Token } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { isToken } from '../lib/config/token.ts';

/** The destination of log delivery, in the terms of policies. */
interface Place {
  readonly partition: string;
  /** The account of the stack, which may always deliver. */
  readonly account: string;
  readonly bucketArn: string;
  /** The prefix before AWSLogs/. */
  readonly prefix: string;
}

/** A group of accounts that may deliver, selected by a condition. */
interface Senders {
  /** Suffix of the names of their statements. */
  readonly name: string;
  readonly folders: readonly string[];
  /** Conditions under which log delivery acts only for these accounts (confused deputy). */
  readonly conditions: { readonly StringEquals: object; readonly ArnLike: object };
}

type DeliverySettings = Pick<Settings, 'flowLogs' | 'logAccounts' | 'logOrganization'>;

/**
 * The accounts by number, and those of an organization. The Region of the source is not restricted: flow logs of an
 * account come from all its Regions, and log delivery fails silently if a condition does not hold.
 */
function sendersOf(
  settings: DeliverySettings,
  { partition, account }: Pick<Place, 'partition' | 'account'>,
): Senders[] {
  const accounts = [account, ...settings.logAccounts];
  const { logOrganization } = settings;
  const named: Senders = {
    name: '',
    folders: accounts.flatMap((each) =>
      settings.flowLogs.hiveCompatiblePartitions ? [each, `aws-account-id=${each}`] : [each],
    ),
    conditions: {
      StringEquals: { 'aws:SourceAccount': accounts },
      ArnLike: { 'aws:SourceArn': accounts.map((each) => `arn:${partition}:logs:*:${each}:*`) },
    },
  };
  if (logOrganization === undefined) return [named];
  // In addition to the accounts: if log delivery does not name the organization, the listed accounts still deliver.
  return [
    named,
    {
      name: 'OfOrganization',
      folders: [''],
      conditions: {
        StringEquals: { 'aws:SourceOrgID': logOrganization },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:logs:*:*:*` },
      },
    },
  ];
}

const principals = [new ServicePrincipal('delivery.logs.amazonaws.com')];

/**
 * The two statements of "Amazon S3 bucket permissions for flow logs", for each group of senders. The page's condition
 * on `s3:x-amz-acl` is left out: reports say that delivery sends no ACL header to a bucket with ACLs off, so the
 * condition would deny every write (cloudposse/terraform-aws-vpc-flow-logs-s3-bucket pull request 101). With ACLs off
 * no object has an ACL and S3 refuses any ACL but the owner's, so leaving it out is safe even if the header is sent.
 */
function bucketStatements(settings: DeliverySettings, place: Place): PolicyStatement[] {
  return sendersOf(settings, place).flatMap(({ name, folders, conditions }) => [
    new PolicyStatement({
      sid: `LogDeliveryWrites${name}`,
      principals,
      actions: ['s3:PutObject'],
      resources: folders.map((folder) => `${place.bucketArn}/${place.prefix}AWSLogs/${folder && `${folder}/`}*`),
      conditions,
    }),
    new PolicyStatement({
      sid: `LogDeliveryChecksTheBucket${name}`,
      principals,
      actions: ['s3:GetBucketAcl', 's3:ListBucket'],
      resources: [place.bucketArn],
      conditions,
    }),
  ]);
}

const here = { partition: Aws.PARTITION, account: Aws.ACCOUNT_ID };

/**
 * Statements for the policy of the stack's bucket. Throws {@link SettingsError} if S3 would refuse a policy of that
 * size.
 */
export function deliveryToBucket(settings: Settings, bucketArn: string): PolicyStatement[] {
  refuseOverLimit(settings);
  return bucketStatements(settings, { ...here, bucketArn, prefix: '' });
}

/** Statements for the policy of the stack's key. */
export function deliveryWithKey(settings: Settings): PolicyStatement[] {
  return sendersOf(settings, here).map(
    ({ name, conditions }) =>
      new PolicyStatement({
        sid: `LogDeliveryEncrypts${name}`,
        principals,
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions,
      }),
  );
}

/**
 * Size limit of S3 in bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html. A key policy
 * may have 32 KB and grows by a third as much per account, so it never reaches its limit first.
 */
const BUCKET_POLICY_LIMIT = 20_480;
/** Placeholders of maximum length for values that only CloudFormation knows. */
const longest = { partition: 'aws-us-gov', account: '0'.repeat(12), region: 'ap-southeast-2' };
/** Room for the statement that refuses plain HTTP. */
const OTHER_STATEMENTS = 400;

/** Otherwise CloudFormation would reject the policy in the middle of a deployment. */
function refuseOverLimit(settings: Settings): void {
  const { bucket, deploymentName, logAccounts } = settings;
  const given = bucket.new?.name ?? `${deploymentName}-flow-logs-${longest.account}-${longest.region}`;
  const name = isToken(given) ? 'a'.repeat(63) : given;
  const place = { ...longest, bucketArn: `arn:${longest.partition}:s3:::${name}`, prefix: '' };
  const sizeFor = (accounts: string[]): number => {
    const known = accounts.map((each) => (isToken(each) ? longest.account : each));
    const statements = bucketStatements({ ...settings, logAccounts: known }, place);
    return JSON.stringify(new PolicyDocument({ statements }).toJSON()).length + OTHER_STATEMENTS;
  };
  const size = sizeFor(logAccounts);
  if (size <= BUCKET_POLICY_LIMIT) return;
  const base = sizeFor([]);
  const most = Math.floor((BUCKET_POLICY_LIMIT - base) / ((size - base) / logAccounts.length));
  throw new SettingsError('settings', [
    `logAccounts: must be at most ${most} accounts, got ${logAccounts.length}: the bucket policy would have ${size} bytes and ` +
      `S3 accepts ${BUCKET_POLICY_LIMIT}. Set logOrganization instead, which allows all accounts of an organization`,
  ]);
}

/** An existing bucket, and the key prefix before AWSLogs/ to which flow logs are delivered. */
interface ExistingBucket {
  readonly bucketName: string;
  readonly prefix: string;
}

/**
 * Warns that AWS changes the policy of an existing bucket when it gets a flow log. According to the VPC user guide it
 * attaches a policy that "overwrites any existing policy". According to newer AWS pages it appends statements.
 */
export function warnOfBucketPolicy(scope: Construct, settings: Settings, { bucketName, prefix }: ExistingBucket): void {
  const stack = Stack.of(scope);
  const known = (value: string, otherwise: string) => (Token.isUnresolved(value) ? otherwise : value);
  const partition = RegionInfo.get(known(stack.region, 'us-east-1')).partition ?? 'aws';
  const bucket = known(bucketName, 'BUCKET');
  const place = {
    partition,
    account: known(stack.account, 'ACCOUNT'),
    bucketArn: `arn:${partition}:s3:::${bucket}`,
    prefix,
  };
  const statements = bucketStatements(settings, place).map((statement) =>
    JSON.stringify(stack.resolve(statement.toStatementJson())),
  );
  Annotations.of(scope).addWarningV2(
    'Sweepwatch:BucketPolicy',
    `vpcs with bucket.existing: when a flow log is created, AWS may add statements to the policy of ${bucket}, or replace ` +
      'the policy. Keep a copy of it, and add these statements before you deploy' +
      `${place.account === 'ACCOUNT' ? ' (ACCOUNT is the account of the stack)' : ''}:\n${statements.join(',\n')}\n`,
  );
}
