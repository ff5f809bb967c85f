/** What log delivery does to a bucket of the stack, and what it must not do. */
import { type Connection, requestOf } from '../../local/checks/connections.ts';
import { arnOf } from '../../local/checks/policies.ts';
import type { Request } from '../../local/iam/decide.ts';
import { ACCOUNT, MEMBER, type PaperStack, REGION, resourceNamed } from './stacks.ts';

/** A request of log delivery in words. */
export interface Delivery {
  readonly says: string;
  readonly connection: Connection;
  readonly request: Request;
}

const FILE = 'vpcflowlogs/2026/11/22/flow.log.gz';
/** An account that no setting names. */
export const STRANGER = '999988887777';
/** A Region from which flow logs come to the bucket too. */
export const OTHER_REGION = 'us-east-1';
/** An organization that no setting names. */
export const STRANGE_ORGANIZATION = 'o-stranger00';

/** Properties of a delivery in addition to its connection. */
interface Header {
  readonly acl?: string;
  readonly organization?: string | undefined;
}

function deliver(stack: PaperStack, says: string, given: Partial<Connection> & Header): Delivery {
  const { acl, organization, ...changes } = given;
  const sourceAccount = changes.sourceAccount ?? ACCOUNT;
  const connection: Connection = {
    owner: 'log delivery',
    service: 'delivery.logs.amazonaws.com',
    action: 's3:PutObject',
    target: '',
    sourceArn: `arn:aws:logs:${REGION}:${sourceAccount}:*`,
    ...(organization === undefined ? {} : { sourceOrganization: organization }),
    consequence: 'so flow logs do not arrive',
    ...changes,
    sourceAccount,
  };
  const request = requestOf(connection, stack.accountId);
  if (acl === undefined) return { says, connection, request };
  return { says, connection, request: { ...request, context: new Map([...request.context, ['s3:x-amz-acl', [acl]]]) } };
}

/** The bucket of a deployment, where it is ours, and the accounts that the settings name. */
function parts(stack: PaperStack): { bucket: string; accounts: string[] } | undefined {
  const resource = resourceNamed(stack, 'LogBucket');
  if (resource === undefined) return undefined;
  return { bucket: arnOf(resource), accounts: [ACCOUNT, ...stack.settings.logAccounts] };
}

/**
 * What must be admitted: each named account and the members of a named organization, from any Region, in the layouts that
 * they may choose, with and without an ACL header, and the look at the bucket before.
 */
export function wantedDeliveries(stack: PaperStack): Delivery[] {
  const found = parts(stack);
  if (found === undefined) return [];
  const { bucket, accounts } = found;
  const isHive = stack.settings.flowLogs.hiveCompatiblePartitions;
  const { logOrganization } = stack.settings;
  const hive = (account: string) => `aws-account-id=${account}`;
  return [
    ...accounts.flatMap((account) => wantedOf(account, [account, ...(isHive ? [hive(account)] : [])])),
    ...(logOrganization === undefined ? [] : wantedOf(MEMBER, [MEMBER, hive(MEMBER)], logOrganization)),
  ];

  function wantedOf(sourceAccount: string, folders: string[], organization?: string): Delivery[] {
    const common = { sourceAccount, organization };
    const write = `log delivery for ${sourceAccount} cannot write its files`;
    return [
      ...folders.flatMap((folder) => {
        const target = `${bucket}/AWSLogs/${folder}/${FILE}`;
        return [
          deliver(stack, write, { ...common, target }),
          deliver(stack, write, { ...common, target, acl: 'bucket-owner-full-control' }),
          deliver(stack, write, { ...common, target, sourceArn: `arn:aws:logs:${OTHER_REGION}:${sourceAccount}:*` }),
        ];
      }),
      deliver(stack, `log delivery for ${sourceAccount} cannot look at the bucket`, {
        ...common,
        action: 's3:GetBucketAcl',
        target: bucket,
      }),
    ];
  }
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
    deliver(stack, 'a member of another organization delivers', {
      sourceAccount: STRANGER,
      organization: STRANGE_ORGANIZATION,
      target: `${bucket}/AWSLogs/${STRANGER}/${FILE}`,
    }),
    deliver(stack, 'a named account delivers for another service than log delivery', {
      sourceArn: `arn:aws:s3:${REGION}:${ACCOUNT}:*`,
      target: own,
    }),
    deliver(stack, 'log delivery deletes a file', { action: 's3:DeleteObject', target: own }),
    deliver(stack, 'another service delivers', { service: 'logging.s3.amazonaws.com', target: own }),
  ];
}
