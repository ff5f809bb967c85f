/** The settings of the bucket that flow log files are read from: a new one, or one that receives them already. */
import { z } from 'zod';
import { textOrToken } from './token.ts';

/** Form of the ARN of a KMS key; an alias is refused because S3 needs the key itself for log delivery. */
export const keyArn = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;
const bucketName = '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]';

const newBucket = z
  .strictObject({
    name: textOrToken(new RegExp(`^${bucketName}$`), 'must be a bucket name: 3 to 63 of a-z, 0-9, dot and hyphen')
      .optional()
      .describe(
        'Name of the new bucket. Default: <deploymentName>-flow-logs-<account>-<region>. Set it when that name is ' +
          'taken, for instance by the bucket that an earlier removal kept.',
      ),
  })
  .describe('Create a bucket for the flow logs, with the policy that log delivery needs.');

const existingBucket = z
  .strictObject({
    bucket: textOrToken(
      new RegExp(`^(arn:aws[a-z-]*:s3:::)?${bucketName}$`),
      'must be a bucket name or ARN (arn:aws:s3:::NAME) without a path',
    ).describe('Name or ARN of a bucket in the account and region of the stack.'),
    events: z
      .enum(['notification', 'eventbridge'])
      .default('eventbridge')
      .describe(
        'How new objects are announced. eventbridge: a rule of ours, nothing of the bucket is changed, but its owner ' +
          'must have switched EventBridge on for it. notification: a custom resource adds our queue to the ' +
          'notifications of the bucket; S3 refuses it where another notification covers the same prefix.',
      ),
    prefix: z
      .string()
      .regex(/^([^/].*\/)?$/, 'must be empty or end with / and not start with it')
      .default('')
      .describe(
        'Only objects whose key starts so are read, for instance network/AWSLogs/. Empty reads the whole bucket; ' +
          'then every object in it must be a flow log file, since others fail and raise an alarm.',
      ),
    kmsKeyArn: textOrToken(
      keyArn,
      'must be the full ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not an alias',
    )
      .optional()
      .describe('Key that encrypts the objects, if it is one of your own; ingest is allowed to decrypt with it.'),
  })
  .describe('Read a bucket that already receives flow logs. Its policy and encryption stay as they are.');

/** Which bucket: `new` (the default) or `existing`, never both. */
export const bucketChoice = z
  .strictObject({ new: newBucket.optional(), existing: existingBucket.optional() })
  .refine((bucket) => bucket.new === undefined || bucket.existing === undefined, 'must name one of new and existing')
  .default({})
  .describe('Where the flow log files are. Default: a new bucket.');
