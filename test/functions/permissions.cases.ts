/** What the functions called in the tests before, against what their roles allow: nothing else, and nothing unused. */
import { describe, expect, test } from '@jest/globals';
import { matchesWildcard } from '../../local/template/wildcard.ts';
import type { Call } from './fixture/calls.ts';
import { FUNCTIONS, type FunctionName, type RunningStack } from './fixture/stack.ts';

interface Statement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

const CONSUMED = 'Lambda calls it on behalf of the function, to poll the queue';
/** Allowed, and not called above: by statement and action, each with its reason. */
const ACCEPTED: Readonly<Record<FunctionName, Readonly<Record<string, string>>>> = {
  Ingest: {
    'ConsumeIngestQueue sqs:ChangeMessageVisibility': CONSUMED,
    'ConsumeIngestQueue sqs:DeleteMessage': CONSUMED,
    'ConsumeIngestQueue sqs:GetQueueAttributes': CONSUMED,
    'ConsumeIngestQueue sqs:ReceiveMessage': CONSUMED,
    'TellGoneFromDenied s3:ListBucket': 'never called: with it S3 answers "no such key" instead of "access denied"',
  },
  Alert: {
    'ConsumeAlertQueue sqs:ChangeMessageVisibility': CONSUMED,
    'ConsumeAlertQueue sqs:DeleteMessage': CONSUMED,
    'ConsumeAlertQueue sqs:GetQueueAttributes': CONSUMED,
    'ConsumeAlertQueue sqs:ReceiveMessage': CONSUMED,
  },
  Settle: {
    'SettleFindings dynamodb:DeleteItem': 'takes a claim back after its work failed (test/lib/pipeline/settle.test.ts)',
    'ReadFindingsIndexes dynamodb:Query byDay': 'reads the findings of the digest, once a day (the same)',
    'KeepFailedRuns sqs:SendMessage': 'Lambda calls it on behalf of the function, when a run fails',
  },
};

/** Compares after all other tests of the file have run. */
export function checkPermissions(running: () => RunningStack): void {
  describe.each(FUNCTIONS)('the role of %s', (name) => {
    const arnOf = ({ action, resource }: Call): string => {
      const { cloud } = running();
      const service = action.split(':')[0]!;
      return service === 's3'
        ? `arn:aws:s3:::${resource}`
        : `arn:aws:${service}:${cloud.region}:000000000000:${resource}`;
    };
    const allows = ({ Action, Resource }: Statement, call: Call) =>
      [Action].flat().includes(call.action) && [Resource].flat().some((arn) => matchesWildcard(arn, arnOf(call), true));
    const calls = () => {
      const { aws, dynamodb } = running().recorders[name];
      const all = [...aws.calls, ...dynamodb.calls];
      return [...new Map(all.map((call) => [`${call.action} ${call.resource}`, call])).values()];
    };

    test('allows every call that it made', () => {
      // A file outside the folder that log delivery writes to was read above on purpose.
      const made = calls().filter(({ resource }) => !resource.includes('/elsewhere/'));
      expect(made.length).toBeGreaterThanOrEqual(3);
      const refused = made.filter(
        (call) => !statementsOf(running(), name).some((statement) => allows(statement, call)),
      );
      expect(refused).toEqual([]);
    });

    test('allows nothing that it does not need', () => {
      const made = calls();
      const unused = statementsOf(running(), name).flatMap((statement) =>
        [statement.Action].flat().flatMap((action) =>
          [statement.Resource]
            .flat()
            .filter((arn) => !made.some((call) => allows({ ...statement, Action: action, Resource: arn }, call)))
            .map((arn) => `${statement.Sid} ${action}${arn.includes('/index/') ? ` ${arn.split('/').at(-1)}` : ''}`),
        ),
      );
      expect(unused.filter((each) => !each.includes(' logs:')).sort()).toEqual(Object.keys(ACCEPTED[name]).sort());
    });
  });
}

/** The statements of a function's role, every reference resolved as the running stack resolves it. */
function statementsOf({ cloud }: RunningStack, name: FunctionName): Statement[] {
  const [, role] = [...cloud.resources].find(
    ([id, { type }]) => type === 'AWS::IAM::Role' && id.startsWith(`Detector${name}Role`),
  )!;
  const { properties } = role as unknown as {
    properties: { Policies: { PolicyDocument: { Statement: Statement[] } }[] };
  };
  return properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}
