/** The SDK clients of one local cloud, and the environment that points other SDK clients and the CLI to it. */
import { devNull } from 'node:os';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Addresses of the servers. */
export interface Endpoints {
  endpointUrl: string;
  dynamodbUrl: string;
  region: string;
}

/** One client for each service of the local cloud. */
export interface Clients {
  s3: S3Client;
  sqs: SQSClient;
  sns: SNSClient;
  dynamodb: DynamoDBClient;
}

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Clients for S3, SQS and SNS at `endpointUrl`. Destroy each when done. */
export function createMessagingClients(endpointUrl: string, region: string): Omit<Clients, 'dynamodb'> {
  const settings = { endpoint: endpointUrl, region, credentials };
  return {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }),
    sns: new SNSClient(settings),
  };
}

/** A DynamoDB client. Destroy it when done. */
export function createDynamodbClient(dynamodbUrl: string, region: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint: dynamodbUrl, region, credentials });
}

/** How the commands of this project reach the local cloud without environment variables. */
export const connectionTo = ({ endpointUrl, dynamodbUrl, region }: Endpoints) => ({
  region,
  server: { dynamodb: dynamodbUrl, other: endpointUrl },
  credentials,
});

/** The AWS_* variables under which SDK clients and the AWS CLI find the local cloud and nothing else. */
export function environmentFor({ endpointUrl, dynamodbUrl, region }: Endpoints): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodbUrl,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The user's own profiles are ignored, because they may name another endpoint or an assumed role.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}
