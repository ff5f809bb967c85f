/**
 * The AWS clients. They retry throttled calls many times and soon end silent ones. Region and credentials come from the
 * environment by default.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The account and Region of a client, if the environment does not give them or others are wanted. */
export interface Connection {
  readonly region?: string | undefined;
  /** A profile of the AWS configuration files. */
  readonly profile?: string | undefined;
  /** A server other than AWS: the endpoint of DynamoDB, and the one of all other services. */
  readonly server?: { readonly dynamodb: string; readonly other: string } | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/**
 * Throttled calls are retried many times, because a failed invocation would read its file again from the first byte.
 */
const MAX_ATTEMPTS = 8;

/**
 * A connection that hangs is closed and the call is retried, so that it cannot block an invocation to its end.
 * Milliseconds to connect, from the request to the head of the answer, and of silence within a body. A body as a whole
 * may take longer.
 */
export const TIMEOUTS = {
  connectionTimeout: 3_000,
  requestTimeout: 10_000,
  throwOnRequestTimeout: true,
  socketTimeout: 10_000,
} as const;

/** The configuration of a client for a connection. */
export function clientConfig({ region, profile, server, credentials }: Connection, timeouts: object = TIMEOUTS) {
  return {
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: timeouts,
    ...(region && { region }),
    ...(profile && { profile }),
    ...(server && { endpoint: server.other }),
    ...(credentials && { credentials }),
  };
}

export const createDocumentClient = (connection: Connection = {}): DynamoDBDocumentClient => {
  const { server } = connection;
  const config = { ...clientConfig(connection), ...(server && { endpoint: server.dynamodb }) };
  return DynamoDBDocumentClient.from(new DynamoDBClient(config), { marshallOptions: { removeUndefinedValues: true } });
};

/**
 * @param owner the account that must own every bucket, if it is known. S3 refuses calls on a bucket of another account,
 * such as one that took over the name of a deleted bucket.
 */
export function createS3Client(connection: Connection = {}, owner?: string): S3Client {
  const client = new S3Client(clientConfig(connection));
  if (owner)
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, ExpectedBucketOwner: owner } }),
      { step: 'initialize', name: 'expectBucketOwner' },
    );
  return client;
}

export const createSqsClient = (connection: Connection = {}): SQSClient => new SQSClient(clientConfig(connection));

export const createSnsClient = (connection: Connection = {}): SNSClient => new SNSClient(clientConfig(connection));

export type { DynamoDBDocumentClient, S3Client, SNSClient, SQSClient };
