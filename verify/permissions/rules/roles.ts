/** Roles: every call is allowed, nothing else is, and no more widely than needed. */
import { findByArn, policiesOfRole, policyOf } from '../../../local/checks/policies.ts';
import { applies, decide, type Request } from '../../../local/iam/decide.ts';
import { type Policy, readPolicy, type Statement } from '../../../local/iam/document.ts';
import { listAt } from '../../../local/template/json.ts';
import { keyPolicyOf } from '../keys.ts';
import { needsOf, type RoleNeeds } from '../needs.ts';
import type { Problem } from '../problem.ts';
import { ACCOUNT, type PaperStack, plainArn, REGION } from '../stacks.ts';

/** One action on one resource that a statement allows. */
export interface Grant {
  readonly role: string;
  readonly sid: string;
  readonly action: string;
  /** By the names of constructs. */
  readonly resource: string;
  /** Why it is needed. Empty if nothing needs it. */
  readonly uses: readonly string[];
}

/** What is wrong with the roles of a deployment. */
export function roleProblems(stack: PaperStack): Problem[] {
  return needsOf(stack).flatMap((role) => [
    ...deniedCalls(stack, role),
    ...unusedGrants(stack, role),
    ...wideStatements(stack, role),
    ...managedPolicies(stack, role),
    ...directKeyUses(stack, role),
  ]);
}

/** Each grant of each role of a deployment, with what it is needed for. */
export function grantsOf(stack: PaperStack): Grant[] {
  return needsOf(stack).flatMap((role) => roleGrants(stack, role));
}

function deniedCalls(stack: PaperStack, { role, name, needs }: RoleNeeds): Problem[] {
  const identity = policiesOfRole(stack.resources, role);
  return needs.flatMap(({ request, why }) => {
    const { isAllowed, reason } = decide(request, { identity, ...resourceSide(stack, request) });
    const { action, resource } = request;
    return isAllowed
      ? []
      : [{ rule: 'call denied', text: `${name} ${action} on ${plainArn(stack, resource)} (${why}): ${reason}` }];
  });
}

/** The policy of the requested resource. That of a key decides, any other only adds. */
function resourceSide(
  stack: PaperStack,
  { resource, action }: Request,
): { resource?: Policy | undefined; isResourceDecisive?: boolean } {
  if (action.startsWith('kms:')) return { resource: keyPolicyOf(stack, resource), isResourceDecisive: true };
  const owner = findByArn(stack.resources, action.startsWith('s3:') ? resource.replace(/\/.*/, '') : resource);
  if (owner === undefined && action.startsWith('s3:') && stack.owner) return { resource: stack.owner.bucket };
  return owner === undefined ? {} : { resource: policyOf(stack.resources, owner)?.policy };
}

function roleGrants(stack: PaperStack, { role, name, needs }: RoleNeeds): Grant[] {
  return policiesOfRole(stack.resources, role).flatMap((policy) =>
    allowances(policy).flatMap((statement) =>
      statement.actions.patterns.flatMap((action) =>
        (statement.resources?.patterns ?? []).map((resource) => {
          const single: Statement = {
            ...statement,
            actions: { ...statement.actions, patterns: [action] },
            resources: { isNot: false, patterns: [resource] },
          };
          const uses = needs.filter(({ request }) => applies(single, policy, request)).map(({ why }) => why);
          return {
            role: name,
            sid: statement.sid,
            action,
            resource: plainArn(stack, resource),
            uses: [...new Set(uses)],
          };
        }),
      ),
    ),
  );
}

const allowances = (policy: Policy): Statement[] => policy.statements.filter(({ effect }) => effect === 'Allow');

function unusedGrants(stack: PaperStack, role: RoleNeeds): Problem[] {
  return roleGrants(stack, role)
    .filter(({ uses }) => uses.length === 0)
    .map((grant) => ({ rule: 'unused', text: `${grant.role} ${grant.action} on ${grant.resource}` }));
}

function wideStatements(stack: PaperStack, { role, name }: RoleNeeds): Problem[] {
  return policiesOfRole(stack.resources, role)
    .flatMap(allowances)
    .flatMap(({ actions, resources }) => [
      ...(actions.isNot || resources?.isNot ? [`${name} is allowed all but what is named`] : []),
      ...actions.patterns.filter((action) => /[*?]/.test(action)).map((action) => `${name} ${action}`),
      ...(resources?.patterns ?? [])
        .filter((resource) => /[*?]/.test(resource))
        .map((resource) => `${name} ${actions.patterns.join(', ')} on ${plainArn(stack, resource)}`),
    ])
    .map((text) => ({ rule: 'wildcard', text }));
}

function managedPolicies(stack: PaperStack, { role, name }: RoleNeeds): Problem[] {
  return listAt(role.properties.ManagedPolicyArns, 'ManagedPolicyArns').map((arn) => ({
    rule: 'managed policy',
    text: `${name} ${plainArn(stack, String(arn))}`,
  }));
}

const anyUse = readPolicy(
  { Statement: { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: '*', Resource: '*' } },
  'resource',
  'a key whose owner allows everything',
);

/** What encrypts our data is used through the services that hold it, never by hand. */
function directKeyUses(stack: PaperStack, { role, name, needs }: RoleNeeds): Problem[] {
  const identity = policiesOfRole(stack.resources, role);
  const uses = needs.filter(({ request }) => request.action.startsWith('kms:')).map(({ request }) => request);
  return ['directly', 'through another service'].flatMap((how) =>
    uses.flatMap((request) => {
      const context = new Map(request.context).set(
        'kms:viaservice',
        how === 'directly' ? undefined : [`ec2.${REGION}.amazonaws.com`],
      );
      // The owner of a foreign key may allow more than it must. The role still keeps to the service.
      const isForeign = request.owner !== ACCOUNT;
      const side = isForeign ? { resource: anyUse, isResourceDecisive: true } : resourceSide(stack, request);
      const { isAllowed } = decide({ ...request, context }, { identity, ...side });
      return isAllowed ? [{ rule: 'key used by hand', text: `${name} ${request.action} ${how}` }] : [];
    }),
  );
}
