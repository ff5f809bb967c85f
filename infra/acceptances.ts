/** The accepted cdk-nag findings, each on its construct and with its reason. */
import { Stack, Validations } from 'aws-cdk-lib';
import { Subscription } from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';
import { LISTS, RESULTS } from '../lib/store/look-back-batch.ts';
import type { DetectorParts } from './detector-parts.ts';
import { lookBackNames } from './look-back.ts';
import type { OtherBucket } from './other-buckets.ts';
import type { LookBackMap } from './props.ts';

/**
 * Records the acceptances of a detector whose log files have keys of the form `objects`. Those of rules that fail only
 * with certain settings are recorded with those settings only.
 */
export function acknowledgeNagFindings(detector: DetectorParts, objects: string, others: readonly OtherBucket[]): void {
  acceptFunctions(detector);
  acceptQueues(detector);
  acceptReading(detector, [detector.logBucket.arnForObjects(objects), ...others.map(({ objectsArn }) => objectsArn)]);
  acceptSubscriptions(detector);
  if (detector.lookBack) acceptLookBack(detector, detector.lookBack);
  if (detector.settings.bucket.existing?.events === 'notification') acceptNotificationsHandler(Stack.of(detector));
}

function accept(construct: IConstruct, id: string, reason: string): void {
  // A rule is named pack::pack-rule. The pack is the part before the first hyphen.
  Validations.of(construct).acknowledge({ id: `${id.split('-')[0]}::${id}`, reason });
}

function acceptFunctions(detector: DetectorParts): void {
  const signals = detector.signalsFunction === undefined ? [] : [detector.signalsFunction];
  const forward = detector.forwardFunction === undefined ? [] : [detector.forwardFunction];
  for (const fn of [detector.ingestFunction, detector.alertFunction, detector.settleFunction, ...signals, ...forward]) {
    if (detector.settings.tracing)
      accept(
        // The function has an immutable view of its role. The role itself is the construct beside it.
        fn.node.scope!.node.findChild('Role'),
        'AwsSolutions-IAM5[Resource::*]',
        'X-Ray takes traces for an account and Region. Its actions have no resource that a statement could name.',
      );
    else
      accept(
        fn,
        'Serverless-LambdaTracing',
        'Tracing is a setting. X-Ray needs its actions on resource *, which no other statement here has, and samples ' +
          'requests; the structured logs and metrics describe every single file.',
      );
    accept(
      fn,
      'Serverless-LambdaDLQ',
      'The dead letter queue of a function catches asynchronous events only. Ingest, alert and forward are invoked by queues, ' +
        'which have their own dead letters. Settle and signals have a failure destination, whose messages also contain ' +
        'the error.',
    );
  }
  if (detector.settings.inventory)
    accept(
      detector.settleFunction.node.scope!.node.findChild('Role'),
      'AwsSolutions-IAM5[Resource::*]',
      'EC2 lists the interfaces and subnets of an account and Region. These actions have no resource that a statement could name.',
    );
  for (const fn of [detector.ingestFunction, detector.alertFunction, ...forward]) {
    accept(
      fn,
      'Serverless-LambdaEventSourceMappingDestination',
      'An event source mapping of SQS takes no failure destination: the redrive policy of its queue is the destination.',
    );
  }
}

function acceptQueues(detector: DetectorParts): void {
  const signals = detector.signalsDeadLetters === undefined ? [] : [detector.signalsDeadLetters];
  const forwarded = detector.destinationQueues.map(({ deadLetters }) => deadLetters);
  for (const queue of [
    detector.ingestDeadLetters,
    detector.alertDeadLetters,
    detector.settleDeadLetters,
    ...signals,
    ...forwarded,
  ]) {
    accept(
      queue,
      'Serverless-SQSRedrivePolicy',
      'It is a dead letter queue itself, and an alarm fires when it contains messages.',
    );
  }
  for (const queue of [detector.settleDeadLetters, ...signals])
    accept(
      queue,
      'AwsSolutions-SQS3',
      'It receives failed events of a function and of the rules that invoke it, so it is a dead letter queue, although not of a queue.',
    );
}

function acceptReading(detector: DetectorParts, files: readonly string[]): void {
  const { existing } = detector.settings.bucket;
  for (const each of files)
    accept(
      // The function has an immutable view of its role. The role itself is the construct beside it.
      detector.node.findChild('Ingest').node.findChild('Role'),
      `AwsSolutions-IAM5[Resource::${flatten(Stack.of(detector).resolve(each))}]`,
      'The names of flow log files are not known in advance. The wildcard is limited to the folder that receives them.',
    );
  if (existing === undefined) {
    accept(
      detector.logBucket,
      'AwsSolutions-S1',
      'The bucket itself contains logs: log delivery writes it and one role reads it. To audit its readers, ' +
        'record S3 data events in CloudTrail, which name the principal.',
    );
  }
}

function acceptLookBack({ settings }: DetectorParts, { machine, bucket }: LookBackMap): void {
  const role = machine.node.scope!.node.findChild('Role');
  const wildcard = (arn: string, reason: string) =>
    accept(role, `AwsSolutions-IAM5[Resource::${flatten(Stack.of(machine).resolve(arn))}]`, reason);
  wildcard(
    lookBackNames(settings).executionsArn,
    'Step Functions names the executions of a Distributed Map. The name of the machine is fixed.',
  );
  wildcard(bucket.arnForObjects(`${LISTS}*`), 'Each look back has a list of its own, in this folder of this bucket.');
  wildcard(bucket.arnForObjects(`${RESULTS}/*`), 'Step Functions names the results of each run, in this folder.');
  accept(
    bucket,
    'AwsSolutions-S1',
    'It contains the names of log files and what became of each. To audit its readers, record S3 data events in CloudTrail.',
  );
  accept(
    machine,
    'AwsSolutions-SF1',
    'Step Functions keeps the history of each execution for 90 days, and the bucket what became of each file. Writing it to ' +
      'CloudWatch Logs needs actions on resource *.',
  );
  for (const id of ['AwsSolutions-SF2', 'Serverless-StepFunctionStateMachineXray'])
    accept(
      machine,
      id,
      'It has one step, whose function is traced if the settings say so. X-Ray needs its actions on resource *.',
    );
}

/** A reference as cdk-nag writes it in the id of a finding. */
function flatten(reference: string | Record<string, unknown>): string {
  if (typeof reference === 'string') return reference;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = reference as Record<string, never>;
  if (join !== undefined) return (join[1] as (typeof reference)[]).map(flatten).join('');
  return `<${attribute === undefined ? Ref : (attribute as string[]).join('.')}>`;
}

function acceptSubscriptions(detector: DetectorParts): void {
  for (const subscription of detector.node.findAll()) {
    if (!(subscription instanceof Subscription)) continue;
    accept(
      subscription,
      'Serverless-SNSRedrivePolicy',
      'Nobody would read a queue of bounced e-mails, and SNS tries to reach a queue for 23 days. The finding is in the ' +
        'table, and an alarm reports alerts that were not delivered.',
    );
  }
}

/** The function that the CDK adds to the stack to change the notifications of a bucket outside the stack. */
function acceptNotificationsHandler(stack: Stack): void {
  const handler = stack.node.tryFindChild('BucketNotificationsHandler050a0587b7544547bf325f094a3db834');
  if (handler === undefined) return;
  accept(
    handler,
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'A function of the CDK itself, needed because the settings ask for notifications of an existing bucket. It runs ' +
      'only during deployment. With events: eventbridge it is not needed.',
  );
}
