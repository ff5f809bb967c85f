/** What log delivery does to a bucket of ours, and what it must not do. */
import { type Connection, requestOf } from '../../local/checks/connections.ts';
import { arnOf } from '../../local/checks/policies.ts';
import { contextOf } from '../../local/iam/context.ts';
import type { Request } from '../../local/iam/decide.ts';
import { ACCOUNT, type PaperStack, REGION, resourceNamed } from './stacks.ts';

/** A request of log delivery in words. */
export interface Delivery {
  readonly says: string;
  readonly connection: Connection;
  readonly request: Request;
}

const FILE = 'vpcflowlogs/2026/11/22/flow.log.gz';
/** An account that no setting names. */
export const STRANGER = '999988887777';
const ACL = 'bucket-owner-full-control';

function deliver(stack: PaperStack, says: string, given: Partial<Connection> & { acl?: string | undefined }): Delivery {
  const { acl, ...changes } = { acl: ACL, ...given };
  const sourceAccount = changes.sourceAccount ?? ACCOUNT;
  const connection: Connection = {
    owner: 'log delivery',
    service: 'delivery.logs.amazonaws.com',
    action: 's3:PutObject',
    target: '',
    sourceArn: `arn:aws:logs:${REGION}:${sourceAccount}:*`,
    consequence: 'so flow logs do not arrive',
    ...changes,
    sourceAccount,
  };
  const plain = requestOf(connection, stack.accountId);
  const context = contextOf({
    'aws:SourceArn': connection.sourceArn,
    'aws:SourceAccount': connection.sourceAccount,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'true',
    'aws:ResourceAccount': ACCOUNT,
    ...(acl === undefined || connection.action !== 's3:PutObject' ? {} : { 's3:x-amz-acl': acl }),
  });
  return { says, connection, request: { ...plain, context } };
}

/** The bucket of a deployment, where it is ours, and the accounts that the settings name. */
function parts(stack: PaperStack): { bucket: string; accounts: string[] } | undefined {
  const resource = resourceNamed(stack, 'LogBucket');
  if (resource === undefined) return undefined;
  return { bucket: arnOf(resource), accounts: [ACCOUNT, ...stack.settings.logAccounts] };
}

/** What must be admitted: each named account, in the layouts that it may choose, and the look at the bucket before. */
export function wantedDeliveries(stack: PaperStack): Delivery[] {
  const { bucket, accounts } = parts(stack) ?? { bucket: '', accounts: [] };
  const isHive = stack.settings.flowLogs.hiveCompatiblePartitions;
  return accounts.flatMap((sourceAccount) => [
    ...[sourceAccount, ...(isHive ? [`aws-account-id=${sourceAccount}`] : [])].map((folder) =>
      deliver(stack, `log delivery for ${sourceAccount} cannot write its files`, {
        sourceAccount,
        target: `${bucket}/AWSLogs/${folder}/${FILE}`,
      }),
    ),
    deliver(stack, `log delivery for ${sourceAccount} cannot look at the bucket`, {
      sourceAccount,
      action: 's3:GetBucketAcl',
      target: bucket,
    }),
  ]);
}

/** What must be refused. */
export function unwantedDeliveries(stack: PaperStack): Delivery[] {
  const found = parts(stack);
  if (found === undefined) return [];
  const { bucket } = found;
  const own = `${bucket}/AWSLogs/${ACCOUNT}/${FILE}`;
  return [
    deliver(stack, 'an account that is not named delivers into its own folder', {
      sourceAccount: STRANGER,
      target: `${bucket}/AWSLogs/${STRANGER}/${FILE}`,
    }),
    deliver(stack, 'an account that is not named delivers into a folder of a named one', {
      sourceAccount: STRANGER,
      target: own,
    }),
    deliver(stack, 'an account that is not named delivers under an ARN of a named one', {
      sourceAccount: STRANGER,
      sourceArn: `arn:aws:logs:${REGION}:${ACCOUNT}:*`,
      target: own,
    }),
    deliver(stack, 'a named account delivers under an ARN of another', {
      sourceArn: `arn:aws:logs:${REGION}:${STRANGER}:*`,
      target: own,
    }),
    deliver(stack, 'an account that is not named looks at the bucket', {
      sourceAccount: STRANGER,
      action: 's3:GetBucketAcl',
      target: bucket,
    }),
    deliver(stack, 'a named account delivers outside of its folder', { target: `${bucket}/${FILE}` }),
    deliver(stack, 'a named account delivers into the folder of one that is not named', {
      target: `${bucket}/AWSLogs/${STRANGER}/${FILE}`,
    }),
    deliver(stack, 'files are delivered without control for the owner of the bucket', { acl: undefined, target: own }),
    deliver(stack, 'files are delivered that everybody may read', { acl: 'public-read', target: own }),
    deliver(stack, 'log delivery deletes a file', { action: 's3:DeleteObject', target: own }),
    deliver(stack, 'another service delivers', { service: 'logging.s3.amazonaws.com', target: own }),
  ];
}
