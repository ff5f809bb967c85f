/** A definition of a state machine that is simulated, for the tests to change. */

/** Of JSON, with fields to set or to delete. */
// biome-ignore lint/suspicious/noExplicitAny: tests set whatever AWS would refuse.
export type Json = any;

export const definition = (): Json => ({
  StartAt: 'Files',
  States: {
    Files: {
      Type: 'Map',
      Label: 'Files',
      MaxConcurrency: 2,
      ToleratedFailurePercentage: 100,
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSONL' },
        Parameters: { Bucket: 'lists', 'Key.$': '$.list' },
      },
      ItemBatcher: { MaxItemsPerBatchPath: '$.most' },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Batch',
        States: {
          Batch: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: { FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f', 'Payload.$': '$' },
            OutputPath: '$.Payload',
            Retry: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], IntervalSeconds: 1, MaxAttempts: 3 }],
            End: true,
          },
        },
      },
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { Bucket: 'lists', Prefix: 'results' },
      },
      End: true,
    },
  },
});
