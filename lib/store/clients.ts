/** The AWS clients, one of each, configured by the environment alone (region, credentials, AWS_ENDPOINT_URL). */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Throttling is answered with patience: a failed invocation would read its file again from the first byte. */
const MAX_ATTEMPTS = 8;

export const createDocumentClient = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: MAX_ATTEMPTS }), {
    marshallOptions: { removeUndefinedValues: true },
  });

export const createS3Client = (): S3Client => new S3Client({ maxAttempts: MAX_ATTEMPTS });

export const createSqsClient = (): SQSClient => new SQSClient({ maxAttempts: MAX_ATTEMPTS });

export const createSnsClient = (): SNSClient => new SNSClient({ maxAttempts: MAX_ATTEMPTS });

export type { DynamoDBDocumentClient, S3Client, SNSClient, SQSClient };
