/** The alert queue and the alert topic. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { AlertMessage } from '../notify/message.ts';
import type { FindingRef } from './findings-store.ts';

/** Asks the alert function to look at a finding that is marked in the table. */
export async function requestAlert(client: SQSClient, queueUrl: string, ref: FindingRef): Promise<void> {
  await client.send(
    new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ pk: ref.pk, sk: ref.sk }) }),
  );
}

/** Publishes an alert; returns SNS's message id. */
export async function publishAlert(client: SNSClient, topicArn: string, message: AlertMessage): Promise<string> {
  const { MessageId } = await client.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: message.subject,
      MessageStructure: 'json',
      Message: JSON.stringify(message.bodies),
      MessageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, value]) => [
          name,
          typeof value === 'string'
            ? { DataType: 'String', StringValue: value }
            : { DataType: 'String.Array', StringValue: JSON.stringify(value) },
        ]),
      ),
    }),
  );
  return MessageId ?? '';
}
