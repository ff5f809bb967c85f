/** Decides requests by policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
import { holds } from './conditions.ts';
import type { Policy, Principals, Selection, Statement } from './document.ts';
import { type Context, matches } from './pattern.ts';

/** The caller: a service in its own name, a role, or somebody without credentials. */
export type Principal =
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'role'; readonly arn: string }
  | { readonly kind: 'anonymous' };

/** One action on one resource, as IAM sees it. */
export interface Request {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. The ARN of a bucket does not contain it. */
  readonly owner: string;
  readonly context: Context;
}

/** The policies that apply. */
export interface Policies {
  /** The role's policies. */
  readonly identity?: readonly Policy[];
  /** The resource's policy. */
  readonly resource?: Policy | undefined;
  /** Whether only the resource's own policy can allow anything: keys, and roles to assume. */
  readonly isResourceDecisive?: boolean;
}

/** The decision, with the statement behind a denial. */
export interface Decision {
  readonly isAllowed: boolean;
  readonly reason: 'allowed' | 'explicit deny' | 'no allow';
  /** The statements that allow, or the one that denies. */
  readonly statements: readonly Statement[];
}

/**
 * An explicit deny wins. Within one account a statement on either side is enough, across accounts both are needed. A
 * resource policy that names an account, rather than the role, leaves the decision to the policies of the role.
 */
export function decide(request: Request, policies: Policies): Decision {
  const of = (policy: Policy) => policy.statements.filter((statement) => applies(statement, policy, request));
  const identity = (policies.identity ?? []).flatMap(of);
  const resource = policies.resource === undefined ? [] : of(policies.resource);
  const denial = [...identity, ...resource].find(({ effect }) => effect === 'Deny');
  if (denial !== undefined) return { isAllowed: false, reason: 'explicit deny', statements: [denial] };

  const reaches = (wanted: Reach) => resource.filter((each) => reachOf(each.principals!, request.principal) === wanted);
  const [direct, throughAccount] = [reaches('direct'), reaches('account')];
  const isWithinAccount = request.principal.kind === 'role' && accountOf(request.principal.arn) === request.owner;
  const sufficing = [
    ...(isWithinAccount || request.principal.kind !== 'role' ? direct : []),
    ...(isWithinAccount && policies.isResourceDecisive !== true ? identity : []),
  ];
  const isBoth = identity.length > 0 && direct.length + throughAccount.length > 0;
  const allowing = sufficing.length > 0 ? sufficing : isBoth ? [...identity, ...direct, ...throughAccount] : [];
  if (allowing.length === 0) return { isAllowed: false, reason: 'no allow', statements: [] };
  return { isAllowed: true, reason: 'allowed', statements: allowing };
}

/** Whether a statement is about this request. */
export function applies(statement: Statement, policy: Policy, request: Request): boolean {
  const variables = policy.hasVariables ? request.context : undefined;
  return (
    (statement.principals === undefined || covers(statement.principals, request.principal)) &&
    selects(statement.actions, (pattern) => matches(pattern, request.action, { ignoreCase: true })) &&
    (statement.resources === undefined ||
      selects(statement.resources, (pattern) => matches(pattern, request.resource, { variables }))) &&
    statement.conditions.every((condition) => holds(condition, request.context, variables))
  );
}

function selects({ isNot, patterns }: Selection, fits: (pattern: string) => boolean): boolean {
  return patterns.some(fits) !== isNot;
}

type Reach = 'direct' | 'account' | 'none';

function covers(principals: Principals, principal: Principal): boolean {
  if (!principals.isNot) return reachOf(principals, principal) !== 'none';
  if (principals.everyone) return false;
  // A role is excepted only if its account is excepted too:
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
  if (principal.kind === 'role') {
    return !(principals.aws.includes(principal.arn) && principals.aws.some((name) => isAccountOf(name, principal.arn)));
  }
  return !(principal.kind === 'service' && principals.services.includes(principal.name));
}

function reachOf(principals: Principals, principal: Principal): Reach {
  if (principals.isNot) return covers(principals, principal) ? 'direct' : 'none';
  if (principals.everyone) return 'direct';
  if (principal.kind === 'service') return principals.services.includes(principal.name) ? 'direct' : 'none';
  if (principal.kind === 'anonymous') return 'none';
  if (principals.aws.includes(principal.arn)) return 'direct';
  return principals.aws.some((name) => isAccountOf(name, principal.arn)) ? 'account' : 'none';
}

function isAccountOf(name: string, roleArn: string): boolean {
  const account = accountOf(roleArn);
  return name === account || (matches('arn:*:iam::*:root', name) && accountOf(name) === account);
}

/** The account in an ARN. Empty if it contains none. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}
