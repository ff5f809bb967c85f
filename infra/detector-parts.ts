/** The parts of a detector, for the files that need all of them: the outputs and the accepted cdk-nag findings. */
import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from '../lib/config/settings-types.ts';
import type { DestinationQueue, LookBackMap } from './props.ts';

/** A construct with the parts of a ScanDetector, which documents each of them. */
export interface DetectorParts extends Construct {
  readonly settings: Settings;
  readonly windowsTable: TableV2;
  readonly findingsTable: TableV2;
  readonly alertTopic: ITopic;
  readonly operationsTopic: ITopic;
  readonly logBucket: IBucket;
  readonly logBus: IEventBus | undefined;
  readonly ingestQueue: IQueue;
  readonly ingestDeadLetters: IQueue;
  readonly alertQueue: IQueue;
  readonly alertDeadLetters: IQueue;
  readonly settleDeadLetters: IQueue;
  readonly ingestFunction: LambdaFunction;
  readonly alertFunction: LambdaFunction;
  readonly settleFunction: LambdaFunction;
  readonly settleSchedule: Rule;
  readonly signalsFunction?: LambdaFunction;
  readonly signalsDeadLetters?: IQueue;
  readonly forwardFunction?: LambdaFunction;
  readonly eventBus?: IEventBus;
  readonly chatTopic?: ITopic;
  readonly dashboard?: Dashboard | undefined;
  readonly lookBack?: LookBackMap;
  readonly destinationQueues: readonly DestinationQueue[];
}
