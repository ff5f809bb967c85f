/** Lambda's event source mapping for SQS: long poll, batch, invoke, delete the messages that succeeded. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { EmitEvent } from '../events.ts';
import { findFailedMessages } from './batch-response.ts';

/** One mapping of a queue to a function. */
export interface EventSourceSettings {
  logicalId: string;
  queueUrl: string;
  queueArn: string;
  region: string;
  batchSize: number;
  /** How long to wait for a full batch after its first message. */
  windowSeconds: number;
  reportsItemFailures: boolean;
  pollers: number;
  /** Runs the function. A rejection fails the whole batch. */
  invoke(event: SQSEvent): Promise<unknown>;
}

/** A running mapping. */
export interface EventSource {
  settings: EventSourceSettings;
  /** Number of batches that were received and not yet deleted. */
  busy(): number;
  /** Stops polling and resolves when all batches are done. */
  stop(): Promise<void>;
}

const LONG_POLL_SECONDS = 20;
const MAX_RECEIVED = 10;
const RETRY_MS = 200;

/** Starts the pollers of a mapping. */
export function startEventSource(settings: EventSourceSettings, sqs: SQSClient, emit: EmitEvent): EventSource {
  const { logicalId, queueUrl } = settings;
  const stopping = new AbortController();
  let busy = 0;

  async function receive(count: number, waitSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(MAX_RECEIVED, count),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages: messages = [] } = await sqs.send(command, { abortSignal: stopping.signal });
    return messages;
  }

  async function fillBatch(messages: Message[]): Promise<void> {
    const deadline = Date.now() + settings.windowSeconds * 1000;
    while (messages.length < settings.batchSize) {
      const remainingSeconds = Math.max(0, Math.floor((deadline - Date.now()) / 1000));
      const more = await receive(settings.batchSize - messages.length, Math.min(remainingSeconds, LONG_POLL_SECONDS));
      messages.push(...more);
      if (more.length === 0 && remainingSeconds === 0) return;
    }
  }

  async function handle(messages: Message[]): Promise<void> {
    const ids = messages.map(({ MessageId }) => MessageId ?? '');
    let failed: Set<string>;
    try {
      const answer = await settings.invoke({ Records: messages.map((message) => toRecord(message, settings)) });
      failed = settings.reportsItemFailures ? findFailedMessages(answer, ids) : new Set();
    } catch {
      failed = new Set(ids); // The function itself reports the failure. The messages return after the queue's visibility timeout.
    }
    if (failed.size > 0) emit({ type: 'batch failed', logicalId, failed: failed.size, received: ids.length });
    const done = messages.filter(({ MessageId }) => !failed.has(MessageId ?? ''));
    for (let start = 0; start < done.length; start += MAX_RECEIVED) {
      const entries = done.slice(start, start + MAX_RECEIVED);
      await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: entries.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      );
    }
  }

  async function poll(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const messages = await receive(settings.batchSize, LONG_POLL_SECONDS);
        if (messages.length === 0) continue;
        busy++;
        try {
          if (settings.windowSeconds > 0 || messages.length === MAX_RECEIVED) await fillBatch(messages);
          await handle(messages);
        } finally {
          busy--;
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        emit({ type: 'delivery failed', what: `polling of ${logicalId}`, error: String(error) });
        await delay(RETRY_MS);
      }
    }
  }

  const pollers = Array.from({ length: settings.pollers }, poll);
  return {
    settings,
    busy: () => busy,
    async stop() {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

function toRecord(message: Message, { queueArn, region }: EventSourceSettings): SQSRecord {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType ?? 'String',
    },
  ]);
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: message.Attributes as unknown as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody ?? '',
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
