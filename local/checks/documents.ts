/** Rules for the JSON documents of resources: AWS refuses oversized policies and invalid event patterns. */
import { checkWildcards } from '../servers/pattern.ts';
import type { Refuse } from './rule.ts';

/** A rule for the size of the policy document at `property`. Services measure it without white space. */
const refuseOver =
  (limit: number, property: string, words: string): Refuse =>
  ({ properties }) => {
    const bytes = Buffer.byteLength(JSON.stringify(properties[property] ?? ''));
    return bytes > limit ? `${words} (${property} has ${bytes} bytes, the limit is ${limit})` : undefined;
  };

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html: 20 KB. */
export const refuseLargeBucketPolicy = refuseOver(
  20_480,
  'PolicyDocument',
  'Policy exceeds the maximum allowed document size',
);

/** https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html: 32 KB. */
export const refuseLargeKeyPolicy = refuseOver(32_768, 'KeyPolicy', 'The key policy is over its limit');

/** EventBridge refuses a rule whose pattern has invalid wildcards. */
export const refuseEventPattern: Refuse = ({ properties }) => {
  try {
    checkWildcards(properties.EventPattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
