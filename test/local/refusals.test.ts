/**
 * What AWS refuses in a resource fails its deployment here too, and names the part. The stack is rolled back, and the
 * same account then takes the template as it stands. The rules are in fixture/broken-rules.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalAccount, openAccount } from '../../local/account.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import type { LocalCloudEvent } from '../../local/events.ts';
import type { AccountState } from '../../local/resources/stack.ts';
import { DeploymentError } from '../../local/rollback.ts';
import { BROKEN_RULES, namesPart, type Resources, setFlowLog } from './fixture/broken-rules.ts';
import { type FixtureAssembly, fixtureTemplate, writeFixture } from './fixture/template.ts';

let fixture: FixtureAssembly;
beforeAll(() => {
  fixture = writeFixture();
});
afterAll(() => fixture.remove());

/** Deploys the fixture's template, changed, and stops what runs. The resources stay in the account. */
async function deploy(account: LocalAccount, change: (resources: Resources) => void = () => {}) {
  const template = fixtureTemplate();
  change(template.Resources);
  const created: string[] = [];
  const onEvent = (event: LocalCloudEvent) => {
    if (event.type === 'resource created') created.push(event.logicalId);
  };
  const { folder, stack, mailbox } = fixture;
  const failure: unknown = await startLocalCloud({ assembly: folder, stack, mailbox, template, account, onEvent }).then(
    (cloud) => cloud.stop(),
    (error: unknown) => error,
  );
  return { created, failure };
}

/** Deploys into an account of its own, and returns how that failed, if it did. */
async function failureAlone(state: AccountState, change: (resources: Resources) => void): Promise<unknown> {
  const account = await openAccount({ mailbox: fixture.mailbox, ...state });
  try {
    return (await deploy(account, change)).failure;
  } finally {
    await account.close();
  }
}

describe('in one account', () => {
  let account: LocalAccount;
  beforeAll(async () => {
    account = await openAccount({ mailbox: fixture.mailbox });
  });
  afterAll(() => account.close());

  test.each(BROKEN_RULES)('$rule fails the deployment, which names the part and leaves nothing', async (broken) => {
    const { failure } = await deploy(account, broken.breakIt);
    expect(failure).toBeInstanceOf(DeploymentError);
    expect(failure).toMatchObject({ status: 'ROLLBACK_COMPLETE', left: [] });
    expect(String(failure)).toMatch(namesPart(broken.type, broken.message));
  });

  test('the template as it stands deploys after all these failures', async () => {
    expect((await deploy(account)).failure).toBeUndefined();
  });
});

describe('ECS fields in a flow log are accepted', () => {
  const withEcs = (resources: Resources) => {
    setFlowLog(resources, ['ecs-task-id']);
  };

  test('if the account has an ECS cluster', async () => {
    expect(await failureAlone({ hasEcsCluster: true }, withEcs)).toBeUndefined();
  });

  test('if the stack creates an ECS cluster first', async () => {
    const failure = await failureAlone({}, (resources) => {
      withEcs(resources);
      resources.Flows!.DependsOn = ['Tasks'];
      resources.Tasks = { Type: 'AWS::ECS::Cluster', Properties: {} };
    });
    expect(failure).toBeUndefined();
  });
});

test('a Region that lacks the fields of later versions refuses them, and accepts a format without them', async () => {
  const with11 = (resources: Resources) => {
    setFlowLog(resources, ['interface-type']);
  };
  const without11 = (resources: Resources) => {
    setFlowLog(resources, ['flow-direction']);
  };
  expect(await failureAlone({ flowLogVersion: 5 }, with11)).toMatchObject({
    message: expect.stringMatching(/This Region offers no field interface-type/),
  });
  expect(await failureAlone({ flowLogVersion: 5 }, without11)).toBeUndefined();
});

describe('a deployment that fails', () => {
  const fail = (resources: Resources) => {
    setFlowLog(resources, ['tcp-flag']).DependsOn = ['Items', 'Logs'];
  };

  test('deletes what RetainExceptOnCreate would keep otherwise', async () => {
    const failure = await failureAlone({}, (resources) => {
      fail(resources);
      resources.Items!.DeletionPolicy = 'RetainExceptOnCreate';
    });
    expect(failure).toMatchObject({ status: 'ROLLBACK_COMPLETE', left: [] });
  });

  test('leaves what Retain keeps, and says so', async () => {
    const failure = await failureAlone({}, (resources) => {
      fail(resources);
      resources.Items!.DeletionPolicy = 'Retain';
    });
    expect(failure).toMatchObject({
      status: 'ROLLBACK_COMPLETE',
      message: expect.stringMatching(/Items \(AWS::DynamoDB::GlobalTable\) is left: its DeletionPolicy is Retain/),
      left: [{ logicalId: 'Items' }],
    });
  });

  test('cannot roll back a table with deletion protection', async () => {
    const failure = await failureAlone({}, (resources) => {
      fail(resources);
      resources.Items!.Properties.Replicas = [{ Region: 'us-east-1', DeletionProtectionEnabled: true }];
    });
    expect(failure).toMatchObject({
      status: 'ROLLBACK_FAILED',
      left: [{ logicalId: 'Items', reason: expect.stringMatching(/currently protected against deletion/) }],
    });
  });

  test('creates nothing more once a part was refused', async () => {
    const account = await openAccount({ mailbox: fixture.mailbox });
    try {
      const { created } = await deploy(account, (resources) => {
        setFlowLog(resources, ['tcp-flag']);
        resources.Items!.DependsOn = ['Flows'];
      });
      expect(created).not.toContain('Items');
    } finally {
      await account.close();
    }
  });

  test('leaves a retained bucket in the way of the next try, because its name is taken', async () => {
    const account = await openAccount({ mailbox: fixture.mailbox });
    try {
      await deploy(account, (resources) => {
        fail(resources);
        resources.Logs!.DeletionPolicy = 'Retain';
      });
      expect((await deploy(account)).failure).toMatchObject({
        message: expect.stringMatching(/Logs \(AWS::S3::Bucket\): .* already exists/),
      });
    } finally {
      await account.close();
    }
  });
});

test('a deletion policy that CloudFormation does not know is an error that names it', async () => {
  const failure = await failureAlone({}, (resources) => {
    resources.Items!.DeletionPolicy = 'Keep';
  });
  expect(failure).toMatchObject({
    message: 'Resources.Items.DeletionPolicy is "Keep", expected one of Delete, Retain, RetainExceptOnCreate, Snapshot',
  });
});

test('an alarm that CloudWatch accepts, and that would not end, is refused too', async () => {
  const failure = await failureAlone({}, (resources) => {
    resources.Throttled = {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { Namespace: 'AWS/DynamoDB', MetricName: 'WriteThrottleEvents', TreatMissingData: 'notBreaching' },
    };
  });
  expect(failure).toMatchObject({
    message: expect.stringMatching(
      /Throttled \(AWS::CloudWatch::Alarm\): TreatMissingData is notBreaching, but alarms on AWS\/DynamoDB ignore missing/,
    ),
  });
});
