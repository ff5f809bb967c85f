/**
 * Writes what people say of a finding. Each write is conditional on the review that was read, and raises its number, so
 * that no judgement made before it can be written after it.
 */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type Review, withReview } from '../finding/review.ts';
import type { StoredFinding } from './finding-item.ts';
import { announcementMark, updateOf } from './finding-update.ts';
import { findingIndexKeys } from './keys.ts';
import { isConditionFailed } from './refused-writes.ts';

/**
 * Puts a review on a stored finding. A verdict closes it. If people were alerted to it, they hear of the end.
 * @param now epoch seconds.
 * @returns false if the finding changed since it was read. The caller must read and decide again.
 */
export async function writeReview(
  client: DynamoDBDocumentClient,
  table: string,
  { pk, sk, finding, reviews }: StoredFinding,
  review: Review,
  now: number,
): Promise<boolean> {
  const { status, closedBecause } = withReview(finding, review);
  const isClosing = finding.status === 'open' && status === 'closed';
  const { openShard } = findingIndexKeys({ ...finding, status });
  const update = updateOf(
    {
      ...review,
      reviews: (reviews ?? 0) + 1,
      status,
      closedBecause,
      openShard,
      // Also if nobody was alerted as far as is known here: an alert may be on its way.
      ...(isClosing && announcementMark(finding.id, now)),
    },
    ['closedBecause', 'openShard'],
  );
  try {
    await client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk, sk },
        UpdateExpression: update.expression,
        ConditionExpression: [
          'attribute_exists(pk)',
          reviews === undefined ? 'attribute_not_exists(reviews)' : 'reviews = :reviews',
          '#status = :status AND #severity = :severity',
          finding.closedBecause ? '#because = :because' : 'attribute_not_exists(#because)',
        ].join(' AND '),
        ExpressionAttributeNames: {
          ...update.names,
          '#status': 'status',
          '#severity': 'severity',
          '#because': 'closedBecause',
        },
        ExpressionAttributeValues: {
          ...update.values,
          ':status': finding.status,
          ':severity': finding.severity,
          ...(reviews !== undefined && { ':reviews': reviews }),
          ...(finding.closedBecause && { ':because': finding.closedBecause }),
        },
      }),
    );
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return false;
    throw error;
  }
}
