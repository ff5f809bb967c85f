/** Writes docs/permissions.md: for whoever reviews what a deployment may do. */
import { type Connection, connectionsOf } from '../../local/checks/connections.ts';
import { ACCEPTED } from './accepted.ts';
import { OTHER_REGION, wantedDeliveries } from './deliveries.ts';
import { GIVEN_KEY_STATEMENTS } from './keys.ts';
import { recordedCalls } from './needs.ts';
import type { Planted, Proof } from './proof.ts';
import { type Grant, grantsOf } from './rules/roles.ts';
import { ACCOUNT, plainArn } from './stacks.ts';

const table = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const code = (text: string): string => `\`${text}\``;

/** How many (action, resource) pairs each role is granted, and why: the figures of `npm run permissions`. */
export function countsTable(audited: readonly Proof[]): string {
  const rows = audited.flatMap(({ name, stack }) =>
    [...Map.groupBy(grantsOf(stack), ({ role }) => role)].map(([role, grants]) => {
      const used = grants.filter(({ uses }) => uses.length > 0).length;
      return [name, role.replace(/[0-9a-f]{32}$/, ''), grants.length, used, grants.length - used];
    }),
  );
  return table(['deployment', 'role', 'granted', 'used', 'accepted with a reason'], rows);
}

/** The mistakes that were planted, by kind, with the rules that they broke. */
function mistakesTable(planted: readonly Planted[]): string {
  const kinds = [...Map.groupBy(planted, ({ kind }) => kind)].sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = kinds.map(([kind, all]) => {
    const rules = new Set(all.flatMap(({ foundBy }) => foundBy));
    return [kind, all.length, all.filter(({ foundBy }) => foundBy.length > 0).length, [...rules].sort().join(', ')];
  });
  return table(['mistake', 'planted', 'found', 'by'], rows);
}

/** The whole page. */
export function documentOf(audited: readonly Proof[]): string {
  const [plain, keyed] = audited as [Proof, Proof];
  const calls = Object.values(recordedCalls).reduce((sum, list) => sum + list.length, 0);
  const planted = audited.flatMap((proof) => proof.planted);
  return `# Permissions

\`npm run permissions\` generates this page, and a test keeps it current. It says what a deployment may do in your account, who may access
the deployment, and how that is proven. Resources have the names of their constructs. \`LogBucket\` is the bucket of the flow logs, yours or
the stack's.

## What the functions may do

Each function has its own role, which only Lambda may assume, with one inline policy and no managed policy. These are the grants of a
deployment with default settings. The column *why* names the calls that need the grant.

${rolesOf(plain)}

With a customer key (\`kmsKey\`), each function also uses that key, only through the service that holds the data (\`kms:ViaService\`):

${rolesOf(keyed, ({ action }) => action.startsWith('kms:'))}

With \`bucket.existing\`, the object keys are those below \`prefix\`, or \`*vpcflowlogs/*\` below \`flowLogsUnder\`. \`bucket.existing.kmsKeyArn\` then names
the KMS key. With \`events: notification\`, the CDK adds one more function. During deployment it adds the queue to the notifications of your
bucket. It may call \`s3:GetBucketNotification\` and \`s3:PutBucketNotification\` on that bucket, and has a managed policy for its logs.

With \`tracing\`, each function may also call \`xray:PutTelemetryRecords\` and \`xray:PutTraceSegments\`, with which Lambda sends its traces. These
actions have no resource, so that the statement names \`*\`. The same is true of \`ec2:DescribeNetworkInterfaces\` and \`ec2:DescribeSubnets\`, which settle may
call with \`inventory\`. It then may also write parts of the inventory to the windows table with \`dynamodb:BatchWriteItem\`.

## Who may send to it

Only services may send, each for one source. The account that owns a foreign bucket may send to the ingest queue as well, or to the bus
of \`otherBuckets\`. If the ARN of the source contains no account, the account is checked too.

${servicesOf(audited)}

Everything else is refused:

- other accounts
- callers without credentials
- plain HTTP, even for an administrator of the account (for a topic: publishing over plain HTTP)

The bucket blocks public access in all four ways and accepts no access lists. Log delivery writes only for the account of the stack, for the
accounts of \`logAccounts\` into their folders, and for the accounts of \`logOrganization\`. Any Region is accepted, because the flow logs of all
Regions of an account may go to one bucket. A key of the stack rotates yearly.

## A key of your own

This is the policy of a key that \`kmsKey\` names. The first statement is the one that every new key has. The second is needed only for a new
bucket. Replace ${ACCOUNT} with your account. Add the accounts of \`logAccounts\` to both conditions. For \`logOrganization\`, add a third statement
with the condition \`aws:SourceOrgID\`. The proof below uses the same policy.

\`\`\`json
${JSON.stringify({ Version: '2012-10-17', Statement: GIVEN_KEY_STATEMENTS }, undefined, 2)}
\`\`\`

A key of an existing bucket (\`bucket.existing.kmsKeyArn\`) needs the first statement for Sweepwatch. It already has what log delivery needs.

## A bucket of another account

With \`bucket.existing.account\`, the ingest role and the ingest queue have fixed names. \`sweepwatch setup policy\` prints what the owner of the
bucket adds. The statements name the account of the stack, and a condition narrows them to the role. A statement that named the role
itself could not be saved before the role exists, and would stop working when the role is created again. This is what the proof below uses,
with a role \`soc\` for people (\`--also\`):

\`\`\`json
${JSON.stringify(ownersStatements(audited), undefined, 2)}
\`\`\`

The rule of the owner sends to the queue with this role. Its trust policy comes first, its permissions second:

\`\`\`json
${JSON.stringify(ownersRole(audited), undefined, 2)}
\`\`\`

For \`otherBuckets\` the statements are the same, with the Region of the bucket. The rule of the owner sends to the bus of the stack instead
(\`events:PutEvents\`), whose policy admits the role of that rule alone. If the bucket belongs to the account of the stack, only the rule and its
role are needed.

## What is accepted

A strict reading objects to these entries. The table says why each one stays. An entry that applies to no deployment any more fails the tests.

${acceptances()}

## How it is proven

The tests (\`verify/permissions\`) resolve the synthesized template of ${audited.length} kinds of deployment. They evaluate every policy in it with an
evaluator of the policy language (\`local/iam\`). The evaluator has its own tests against the published rules, and treats anything unknown as
an error.

- The role, and for keys the key, must allow every call that a function made in the tests of the bundled functions (${calls} kinds, recorded
  on the wire). The same holds for every call that AWS makes for the function (polling, logs, failed runs, keys).
- One of these calls must need each pair of action and resource that a role grants, or the table above must accept the pair. The same holds
  for every wildcard.
- The resource and its key must admit every service that sends. They must refuse it with the ARN or account of others, or with neither.
- Every call on a bucket of another account or Region needs the role of the stack and the statements of the owner. The statements must admit nothing
  else: no other role, no other folder, no writing, no decryption by hand. Only the ingest role may list
  without a prefix. The owner's rule must reach the queue or the bus, and no other role of the owner may. The rule of the bus must take the
  flow logs of the bucket from its owner, and nothing else.
- Strangers, plain HTTP and the deliveries of other accounts must be refused.
- ${planted.length} mistakes are planted in the templates, one at a time, and each must be found. A part that two templates share word for word is
  broken in only one of them. \`npm run permissions -- --everywhere\` breaks it in each.

${countsTable(audited)}

### Planted mistakes

${mistakesTable(planted)}

### What is not proven

- Policies outside the template are not proven: service control policies, permission boundaries, and the policies of an existing bucket and
  its key beyond the statements of \`setup policy\`.
- AWS does not publish which calls DynamoDB makes to the key for which request. So its five further permissions rest on the documentation.
- The evaluator models the condition keys that these policies use. It is not AWS, and no account was used.
`;
}

/** The owner's side of the first deployment with a bucket of another account. */
const ownerOf = (audited: readonly Proof[]) => audited.find(({ stack }) => stack.owner)!.stack.owner!.changes;

function ownersStatements(audited: readonly Proof[]) {
  const { bucketPolicy, keyPolicy } = ownerOf(audited);
  return { 'policy of the bucket': bucketPolicy, 'policy of the key': keyPolicy?.statements };
}

function ownersRole(audited: readonly Proof[]) {
  const { trust, permissions } = ownerOf(audited).rule!.role;
  return [...trust, ...permissions];
}

function rolesOf({ stack }: Proof, isWanted: (grant: Grant) => boolean = () => true): string {
  const grants = grantsOf(stack).filter(isWanted);
  const lines = Map.groupBy(grants, (grant) => `${grant.role}\n${grant.resource}\n${reasonOf(grant)}`);
  return table(
    ['function', 'may', 'on', 'why'],
    [...lines.values()].map((group) => {
      const { role, resource } = group[0]!;
      const actions = new Set(group.map(({ action }) => code(action)));
      return [role, [...actions].join(', '), code(resource), reasonOf(group[0]!)];
    }),
  );
}

function reasonOf({ role, action, resource, uses }: Grant): string {
  if (uses.length === 0) return ACCEPTED[`unused: ${role} ${action} on ${resource}`] ?? '';
  return action.startsWith('kms:') ? 'data under the key' : uses.join(', ');
}

function servicesOf(audited: readonly Proof[]): string {
  const rows = audited.flatMap(({ stack }) => {
    const all: Connection[] = [...connectionsOf(stack), ...wantedDeliveries(stack).map(({ connection }) => connection)];
    return all.map(({ service, action, target, sourceArn }) => {
      const on = plainArn(stack, target).replace(/\/vpcflowlogs.*/, '/...');
      const source = plainArn(stack, sourceArn)
        .replace(/^Alarms.*/, 'the alarms')
        .replace(/^\S*Notifications$/, 'LogBucket')
        .replace(new RegExp(`^arn:aws:logs:(<region>|${OTHER_REGION}):`), 'arn:aws:logs:*:');
      return [service, code(action), code(on), source].map((cell) => cell.replace(/[0-9a-f]{32}/, ''));
    });
  });
  const distinct = new Map(rows.map((row) => [row.join('|'), row]));
  return table(
    ['service', 'may', 'on', 'for'],
    [...distinct.values()].sort((one, other) => (one.join() < other.join() ? -1 : 1)),
  );
}

function acceptances(): string {
  const byReason = Map.groupBy(Object.keys(ACCEPTED), (key) => ACCEPTED[key]!);
  return table(
    ['what', 'why'],
    [...byReason].map(([reason, keys]) => [
      keys.map((key) => code(key.replace(/[0-9a-f]{32}/, ''))).join('<br>'),
      reason,
    ]),
  );
}
