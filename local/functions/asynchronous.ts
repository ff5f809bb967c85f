/**
 * Asynchronous invocation: the caller gets no answer, Lambda repeats a failed event, and one that keeps failing goes to
 * the destination of the function.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueUrlCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { LocalFunction } from './local-function.ts';

/** AWS::Lambda::EventInvokeConfig of a function. */
export interface InvokeConfig {
  readonly maximumRetryAttempts: number;
  /** The ARN of the queue that gets events which keep failing. */
  readonly onFailure?: string;
}

const DEFAULT_CONFIG: InvokeConfig = { maximumRetryAttempts: 2 };
/** Lambda waits one minute before the first retry and two before the second. */
const PAUSE_MS = 100;

/** Invokes a function with an event until it succeeds or its retries are used up. */
export async function invokeAsynchronously(
  lambda: LocalFunction,
  event: unknown,
  { maximumRetryAttempts, onFailure }: InvokeConfig = DEFAULT_CONFIG,
  sqs: SQSClient,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await lambda.invoke(event);
      return;
    } catch (error) {
      if (attempt <= maximumRetryAttempts) {
        await delay(PAUSE_MS * attempt);
        continue;
      }
      // Without a destination Lambda drops the event. The function has reported each failure.
      if (onFailure !== undefined) await send(onFailure, recordOf(lambda, event, attempt, error), sqs);
      return;
    }
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function recordOf({ settings }: LocalFunction, requestPayload: unknown, attempts: number, error: unknown): object {
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: randomUUID(),
      functionArn: `${settings.arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorMessage: error instanceof Error ? error.message : String(error) },
  };
}

async function send(queueArn: string, record: object, sqs: SQSClient): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueArn.split(':').at(-1) }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(record) }));
}
