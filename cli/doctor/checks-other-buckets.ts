/** Checks of the buckets of the setting `otherBuckets`, and of the bus on which their new files are announced. */
import { type Facts, type OtherBucketFacts, outputOf } from '../../lib/store/health/facts.ts';
import { type Check, fail, judged, ok, skip, type Verdict } from './check.ts';
import { judgeNewest, judgeRead } from './newest-object.ts';

/** The verdicts on each further bucket. Where there are no such buckets, only the check of the bus says so. */
const eachBucket = (
  { otherBuckets }: Facts,
  judge: (other: OtherBucketFacts, of: string) => readonly Verdict[],
): readonly Verdict[] => otherBuckets.flatMap((other) => judge(other, `${other.bucket}: `));

export const OTHER_BUCKET_CHECKS: readonly Check[] = [
  {
    id: 'other-buckets.bus',
    permission: 'events:DescribeEventBus',
    anchor: 'logs-in-another-region',
    judge: (facts) =>
      facts.logBus
        ? judged(facts, `event bus ${outputOf(facts, 'LogBus')}`, facts.logBus, (name) =>
            ok(`the event bus ${name} exists`),
          )
        : [skip('further buckets: the setting otherBuckets names none')],
  },
  {
    id: 'other-buckets.region',
    permission: 's3:ListBucket',
    anchor: 'logs-in-another-region',
    judge: (facts) =>
      eachBucket(facts, ({ bucket, region, bucketRegion }, of) =>
        judged(facts, `bucket ${bucket}`, bucketRegion, (found) =>
          found === region
            ? ok(`${of}the bucket is in ${found}`)
            : fail(
                `${of}the bucket is in ${found}, and in ${region} by the settings`,
                'its files cannot be read. Correct otherBuckets, and print the changes of its owner again',
                'npx cdk deploy',
              ),
        ),
      ),
  },
  {
    id: 'other-buckets.recent',
    permission: 's3:ListBucket',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      eachBucket(facts, ({ bucket, region, newest }, of) =>
        judgeNewest(facts, { bucket, newest, of, show: `aws ec2 describe-flow-logs --region ${region}` }),
      ),
  },
  {
    id: 'other-buckets.read',
    permission: 's3:GetObject, kms:Decrypt',
    anchor: 'policies-and-keys',
    judge: (facts) =>
      eachBucket(facts, ({ bucket, region, newest, read }, of) =>
        judgeRead(facts, {
          newest,
          read,
          of,
          show: `aws s3api get-bucket-policy --bucket ${bucket} --region ${region}`,
        }),
      ),
  },
];
