/** The meaning of a batch function's answer under ReportBatchItemFailures. */
import { isObject } from '../template/json.ts';

/**
 * The ids of `messageIds` that failed: those that the answer lists, none for an empty answer, and all for an answer
 * that AWS cannot read or that names an unknown message.
 */
export function findFailedMessages(answer: unknown, messageIds: readonly string[]): Set<string> {
  if (answer === null || answer === undefined) return new Set();
  if (!isObject(answer)) return new Set(messageIds);
  const failures = answer.batchItemFailures;
  if (failures === null || failures === undefined) return new Set();
  if (!Array.isArray(failures)) return new Set(messageIds);
  const failed = failures.map((failure: unknown) => (isObject(failure) ? failure.itemIdentifier : undefined));
  const areKnown = failed.every((id) => typeof id === 'string' && messageIds.includes(id));
  return new Set(areKnown ? (failed as string[]) : messageIds);
}
