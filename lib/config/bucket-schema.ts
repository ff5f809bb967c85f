/** The settings of the bucket that flow log files are read from: a new one, or one that receives them already. */
import { z } from 'zod';
import { isToken, textOrToken } from './token.ts';

/** Form of the ARN of a KMS key. An alias is refused because log delivery needs the key's own ARN. */
export const keyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;
/** The part of the naming rules that editors check. {@link bucketNameRules} has the rest. */
const bucketName = '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]';
/** The folder that log delivery adds, with or without the folder of an organization. */
const flowLogFolder = /(^|\/)AWSLogs\/(o-[a-z0-9]{10,32}\/)?$/;
/** Removed before a name is checked. */
const bucketArn = /^arn:aws[a-z-]*:s3:::/;

/**
 * The rules of "General purpose bucket naming rules" in the S3 user guide, each with the words for what a name must be.
 */
const bucketNameRules: readonly (readonly [rule: (name: string) => boolean, must: string])[] = [
  [(name) => /^[a-z0-9.-]{3,63}$/.test(name), 'be 3 to 63 of a-z, 0-9, dot and hyphen'],
  [(name) => /^[a-z0-9].*[a-z0-9]$/.test(name), 'begin and end with a letter or a number'],
  [(name) => !name.includes('..'), 'not contain two dots in a row'],
  [(name) => !/^\d+\.\d+\.\d+\.\d+$/.test(name), 'not look like an IP address'],
  [(name) => !/^(xn--|sthree-|amzn-s3-demo-)/.test(name), 'not begin with xn--, sthree- or amzn-s3-demo-'],
  [
    (name) => !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name),
    'not end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3 (no access point, no directory bucket)',
  ],
];

function checkBucketName(what: string): (name: string, context: z.core.$RefinementCtx<string>) => void {
  return (name, context) => {
    if (isToken(name)) return;
    const [, must] = bucketNameRules.find(([holds]) => !holds(name.replace(bucketArn, ''))) ?? [];
    if (must !== undefined) refuse(context, `must be ${what}. A name must ${must}`);
  };
}

const newBucket = z
  .strictObject({
    name: z
      .string()
      .superRefine(checkBucketName('a bucket name'))
      .meta({ pattern: `^${bucketName}$` })
      .optional()
      .describe(
        'Name of the new bucket. Default: <deploymentName>-flow-logs-<account>-<region>. Set it when that name is ' +
          'taken, for instance by the bucket that an earlier removal kept.',
      ),
  })
  .describe('Create a bucket for the flow logs, with the policy that log delivery needs.');

function refuse(context: z.core.$RefinementCtx<string>, message: string): void {
  context.addIssue({ code: 'custom', message });
}

/**
 * Keys begin neither with a slash nor with the bucket's name, and a star would act as a wildcard in the role's policy.
 */
function checkStart(start: string, context: z.core.$RefinementCtx<string>): boolean {
  if (start.startsWith('s3://') || start.startsWith('arn:'))
    refuse(context, 'must be the beginning of keys, without the bucket');
  else if (start.startsWith('/')) refuse(context, 'must not start with /, since no key of log delivery does');
  else return true;
  return false;
}

function checkPrefix(prefix: string, context: z.core.$RefinementCtx<string>): void {
  if (!checkStart(prefix, context)) return;
  if (/[*?]/.test(prefix))
    refuse(context, 'must not contain * or ?: for the flow logs of all accounts and Regions set flowLogsUnder');
  else if (prefix !== '' && !prefix.endsWith('/')) refuse(context, 'must be empty or end with /');
}

function checkFlowLogsUnder(folder: string, context: z.core.$RefinementCtx<string>): void {
  if (!checkStart(folder, context)) return;
  if (/[*?]/.test(folder))
    refuse(context, 'must not contain * or ?, since it already covers all accounts and Regions: AWSLogs/');
  else if (!flowLogFolder.test(folder))
    refuse(
      context,
      'must end with AWSLogs/ (or AWSLogs/<organization id>/), the folder that AWS adds: network/AWSLogs/',
    );
  else if (!/^[\w!.'()=/-]+$/.test(folder))
    refuse(context, "must consist of letters, digits and ! - _ . ' ( ) = /, as S3 recommends for keys");
}

const keyOfObjects = textOrToken(
  keyArn,
  'must be the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not an alias',
)
  .optional()
  .describe(
    'Customer managed key that encrypts the objects, if there is one. The ingest function gets ' +
      'permission to decrypt with it.',
  );

const existingBucket = z
  .strictObject({
    bucket: z
      .string()
      .superRefine(checkBucketName('a bucket name or ARN (arn:aws:s3:::NAME) without a path'))
      .meta({ pattern: `^(${bucketArn.source.slice(1)})?${bucketName}$` })
      .describe('Name or ARN of a bucket in the region of the stack.'),
    account: textOrToken(/^\d{12}$/, 'must be an account id of 12 digits')
      .optional()
      .describe(
        'Account that owns the bucket, if it is not the account of the stack. The owner then adds the ' +
          'statements, and the rule or notification, that `sweepwatch setup policy` prints. The stack ' +
          'gives the ingest queue and the ingest role fixed names, which the statements contain.',
      ),
    events: z
      .enum(['notification', 'eventbridge'])
      .default('eventbridge')
      .describe(
        'How new objects are announced. eventbridge: the stack creates an EventBridge rule and does ' +
          'not change the bucket, whose owner must have enabled EventBridge for it. notification: a ' +
          'custom resource adds the ingest queue to the notifications of the bucket. S3 refuses that ' +
          'if another notification covers the same prefix. With account, the owner creates the rule or ' +
          'the notification, because no rule of another account receives the events of a bucket.',
      ),
    flowLogsUnder: z
      .string()
      .superRefine(checkFlowLogsUnder)
      .meta({ pattern: flowLogFolder.source })
      .optional()
      .describe(
        'The right choice for a bucket shared with CloudTrail, Config or load balancers. Only the ' +
          'flow logs of all accounts and Regions below this folder are read, plain or Hive-style. It ' +
          'ends with the AWSLogs/ that AWS adds, for instance AWSLogs/ or network/AWSLogs/, or with an ' +
          'organization id after it.',
      ),
    prefix: z
      .string()
      .superRefine(checkPrefix)
      .meta({ pattern: '^([^/*?][^*?]*/)?$' })
      .default('')
      .describe(
        'For files that another program copied: every object whose key has this prefix is read, for ' +
          'instance copies/flow-logs/. If empty, the whole bucket is read. Empty objects, and logs of ' +
          'other services in the key layout of AWS, are ignored and counted. Any other object that is ' +
          'not a flow log fails and raises an alarm.',
      ),
    kmsKeyArn: keyOfObjects,
  })
  .describe(
    'Read a bucket that already receives flow logs. The stack changes neither its policy nor its ' +
      'encryption. With vpcs, AWS itself may add statements for log delivery to its policy, or replace ' +
      'the policy. Synthesis then prints the statements to add first.',
  );

/** Which bucket: `new` (the default) or `existing`, never both. */
export const bucketChoice = z
  .strictObject({ new: newBucket.optional(), existing: existingBucket.optional() })
  .refine(
    (bucket) => bucket.new === undefined || bucket.existing === undefined,
    'must contain new or existing, not both',
  )
  .default({})
  .describe('Where the flow log files are. Default: a new bucket.');

const otherBucket = z.strictObject({
  bucket: z
    .string()
    .superRefine((name, context) => {
      if (isToken(name))
        refuse(context, 'must be known at synthesis, because names in the account of its owner contain it');
      checkBucketName('a bucket name')(name, context);
    })
    .meta({ pattern: `^${bucketName}$` })
    .describe('Name of the bucket.'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a Region such as eu-central-1')
    .describe('Region of the bucket.'),
  account: textOrToken(/^\d{12}$/, 'must be an account id of 12 digits')
    .optional()
    .describe('Account that owns the bucket. Default: the account of the stack.'),
  flowLogsUnder: z
    .string()
    .superRefine(checkFlowLogsUnder)
    .meta({ pattern: flowLogFolder.source })
    .default('AWSLogs/')
    .describe('As bucket.existing.flowLogsUnder: only the flow logs below this folder are read.'),
  kmsKeyArn: keyOfObjects,
});

/** Buckets beside the one of `bucket`, told apart by their names. */
export const otherBuckets = z
  .array(otherBucket)
  .max(10)
  .default([])
  .describe(
    'Further buckets of flow logs, of any Region and account, that the stack reads too, so that one scanner in several ' +
      'Regions is one source. The stack creates an EventBridge bus (Classic). Rules beside the buckets send to it, and ' +
      '`sweepwatch setup policy` prints them. An event costs the owner 0.000001 USD, and the transfer of a file from ' +
      'another Region 0.02 USD per GB or more.',
  );
