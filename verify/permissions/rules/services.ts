/** Services that act for the deployment: admitted by resource and key, for our sources alone, and for nothing else. */
import { type Connection, connectionsOf, requestOf } from '../../../local/checks/connections.ts';
import { arnOf, findByArn, policyOf } from '../../../local/checks/policies.ts';
import { accountOf, applies, decide, type Request } from '../../../local/iam/decide.ts';
import type { Policy, Statement } from '../../../local/iam/document.ts';
import type { CreatedResource } from '../../../local/resources/stack.ts';
import { STRANGE_ORGANIZATION, STRANGER, unwantedDeliveries, wantedDeliveries } from '../deliveries.ts';
import { isManagedByAws, keyActionsOf, keyOf, keyPolicyOf } from '../keys.ts';
import type { Problem } from '../problem.ts';
import { ACCOUNT, GIVEN_KEY, nameOf, type PaperStack, plainArn, resourceNamed } from '../stacks.ts';
import { requestsOfRule } from './owner.ts';

/** A request of a service, with the policy that must admit it. */
interface Asked {
  readonly connection: Connection;
  readonly request: Request;
  readonly policy: Policy | undefined;
}

/** What is wrong with how services are let in. */
export function serviceProblems(stack: PaperStack): Problem[] {
  const asked = allRequests(stack);
  return [
    ...asked.flatMap((each) => refused(stack, each)),
    ...managedKeys(stack),
    ...asked.flatMap((each) => confusedDeputies(stack, each)),
    ...unwantedDeliveries(stack).flatMap(({ says, connection, request }): Problem[] => {
      const policy = policyOfTarget(stack, connection);
      return admits(policy, request) ? [{ rule: 'log delivery', text: says }] : [];
    }),
    ...heldPolicies(stack).flatMap(({ name, policy }) => [
      ...unusedAdmissions(stack, name, policy, asked),
      ...wideAdmissions(stack, name, policy),
    ]),
  ];
}

/** Everything that services ask of policies of this deployment: the sending itself, and the key of what receives. */
function allRequests(stack: PaperStack): Asked[] {
  const connections = connectionsOf(stack).map((connection) => ({
    connection,
    request: requestOf(connection, ACCOUNT),
  }));
  return [...connections, ...wantedDeliveries(stack), ...foreignNotification(stack)].flatMap(
    ({ connection, request }) => {
      const target = targetOf(stack, connection);
      const key = target === undefined ? undefined : keyOf(target);
      const uses =
        key === undefined || isManagedByAws(key)
          ? []
          : keyActionsOf(connection.action).map((action) => {
              const use = { ...connection, action, target: key };
              return { connection: use, request: requestOf(use, ACCOUNT), policy: keyPolicyOf(stack, key) };
            });
      return [{ connection, request, policy: policyOfTarget(stack, connection) }, ...uses];
    },
  );
}

/** The notification that the owner of a foreign bucket adds. */
function foreignNotification({ owner }: PaperStack): Pick<Asked, 'connection' | 'request'>[] {
  if (owner?.changes.notification === undefined) return [];
  const connection: Connection = {
    owner: 'owner of the bucket',
    service: 's3.amazonaws.com',
    action: 'sqs:SendMessage',
    target: String(owner.changes.notification.QueueArn),
    sourceArn: `arn:aws:s3:::${owner.foreign.bucket}`,
    sourceAccount: owner.foreign.owner,
    consequence: 'so the bucket of another account cannot notify it',
  };
  return [{ connection, request: requestOf(connection, ACCOUNT) }];
}

const targetOf = (stack: PaperStack, { target }: Connection): CreatedResource | undefined =>
  findByArn(stack.resources, target.startsWith('arn:aws:s3:::') ? target.replace(/\/.*/, '') : target);

function policyOfTarget(stack: PaperStack, connection: Connection): Policy | undefined {
  const target = targetOf(stack, connection);
  return target === undefined ? undefined : policyOf(stack.resources, target)?.policy;
}

const admits = (policy: Policy | undefined, request: Request): boolean =>
  decide(request, { resource: policy, isResourceDecisive: true }).isAllowed;

const inWords = (stack: PaperStack, { service, action, target }: Connection): string =>
  `${service} ${action} on ${plainArn(stack, target)}`;

function refused(stack: PaperStack, { connection, request, policy }: Asked): Problem[] {
  if (admits(policy, request)) return [];
  return [{ rule: 'service denied', text: `${inWords(stack, connection)}, ${connection.consequence}` }];
}

/** No service but its own may use a key that AWS manages, and nobody can change that. */
function managedKeys(stack: PaperStack): Problem[] {
  const ofOwner = foreignNotification(stack).map(({ connection }) => connection);
  return [...connectionsOf(stack), ...ofOwner].flatMap((connection) => {
    const target = targetOf(stack, connection);
    const key = target === undefined ? undefined : keyOf(target);
    if (target === undefined || key === undefined || !isManagedByAws(key)) return [];
    return [{ rule: 'service denied', text: `${connection.service} may not use ${key} of ${nameOf(target)}` }];
  });
}

/** The same call for a foreign resource, on behalf of a foreign account, or without either. */
function confusedDeputies(stack: PaperStack, { connection, request, policy }: Asked): Problem[] {
  const { sourceArn, sourceOrganization } = connection;
  const foreignArn =
    accountOf(sourceArn) === ''
      ? `${sourceArn}-of-others`
      : sourceArn.replace(`:${connection.sourceAccount}:`, `:${STRANGER}:`);
  const changes: [string, ReadonlyMap<string, readonly string[] | undefined>][] =
    sourceOrganization === undefined
      ? [
          ['a source ARN of others', new Map([['aws:sourcearn', [foreignArn]]])],
          ['a source account of others', new Map([['aws:sourceaccount', [STRANGER]]])],
          ['no source ARN', new Map([['aws:sourcearn', undefined]])],
          ['no source account', new Map([['aws:sourceaccount', undefined]])],
        ]
      : [
          // Any account of the organization may be the source, so ARN and account decide nothing.
          ['a source organization of others', new Map([['aws:sourceorgid', [STRANGE_ORGANIZATION]]])],
          ['no source organization', new Map([['aws:sourceorgid', undefined]])],
          ['no source ARN', new Map([['aws:sourcearn', undefined]])],
        ];
  const admitted = changes
    .filter(([, changed]) => admits(policy, { ...request, context: new Map([...request.context, ...changed]) }))
    .map(([what]) => what);
  if (admitted.length === 0) return [];
  const whom = admitted.length === changes.length ? 'whatever the source' : `for ${admitted.join(' and ')}`;
  return [{ rule: 'confused deputy', text: `${inWords(stack, connection)}, admitted ${whom}` }];
}

/** Every policy on a resource of the deployment, and that of a given key. */
export function heldPolicies(
  stack: PaperStack,
): { name: string; resource: CreatedResource | undefined; policy: Policy }[] {
  const found = [...stack.resources.values()].flatMap((resource) => {
    const held = policyOf(stack.resources, resource);
    return held === undefined ? [] : [{ name: nameOf(resource), resource, policy: held.policy }];
  });
  const isGiven = stack.settings.kmsKey === GIVEN_KEY;
  return isGiven ? [...found, { name: 'Key', resource: undefined, policy: keyPolicyOf(stack, GIVEN_KEY)! }] : found;
}

function unusedAdmissions(stack: PaperStack, name: string, policy: Policy, asked: readonly Asked[]): Problem[] {
  const requests = [
    ...asked.filter((each) => each.policy === policy).map(({ request }) => request),
    ...requestsOfRule(stack).filter(({ resource }) => resource === arnOf(resourceNamed(stack, name)!)),
  ];
  return policy.statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) =>
      statement.actions.patterns.flatMap((action) =>
        (statement.resources?.patterns ?? ['']).flatMap((resource) => {
          const single: Statement = {
            ...statement,
            actions: { ...statement.actions, patterns: [action] },
            resources: resource === '' ? undefined : { isNot: false, patterns: [resource] },
          };
          if (requests.some((request) => applies(single, policy, request))) return [];
          const on = resource === '' || resource === '*' ? name : plainArn(stack, resource);
          return [{ rule: 'unused', text: `${who(statement)} ${action} on ${on}` }];
        }),
      ),
    );
}

function who({ principals, conditions }: Statement): string {
  if (principals === undefined || principals.isNot || principals.everyone) return 'everybody';
  const names = [...principals.services, ...principals.aws.map((name) => name.replaceAll(ACCOUNT, '<account>'))];
  const isOfOrganization = conditions.some(({ key }) => key === 'aws:SourceOrgID');
  return `${names.join(', ')}${isOfOrganization ? ' of an organization' : ''}`;
}

function wideAdmissions(stack: PaperStack, name: string, policy: Policy): Problem[] {
  return policy.statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) => [
      ...(statement.actions.isNot || statement.resources?.isNot
        ? [`${who(statement)} may do all but what is named`]
        : []),
      ...statement.actions.patterns
        .filter((action) => /[*?]/.test(action))
        .map((action) => `${who(statement)} ${action}`),
      ...(statement.resources?.patterns ?? [])
        .filter((resource) => /[*?]/.test(resource))
        .map((resource) => `${who(statement)} on ${plainArn(stack, resource)}`),
      ...statement.conditions.flatMap(({ key, values }) =>
        values
          .filter((value) => /[*?]/.test(value))
          .map((value) => `${who(statement)} for ${key} ${plainArn(stack, value)}`),
      ),
    ])
    .map((text) => ({ rule: 'wildcard', text: `${name}: ${text}` }));
}
