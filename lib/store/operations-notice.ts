/** Tells operations something by their topic, on behalf of whoever runs a command. */
import { PublishCommand } from '@aws-sdk/client-sns';
import { type Connection, createSnsClient } from './clients.ts';

/** Publishes a text to the operations topic. The subject must be printable ASCII of at most 100 characters. */
export async function tellOperations(
  connection: Connection,
  topicArn: string,
  { subject, text }: { readonly subject: string; readonly text: string },
): Promise<void> {
  const client = createSnsClient(connection);
  try {
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text }));
  } finally {
    client.destroy();
  }
}
