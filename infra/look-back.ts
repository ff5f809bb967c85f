/**
 * The state machine of `backfill --map`: a Distributed Map that hands batches of old files to the ingest function, and
 * the bucket with its lists of files and its results.
 */
import { Annotations, Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Settings } from '../lib/config/settings-types.ts';
import { type LookBackInput, RESULTS, UNITS_OF_A_BATCH } from '../lib/store/look-back-batch.ts';
import { lookBackStatements } from './permissions.ts';
import type { LookBackMap } from './props.ts';
import { removalPolicyOf } from './removal.ts';

/** Days that lists and results are kept. Step Functions itself forgets an execution after 90. */
const KEPT = Duration.days(90);

/**
 * The names of the machine and of its executions. They are fixed because the role of the machine names the machine. A
 * generated name would be a cycle.
 */
export function lookBackNames({ deploymentName }: Pick<Settings, 'deploymentName'>) {
  const name = `${deploymentName}-look-back`;
  const arn = (resource: string) => `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}:${name}`;
  return { name, machineArn: arn('stateMachine'), executionsArn: `${arn('execution')}:*` };
}

/** Creates both, if the settings ask for them. */
export function createLookBack(
  parent: Construct,
  settings: Settings,
  ingest: IFunction,
  key: IKey | undefined,
): LookBackMap | undefined {
  const { maxConcurrency } = settings.lookBack;
  if (maxConcurrency === 0) return undefined;
  warnOfCeiling(parent, settings);
  const scope = new Construct(parent, 'LookBack');
  const bucket = new Bucket(scope, 'Bucket', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    ...(key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
    lifecycleRules: [{ expiration: KEPT, abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    removalPolicy: removalPolicyOf(settings),
  });
  const { name: stateMachineName, machineArn, executionsArn } = lookBackNames(settings);
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('states.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    description: `${settings.deploymentName}: look backs`,
    inlinePolicies: {
      Exact: new PolicyDocument({
        statements: lookBackStatements({
          machineArn,
          executionsArn,
          ingest,
          bucket,
          key,
        }),
      }),
    },
  });
  const machine = new StateMachine(scope, 'Machine', {
    stateMachineName,
    definitionBody: DefinitionBody.fromString(
      Stack.of(scope).toJsonString(definitionOf(maxConcurrency, bucket, ingest)),
    ),
    // Immutable, so that the states add nothing to the statements written above.
    role: role.withoutPolicyUpdates(),
  });
  return { machine, bucket };
}

/**
 * The definition. It is written out, because the map of the CDK writes no results unless the app has set a feature flag
 * for them.
 */
function definitionOf(maxConcurrency: number, bucket: IBucket, ingest: IFunction): object {
  const integration = (name: string) => `arn:${Aws.PARTITION}:states:::${name}`;
  const ofInput = (field: keyof LookBackInput) => `$.${field}`;
  return {
    Comment:
      'Reads the files of a list. Input: {"list": the key of the list, "filesInABatch": the most files in a batch}',
    StartAt: 'ReadFiles',
    States: {
      ReadFiles: {
        Type: 'Map',
        Label: 'ReadFiles',
        MaxConcurrency: maxConcurrency,
        // A batch that fails does not end the others. The results name it, and the next look back reads its files.
        ToleratedFailurePercentage: 100,
        ItemReader: {
          Resource: integration('s3:getObject'),
          ReaderConfig: { InputType: 'JSONL' },
          Parameters: { Bucket: bucket.bucketName, 'Key.$': ofInput('list') },
        },
        ItemBatcher: { MaxItemsPerBatchPath: ofInput('filesInABatch') },
        ItemProcessor: {
          // An Express execution ends after five minutes. That is the time of ingest, and leaves none to wait for a
          // throttled function.
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'ReadBatch',
          States: {
            ReadBatch: {
              Type: 'Task',
              Resource: integration('lambda:invoke'),
              Parameters: { FunctionName: ingest.functionArn, 'Payload.$': '$' },
              OutputPath: '$.Payload',
              Retry: [RETRY],
              End: true,
            },
          },
        },
        ResultWriter: {
          Resource: integration('s3:putObject'),
          Parameters: { Bucket: bucket.bucketName, Prefix: RESULTS },
        },
        End: true,
      },
    },
  };
}

/**
 * For calls that did not reach the function, or that Lambda refused. A function that ended in an error is not called
 * again, because its files may be what ended it.
 */
const RETRY = {
  ErrorEquals: [
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
  ],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 10,
  JitterStrategy: 'FULL',
};

/** At the ceiling of the windows table, evidence about outside sources is dropped. */
function warnOfCeiling(scope: Construct, { lookBack, maxWriteUnits }: Settings): void {
  const units = lookBack.maxConcurrency * UNITS_OF_A_BATCH;
  if (units > maxWriteUnits.windows)
    Annotations.of(scope).addWarningV2(
      'Sweepwatch:LookBackCeiling',
      `lookBack.maxConcurrency: ${lookBack.maxConcurrency} batches write about ${units} units per second, more than maxWriteUnits.windows (${maxWriteUnits.windows}). Raise it for the look back, or read fewer batches in parallel`,
    );
}
