/**
 * What AWS refuses in a resource fails its deployment here too, and names the part. The stack is rolled back, and the
 * same account then takes the template as it stands. Add a row for each rule in local/checks/refusals.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalAccount, openAccount } from '../../local/account.ts';
import type { AccountState } from '../../local/checks/refusals.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import type { LocalCloudEvent } from '../../local/events.ts';
import { DeploymentError } from '../../local/rollback.ts';
import { type FixtureAssembly, type FixtureResource, fixtureTemplate, writeFixture } from './fixture/template.ts';

type Resources = Record<string, FixtureResource>;

const FIELDS = ['srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'end', 'action'];

/** A flow log to the fixture's bucket with these fields besides the ones that detection needs. */
const flowLog = (fields: readonly string[], properties: object = {}): FixtureResource => ({
  Type: 'AWS::EC2::FlowLog',
  Properties: { LogFormat: [...FIELDS, ...fields].map((field) => `\${${field}}`).join(' '), ...properties },
});

/** A rule: its name, the message that a template which breaks it gets, and how to break it. */
const RULES: readonly [rule: string, message: RegExp, breakIt: (resources: Resources) => void][] = [
  [
    'ECS fields in a flow log without an ECS cluster',
    /Flows \(AWS::EC2::FlowLog\): the log format contains ecs-task-id, but no ECS cluster exists/,
    (resources) => {
      resources.Flows = flowLog(['ecs-task-id']);
    },
  ],
  [
    'an unknown field in a flow log',
    /Flows \(AWS::EC2::FlowLog\): .* at 'logFormat' has an invalid format; this Region offers no field tcp-flag$/m,
    (resources) => {
      resources.Flows = flowLog(['tcp-flag']);
    },
  ],
  [
    'a transit gateway field in the flow log of a VPC',
    /Flows \(AWS::EC2::FlowLog\): .* this Region offers no field tgw-id$/m,
    (resources) => {
      resources.Flows = flowLog(['tgw-id']);
    },
  ],
  [
    'a flow log format that names a field twice',
    /Flows \(AWS::EC2::FlowLog\): .* has an invalid format; it names action twice$/m,
    (resources) => {
      resources.Flows = flowLog(['action']);
    },
  ],
  [
    'a flow log format with a space at its end',
    /Flows \(AWS::EC2::FlowLog\): 1 validation error detected: Value '.* ' at 'logFormat' has an invalid format$/m,
    (resources) => {
      resources.Flows = flowLog([]);
      resources.Flows.Properties.LogFormat += ' ';
    },
  ],
  [
    'tag fields in a flow log without the names of the tags',
    /Flows \(AWS::EC2::FlowLog\): The TagFieldSpecifications parameter must be set/,
    (resources) => {
      resources.Flows = flowLog(['instance-tag']);
    },
  ],
  [
    'an aggregation interval that EC2 does not know',
    /Flows \(AWS::EC2::FlowLog\): MaxAggregationInterval is 30, expected 60 or 600/,
    (resources) => {
      resources.Flows = flowLog([], { MaxAggregationInterval: 30 });
    },
  ],
];

let fixture: FixtureAssembly;
beforeAll(() => {
  fixture = writeFixture();
});
afterAll(() => fixture.remove());

/** Deploys the fixture's template, changed, and stops what runs; the resources stay in the account. */
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

describe.each(RULES)('%s', (_, message, breakIt) => {
  test('fails the deployment and names the part, and the next try succeeds in the same account', async () => {
    const account = await openAccount({ mailbox: fixture.mailbox });
    try {
      const { failure } = await deploy(account, breakIt);
      expect(failure).toBeInstanceOf(DeploymentError);
      expect(failure).toMatchObject({ message: expect.stringMatching(message), status: 'ROLLBACK_COMPLETE', left: [] });
      expect((await deploy(account)).failure).toBeUndefined();
    } finally {
      await account.close();
    }
  });
});

describe('ECS fields in a flow log are accepted', () => {
  const withEcs = (resources: Resources) => {
    resources.Flows = flowLog(['ecs-task-id']);
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
    resources.Flows = flowLog(['interface-type']);
  };
  const without11 = (resources: Resources) => {
    resources.Flows = flowLog(['flow-direction']);
  };
  expect(await failureAlone({ flowLogVersion: 5 }, with11)).toMatchObject({
    message: expect.stringMatching(/this Region offers no field interface-type/),
  });
  expect(await failureAlone({ flowLogVersion: 5 }, without11)).toBeUndefined();
});

describe('a deployment that fails', () => {
  const fail = (resources: Resources) => {
    resources.Flows = { ...flowLog(['tcp-flag']), DependsOn: ['Items', 'Logs'] };
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
        resources.Flows = flowLog(['tcp-flag']);
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
