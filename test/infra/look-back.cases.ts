/** The state machine of look backs and its bucket: off by default, and what they are when the settings ask for them. */

import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { ScanDetector } from '../../infra/index.ts';
import { readDefinition } from '../../local/states/definition.ts';
import { resolveTemplate } from '../../local/template/resolve.ts';
import { byDefault, newApp, permissionsOf, plain, resourcesOf, synthesize } from './synthesize.ts';

describe('look backs in parallel', () => {
  const template = synthesize({ lookBack: { maxConcurrency: 20 }, maxWriteUnits: { windows: 4000 } });
  const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');

  test('are off by default', () => {
    expect(resourcesOf(byDefault, 'AWS::StepFunctions::StateMachine')).toEqual([]);
    expect(JSON.stringify(byDefault.toJSON())).not.toContain('states');
    expect(byDefault.toJSON().Outputs).not.toHaveProperty('LookBack');
  });

  test('hand the files of a list to ingest in batches', () => {
    const stack = { stackName: 'sweepwatch', region: 'eu-west-1', accountId: '111122223333' };
    const { resources } = resolveTemplate(template.toJSON(), stack);
    const definition = readDefinition(String(resources.get(machines[0]![0])!.properties.DefinitionString));
    expect(definition).toMatchObject({
      ...{ maxConcurrency: 20, batchSizeField: 'filesInABatch', toleratedFailurePercentage: 100 },
      list: { keyField: 'list' },
      results: { prefix: 'results' },
    });
    expect(definition.functionArn).toContain(':function:sweepwatch-DetectorIngestFunction');
    expect(definition.retries[0]!.errors).toContain('Lambda.TooManyRequestsException');
    // A call that is throttled is tried again for minutes.
    const { intervalSeconds, backoffRate, maxDelaySeconds, maxAttempts } = definition.retries[0]!;
    const pauses = Array.from({ length: maxAttempts }, (_, n) =>
      Math.min(maxDelaySeconds, intervalSeconds * backoffRate ** n),
    );
    expect(pauses.reduce((sum, each) => sum + each)).toBeGreaterThan(300);
  });

  test('may do what a Distributed Map needs, and no more', () => {
    const machine = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>';
    expect(permissionsOf(template, 'LookBack')).toEqual([
      `states:StartExecution on ${machine}:stateMachine:sweepwatch-look-back`,
      `states:DescribeExecution states:StopExecution on ${machine}:execution:sweepwatch-look-back:*`,
      'lambda:InvokeFunction on <IngestFunction>',
      's3:GetObject on <LookBackBucket>/lists/*',
      's3:AbortMultipartUpload s3:GetObject s3:ListMultipartUploadParts s3:PutObject on <LookBackBucket>/results/*',
    ]);
  });

  test('leave functions, queues and their permissions as they are', () => {
    for (const name of ['Ingest', 'Alert', 'Settle'])
      expect(permissionsOf(template, name)).toEqual(
        permissionsOf(synthesize({ maxWriteUnits: { windows: 4000 } }), name),
      );
  });

  test('keep lists and results private, under the key of the stack, and for 90 days', () => {
    const encrypted = synthesize({ lookBack: { maxConcurrency: 2 }, kmsKey: 'new' });
    const [, bucket] = resourcesOf(encrypted, 'AWS::S3::Bucket').find(([id]) => id.includes('LookBack'))!;
    expect(JSON.stringify(bucket.Properties.BucketEncryption)).toContain('aws:kms');
    expect(JSON.stringify(bucket.Properties.LifecycleConfiguration)).toContain('"ExpirationInDays":90');
    expect(Object.values(bucket.Properties.PublicAccessBlockConfiguration as object)).toEqual([true, true, true, true]);
    expect(permissionsOf(encrypted, 'LookBack')).toContain('kms:Decrypt kms:GenerateDataKey on <Key>');
  });

  test('tell the command where they are and how fast they read', () => {
    const output = template.toJSON().Outputs.LookBack.Value;
    expect(plain(output)).toBe(
      '{"machine":"<LookBackMachine>","bucket":"<LookBackBucket>","maxConcurrency":20,"writeUnits":4000}',
    );
  });

  test.each([
    [2, false],
    [3, true],
  ])('warn if %d batches write more than the table accepts: %s', (maxConcurrency, isWarning) => {
    const stack = new Stack(newApp(), 'sweepwatch');
    new ScanDetector(stack, 'Detector', { settings: { lookBack: { maxConcurrency } } });
    const found = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('lookBack.maxConcurrency'));
    expect(found.length > 0).toBe(isWarning);
  });
});
