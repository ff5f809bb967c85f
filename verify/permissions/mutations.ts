/** Mistakes planted in a template, one at a time: what the audit must find. */
import { isObject, type JsonObject } from '../../local/template/json.ts';
import { STRANGE_ORGANIZATION, STRANGER } from './deliveries.ts';

/** A mistake. */
export interface Mutation {
  readonly kind: string;
  /** Where it was planted. */
  readonly at: string;
  /** The same in two deployments whose statement, or resource, is the same word for word. */
  readonly key: string;
  /** A copy of the template with the mistake in it. */
  plant(): object;
}

type Template = { Resources: Record<string, { Type: string; Properties: JsonObject; DependsOn?: string[] }> };

/** The statements of a resource. */
const STATEMENTS: Readonly<Record<string, (properties: JsonObject) => unknown[]>> = {
  'AWS::IAM::Role': ({ Policies, AssumeRolePolicyDocument }) => [
    AssumeRolePolicyDocument,
    ...((Policies ?? []) as JsonObject[]).map(({ PolicyDocument }) => PolicyDocument),
  ],
  'AWS::IAM::Policy': ({ PolicyDocument }) => [PolicyDocument],
  'AWS::SQS::QueuePolicy': ({ PolicyDocument }) => [PolicyDocument],
  'AWS::SNS::TopicPolicy': ({ PolicyDocument }) => [PolicyDocument],
  'AWS::S3::BucketPolicy': ({ PolicyDocument }) => [PolicyDocument],
  'AWS::KMS::Key': ({ KeyPolicy }) => [KeyPolicy],
  'AWS::Events::EventBus': ({ Policy }) => (Policy === undefined ? [] : [Policy]),
};

/** All mistakes that a template has room for. */
export function mutationsOf(template: object): Mutation[] {
  const original = template as Template;
  return Object.keys(original.Resources).flatMap((id) => [
    ...inStatements(original, id),
    ...inProperties(original, id).filter(({ plant }) => JSON.stringify(plant()) !== JSON.stringify(original)),
  ]);
}

/** The mistakes in statements alone. */
export function statementMistakesOf(template: object): Mutation[] {
  const original = template as Template;
  return Object.keys(original.Resources).flatMap((id) => inStatements(original, id));
}

/** A copy of the template in which a resource, and with it others, is changed. */
function copyWith(original: Template, id: string, change: ResourceMutation[1]): Template {
  // Only the resource itself is changed in place, because copying the rest would take most of the time.
  const resource = structuredClone(original.Resources[id]!);
  const copy = { ...original, Resources: { ...original.Resources, [id]: resource } };
  change(resource, copy);
  return copy;
}

function inStatements(original: Template, id: string): Mutation[] {
  const { Type, Properties = {} } = original.Resources[id]!;
  const listsOf = (properties: JsonObject) =>
    (STATEMENTS[Type]?.(properties) ?? []).map((document) => (document as JsonObject).Statement as JsonObject[]);
  return listsOf(Properties).flatMap((statements, place) =>
    statements.flatMap((statement, position) =>
      statementMutations(statement).map(([kind, change], number) => ({
        kind,
        at: `${id} ${statement.Sid ?? position}`,
        key: JSON.stringify([kind, number, id, place, statement]),
        plant: () =>
          copyWith(original, id, (resource) => {
            listsOf(resource.Properties)[place]!.splice(position, 1, ...change(statement));
          }),
      })),
    ),
  );
}

function inProperties(original: Template, id: string): Mutation[] {
  return (resourceMutations[original.Resources[id]!.Type] ?? []).map(([kind, change], number) => ({
    kind,
    at: id,
    key: JSON.stringify([kind, number, id, original.Resources[id]]),
    plant: () => copyWith(original, id, change),
  }));
}

type StatementMutation = readonly [kind: string, change: (statement: JsonObject) => JsonObject[]];

const OTHER_SUFFIX = '-other';

function statementMutations(statement: JsonObject): StatementMutation[] {
  const isAllow = statement.Effect === 'Allow';
  const actions = [statement.Action].flat() as string[];
  const service = actions[0]?.split(':')[0] ?? '';
  const set = (changes: JsonObject) => (old: JsonObject) => [{ ...old, ...changes }];
  const resources = [statement.Resource].flat().filter((resource) => resource !== undefined);
  const mutations: StatementMutation[] = [
    ['statement dropped', () => []],
    ['effect turned round', set({ Effect: isAllow ? 'Deny' : 'Allow' })],
    ...(isAllow
      ? ([
          ['deny added', (old) => [old, { ...old, Sid: 'Denied', Effect: 'Deny' }]],
          ['every action of the service', set({ Action: `${service}:*` })],
          ['every action', set({ Action: '*' })],
          ['one action more', set({ Action: [...actions, `${service}:TagResource`] })],
          ['all actions but one', ({ Action: _, ...old }) => [{ ...old, NotAction: 'iam:PassRole' }]],
          ...(actions.length > 1
            ? actions.map(
                (action): StatementMutation => [
                  'action dropped',
                  set({ Action: actions.filter((each) => each !== action) }),
                ],
              )
            : []),
        ] satisfies StatementMutation[])
      : actions.map(
          (action): StatementMutation => ['denied action misspelt', set({ Action: `${action.split(':')[0]}:Nothing` })],
        )),
    ...resources.flatMap((resource, at): StatementMutation[] => [
      ['resource of others', set({ Resource: resources.with(at, { 'Fn::Join': ['', [resource, OTHER_SUFFIX]] }) })],
      ...(resources.length > 1
        ? [['resource dropped', set({ Resource: resources.toSpliced(at, 1) })] satisfies StatementMutation]
        : []),
      ...(isAllow && resource !== '*'
        ? [['every resource', set({ Resource: resources.with(at, '*') })] satisfies StatementMutation]
        : []),
    ]),
    ...principalMutations(statement, isAllow),
    ...conditionMutations(statement, isAllow),
  ];
  return mutations.filter(([, change]) => JSON.stringify(change(statement)) !== JSON.stringify([statement]));
}

function principalMutations(statement: JsonObject, isAllow: boolean): StatementMutation[] {
  if (statement.Principal === undefined) return [];
  const set =
    (Principal: unknown): StatementMutation[1] =>
    (old) => [{ ...old, Principal }];
  const without = ({ Principal: _, ...old }: JsonObject) => old;
  return [
    ['another service', set({ Service: 'ec2.amazonaws.com' })],
    ...(isAllow
      ? ([
          ['everybody', set('*')],
          ['a foreign account', set({ AWS: STRANGER })],
          [
            'a foreign account added',
            set({ ...(statement.Principal as JsonObject), AWS: `arn:aws:iam::${STRANGER}:root` }),
          ],
          ['all but one principal', (old) => [{ ...without(old), NotPrincipal: { AWS: STRANGER } }]],
        ] satisfies StatementMutation[])
      : []),
  ];
}

function conditionMutations(statement: JsonObject, isAllow: boolean): StatementMutation[] {
  if (!isObject(statement.Condition)) return [];
  const conditions = statement.Condition;
  const set =
    (Condition: unknown): StatementMutation[1] =>
    (old) => [{ ...old, Condition }];
  const without = (name: string) => Object.fromEntries(Object.entries(conditions).filter(([each]) => each !== name));
  return [
    ['condition dropped', ({ Condition: _, ...old }) => [old]],
    ...Object.entries(conditions).flatMap(([operator, keys]): StatementMutation[] => [
      ['unknown operator', set({ ...without(operator), [`${operator}s`]: keys })],
      // A deny that also holds without the key only denies more.
      ...(isAllow
        ? [
            [
              'key may be missing',
              set({ ...without(operator), [`${operator}IfExists`]: keys }),
            ] satisfies StatementMutation,
          ]
        : []),
      ...Object.entries(keys as JsonObject).flatMap(([key, value]): StatementMutation[] => {
        const rest = Object.fromEntries(Object.entries(keys as JsonObject).filter(([each]) => each !== key));
        const others = Object.keys(rest).length === 0 ? without(operator) : { ...conditions, [operator]: rest };
        return [
          ['condition key dropped', set(others)],
          ['condition value of others', set({ ...conditions, [operator]: { ...rest, [key]: 'others' } })],
          ['condition key misspelt', set({ ...conditions, [operator]: { ...rest, [`${key}s`]: value } })],
          ...(isAllow
            ? ([
                ['any value', set({ ...others, StringLike: { ...(others.StringLike as JsonObject), [key]: '*' } })],
                [
                  'a foreign value added',
                  set({ ...conditions, [operator]: { ...rest, [key]: [value, foreignValue(key)].flat() } }),
                ],
              ] satisfies StatementMutation[])
            : []),
        ];
      }),
    ]),
  ];
}

/** What a careless edit would add to the values of a key. */
function foreignValue(key: string): string {
  if (key === 'aws:SourceArn') return 'arn:aws:*:*:*:*';
  if (key === 'aws:SourceAccount') return STRANGER;
  if (key === 'aws:PrincipalArn') return 'arn:aws:iam::*:role/*';
  if (key === 's3:prefix') return '*';
  return key === 'kms:ViaService' ? 'ec2.eu-west-1.amazonaws.com' : STRANGE_ORGANIZATION;
}

type ResourceMutation = readonly [
  kind: string,
  change: (resource: Template['Resources'][string], copy: Template) => void,
];

const without =
  (property: string): ResourceMutation[1] =>
  ({ Properties }) => {
    delete Properties[property];
  };

const policyOn = (role: string, Effect: string): Template['Resources'][string] => ({
  Type: 'AWS::IAM::Policy',
  Properties: { Roles: [{ Ref: role }], PolicyDocument: { Statement: { Effect, Action: '*', Resource: '*' } } },
});

const idOf = (resource: Template['Resources'][string], { Resources }: Template): string =>
  Object.keys(Resources).find((id) => Resources[id] === resource)!;

/** True for a queue whose policy lets a service in. */
function isSentTo(queue: Template['Resources'][string], copy: Template): boolean {
  const text = JSON.stringify({ Ref: idOf(queue, copy) });
  return Object.values(copy.Resources).some(
    ({ Type, Properties }) =>
      Type === 'AWS::SQS::QueuePolicy' &&
      JSON.stringify(Properties.Queues).includes(text) &&
      JSON.stringify(Properties.PolicyDocument).includes('"Service"'),
  );
}

/** Mistakes in properties, by type. Those that change nothing in a template are left out. */
const resourceMutations: Readonly<Record<string, readonly ResourceMutation[]>> = {
  'AWS::S3::Bucket': [
    ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
      (flag): ResourceMutation => [
        'public access not blocked',
        ({ Properties }) => {
          (Properties.PublicAccessBlockConfiguration as JsonObject)[flag] = false;
        },
      ],
    ),
    ['public access not blocked', without('PublicAccessBlockConfiguration')],
    ['access lists taken', without('OwnershipControls')],
    ['encryption dropped', without('BucketEncryption')],
    ['order of creation lost', (resource) => delete resource.DependsOn],
  ],
  'AWS::SQS::Queue': [
    ['encryption dropped', without('SqsManagedSseEnabled')],
    [
      'key that AWS manages',
      (queue, copy) => {
        // Roles may use such a key. It breaks a queue that a service sends to.
        if (isSentTo(queue, copy)) queue.Properties.KmsMasterKeyId = 'alias/aws/sqs';
      },
    ],
  ],
  'AWS::SNS::Topic': [
    ['encryption dropped', without('KmsMasterKeyId')],
    [
      'key that AWS manages',
      ({ Properties }) => {
        Properties.KmsMasterKeyId = Properties.KmsMasterKeyId ? undefined : 'alias/aws/sns';
      },
    ],
  ],
  'AWS::SNS::Subscription': [
    [
      'alerts over plain HTTP',
      ({ Properties }) => {
        Properties.Protocol = 'http';
      },
    ],
  ],
  'AWS::DynamoDB::GlobalTable': [
    [
      'customer key lost',
      ({ Properties }) => {
        for (const replica of Properties.Replicas as JsonObject[]) delete replica.SSESpecification;
      },
    ],
    [
      'policy that nobody reads',
      ({ Properties }) => {
        for (const replica of Properties.Replicas as JsonObject[]) replica.ResourcePolicy = {};
      },
    ],
  ],
  'AWS::KMS::Key': [['rotation lost', without('EnableKeyRotation')]],
  'AWS::IAM::Role': [
    [
      'managed policy',
      ({ Properties }) => {
        Properties.ManagedPolicyArns = [
          ...((Properties.ManagedPolicyArns as unknown[]) ?? []),
          'arn:aws:iam::aws:policy/AdministratorAccess',
        ];
      },
    ],
    [
      'policy beside the role',
      (resource, copy) => {
        copy.Resources.Added = policyOn(idOf(resource, copy), 'Allow');
      },
    ],
    [
      'deny beside the role',
      (resource, copy) => {
        copy.Resources.Added = policyOn(idOf(resource, copy), 'Deny');
      },
    ],
  ],
  ...Object.fromEntries(
    ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy'].map((type) => [
      type,
      [
        [
          'policy dropped',
          (resource, copy) => {
            const id = idOf(resource, copy);
            delete copy.Resources[id];
            for (const [other, { DependsOn, ...rest }] of Object.entries(copy.Resources)) {
              if (DependsOn) copy.Resources[other] = { ...rest, DependsOn: DependsOn.filter((each) => each !== id) };
            }
          },
        ],
        [
          'second policy, which replaces the first',
          (resource, copy) => {
            copy.Resources.Added = structuredClone(resource);
          },
        ],
      ] satisfies ResourceMutation[],
    ]),
  ),
  'AWS::Lambda::Permission': [
    ['source of an invocation dropped', without('SourceArn')],
    [
      'everybody invokes',
      ({ Properties }) => {
        Properties.Principal = '*';
      },
    ],
    [
      'a foreign account invokes',
      ({ Properties }) => {
        Properties.Principal = STRANGER;
      },
    ],
    [
      'another action on a function',
      ({ Properties }) => {
        Properties.Action = 'lambda:UpdateFunctionCode';
      },
    ],
  ],
  'AWS::Lambda::Function': [
    [
      'function with an address on the internet',
      (_, copy) => {
        copy.Resources.Added = { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE' } };
      },
    ],
    [
      'policy for people',
      (_, copy) => {
        const { Properties } = policyOn('', 'Allow');
        copy.Resources.Added = {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { ...Properties, Roles: [], Groups: ['all'] },
        };
      },
    ],
  ],
};
