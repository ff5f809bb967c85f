/** Further buckets of flow logs: the bus to which rules of their owners send, and our rules from it to the queue. */
import { Annotations, Aws } from 'aws-cdk-lib';
import { type CfnEventBus, EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  logBusArn,
  logBusName,
  objectCreatedDetail,
  otherBucketsOf,
  type Reader,
  rulesRoleArn,
} from '../lib/config/foreign-bucket.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { admitRules, type IngestQueues, targetOf } from './rule-target.ts';

/** A bucket beside the first one, and what is needed to read it. */
export interface OtherBucket {
  readonly bucketArn: string;
  /** ARN of the files that are read, with `*` for any characters. */
  readonly objectsArn: string;
  readonly name: string;
  readonly region: string;
  readonly owner: string;
  readonly keyArn?: string | undefined;
}

/** The further buckets of a deployment, and their bus. */
export interface OtherBuckets {
  readonly buckets: readonly OtherBucket[];
  readonly bus?: EventBus;
}

/** Creates the bus and its rules, if the settings name further buckets. */
export function connectOtherBuckets(scope: Construct, settings: Settings, queues: IngestQueues): OtherBuckets {
  const where = { partition: Aws.PARTITION, account: Aws.ACCOUNT_ID, region: Aws.REGION };
  const others = otherBucketsOf(settings, where);
  if (others.length === 0) return { buckets: [] };
  Annotations.of(scope).addInfoV2(
    'Sweepwatch:OtherBuckets',
    'otherBuckets: no file of them is read before their owners add what "npx --no-install sweepwatch setup policy" prints',
  );
  const reader: Reader = { ...where, deployment: settings.deploymentName };
  const place = new Construct(scope, 'Logs');
  const bus = new EventBus(place, 'Bus', { eventBusName: logBusName(reader.deployment) });
  // The account of the stack needs no policy beside that of the role.
  const statements = others
    .filter(({ owner }) => owner !== Aws.ACCOUNT_ID)
    .map(({ owner, bucket }) => admitRule(reader, owner, bucket));
  if (statements.length > 0) (bus.node.defaultChild as CfnEventBus).policy = new PolicyDocument({ statements });
  const rules = others.map(
    ({ owner, bucket, prefix, objects }) =>
      new Rule(place, bucket, {
        eventBus: bus,
        description: `New flow log files in bucket ${bucket}, of which a rule beside it tells`,
        eventPattern: {
          account: [owner],
          source: ['aws.s3'],
          detailType: ['Object Created'],
          detail: objectCreatedDetail(bucket, { prefix, objects }),
        },
        targets: [targetOf(queues)],
      }),
  );
  admitRules(
    queues,
    'RulesOfBusSend',
    rules.map(({ ruleArn }) => ruleArn),
  );
  const buckets = others.map(({ bucket, objects, owner, region, keyArn }) => {
    const bucketArn = `arn:${Aws.PARTITION}:s3:::${bucket}`;
    return { name: bucket, bucketArn, objectsArn: `${bucketArn}/${objects}`, region: region!, owner, keyArn };
  });
  return { buckets, bus };
}

/**
 * Lets the rule of an owner send to the bus, with its role. A principal that names the role could not be saved before
 * the role exists.
 */
function admitRule(reader: Reader, owner: string, bucket: string): PolicyStatement {
  const role = rulesRoleArn(owner, reader, { bucket, account: reader.account });
  return new PolicyStatement({
    sid: `OwnerSends${role.slice(-8)}`,
    principals: [new AccountPrincipal(owner)],
    actions: ['events:PutEvents'],
    resources: [logBusArn(reader)],
    conditions: { ArnEquals: { 'aws:PrincipalArn': role } },
  });
}
