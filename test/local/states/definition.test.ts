/** Which definitions of state machines the local cloud takes, and that it refuses all others instead of ignoring a part. */
import { expect, test } from '@jest/globals';
import { readDefinition } from '../../../local/states/definition.ts';
import { definition, type Json } from './definition.ts';

test('reads a Distributed Map over a list in S3', () => {
  expect(readDefinition(JSON.stringify(definition()))).toMatchObject({
    ...{ label: 'Files', maxConcurrency: 2, toleratedFailurePercentage: 100, batchSizeField: 'most' },
    list: { bucket: 'lists', keyField: 'list' },
    results: { bucket: 'lists', prefix: 'results' },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  });
});

const map = (root: Json): Json => root.States.Files;
const batch = (root: Json): Json => map(root).ItemProcessor.States.Batch;
const REFUSED: readonly [what: string, change: (root: Json) => void, message: string][] = [
  [
    'over a megabyte',
    (root) => {
      root.Comment = 'x'.repeat(2 ** 20);
    },
    'expected at most 1048576 (1 MB)',
  ],
  [
    'with more batches at a time than AWS runs',
    (root) => {
      map(root).MaxConcurrency = 10_001;
    },
    'expected 1 to 10000',
  ],
  ['without a limit of batches at a time', (root) => delete map(root).MaxConcurrency, 'MaxConcurrency is undefined'],
  [
    'with a percentage over 100',
    (root) => {
      map(root).ToleratedFailurePercentage = 101;
    },
    'expected 0 to 100',
  ],
  [
    'with a long label',
    (root) => {
      map(root).Label = 'x'.repeat(41);
    },
    'expected at most 40',
  ],
  [
    'with a second state',
    (root) => {
      root.States.More = map(root);
    },
    'is simulated with one state',
  ],
  [
    'that starts elsewhere',
    (root) => {
      root.StartAt = 'More';
    },
    'is simulated with one state',
  ],
  [
    'with a field that would be ignored',
    (root) => {
      map(root).ResultPath = '$.x';
    },
    'ResultPath is not simulated',
  ],
  [
    'with Express executions',
    (root) => {
      map(root).ItemProcessor.ProcessorConfig.ExecutionType = 'EXPRESS';
    },
    'STANDARD',
  ],
  [
    'over a list in CSV',
    (root) => {
      map(root).ItemReader.ReaderConfig.InputType = 'CSV';
    },
    'expected JSONL',
  ],
  [
    'that lists a bucket',
    (root) => {
      map(root).ItemReader.Resource = 'arn:aws:states:::s3:listObjectsV2';
    },
    's3:getObject',
  ],
  [
    'with a fixed number of items in a batch',
    (root) => {
      map(root).ItemBatcher = { MaxItemsPerBatch: 3 };
    },
    'MaxItemsPerBatch is not simulated',
  ],
  [
    'with another payload',
    (root) => {
      batch(root).Parameters['Payload.$'] = '$.Items';
    },
    'the payload $',
  ],
  [
    'that catches errors',
    (root) => {
      batch(root).Catch = [];
    },
    'Catch is not simulated',
  ],
];
test.each(REFUSED)('refuses a definition %s', (_, change, message) => {
  const root = definition();
  change(root);
  expect(() => readDefinition(JSON.stringify(root))).toThrow(message);
});

test('refuses what is no JSON', () => {
  expect(() => readDefinition('{')).toThrow('DefinitionString is no JSON object');
});
