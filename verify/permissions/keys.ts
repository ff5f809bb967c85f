/** The customer's keys of a deployment: which one encrypts a resource, and what a use of it asks for. */
import { policyOf } from '../../local/checks/policies.ts';
import { type Policy, readPolicy } from '../../local/iam/document.ts';
import type { CreatedResource } from '../../local/resources/stack.ts';
import { isObject } from '../../local/template/json.ts';
import { ACCOUNT, FAR_KEY, GIVEN_KEY, OWNERS_KEY, type PaperStack } from './stacks.ts';

/** What the policy of a key in the settings must say, in addition to letting its account administer it. */
export const GIVEN_KEY_STATEMENTS = [
  {
    Sid: 'PoliciesOfTheAccountDecide',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  },
  {
    Sid: 'LogDeliveryEncrypts',
    Effect: 'Allow',
    Principal: { Service: 'delivery.logs.amazonaws.com' },
    Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
      ArnLike: { 'aws:SourceArn': `arn:aws:logs:*:${ACCOUNT}:*` },
    },
  },
];

const givenKeyPolicy = readPolicy(
  { Version: '2012-10-17', Statement: GIVEN_KEY_STATEMENTS },
  'resource',
  'the given key',
);

/** The policy of a key: that of the stack, or the documented one. */
export function keyPolicyOf(stack: PaperStack, keyArn: string): Policy | undefined {
  if (keyArn === GIVEN_KEY) return givenKeyPolicy;
  if (keyArn === OWNERS_KEY || keyArn === FAR_KEY) return stack.owner?.key;
  const key = [...stack.resources.values()].find(({ attributes }) => attributes.Arn === keyArn);
  return key === undefined ? undefined : policyOf(stack.resources, key)?.policy;
}

const first = (value: unknown): Record<string, unknown> => {
  const [entry] = [value].flat();
  return isObject(entry) ? entry : {};
};

const keyReaders: Readonly<Record<string, (properties: CreatedResource['properties']) => unknown>> = {
  'AWS::S3::Bucket': ({ BucketEncryption }) =>
    first(first(first(BucketEncryption).ServerSideEncryptionConfiguration).ServerSideEncryptionByDefault)
      .KMSMasterKeyID,
  'AWS::SQS::Queue': ({ KmsMasterKeyId }) => KmsMasterKeyId,
  'AWS::SNS::Topic': ({ KmsMasterKeyId }) => KmsMasterKeyId,
  'AWS::DynamoDB::GlobalTable': ({ Replicas }) => first(first(Replicas).SSESpecification).KMSMasterKeyId,
};

/** The key that a resource is encrypted with: an ARN, the alias of a key of AWS, or undefined for what needs no permission. */
export function keyOf(resource: CreatedResource): string | undefined {
  const key = keyReaders[resource.type]?.(resource.properties);
  return key === undefined ? undefined : String(key);
}

/** Keys that AWS manages admit the principals of the account through the service, and no other service. */
export const isManagedByAws = (key: string): boolean => key.startsWith('alias/aws/');

/**
 * What a call asks of the key of its resource. S3: one data key for each object written, opened again for the next part.
 * SNS and SQS: a data key for a message sent, opened for one received. DynamoDB: the table's key is opened.
 */
export function keyActionsOf(action: string): readonly string[] {
  switch (action) {
    case 's3:PutObject':
    case 'sns:Publish':
    case 'sqs:SendMessage':
      return ['kms:GenerateDataKey', 'kms:Decrypt'];
    case 's3:GetObject':
    case 'sqs:ReceiveMessage':
      return ['kms:Decrypt'];
    default:
      return action.startsWith('dynamodb:') ? ['kms:Decrypt'] : [];
  }
}
