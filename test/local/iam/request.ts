/** Requests and policies for the tests of the evaluator. */
import { decide, type Principal, type Request } from '../../../local/iam/decide.ts';
import { type PolicyKind, readPolicy } from '../../../local/iam/document.ts';
import type { Context } from '../../../local/iam/pattern.ts';

export const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:queue';
export const ROLE = 'arn:aws:iam::111122223333:role/reader';
export const role: Principal = { kind: 'role', arn: ROLE };
export const foreignRole: Principal = { kind: 'role', arn: 'arn:aws:iam::444455556666:role/reader' };

/** A context with these keys. Undefined means a known key that is absent. */
export const keys = (given: Record<string, string | string[] | undefined>): Context =>
  new Map(
    Object.entries(given).map(([key, value]) => [key.toLowerCase(), value === undefined ? undefined : [value].flat()]),
  );

export const request = (given: Partial<Request> = {}): Request => ({
  principal: role,
  action: 'sqs:SendMessage',
  resource: QUEUE,
  owner: '111122223333',
  context: keys({}),
  ...given,
});

/** A policy of these statements, of the version that has variables. */
export const policy = (kind: PolicyKind, ...statements: object[]) =>
  readPolicy({ Version: '2012-10-17', Statement: statements }, kind, 'policy');

/** Whether one allowing statement with these conditions lets a role send, when the request has these keys. */
export function allowsUnder(condition: object, given: Record<string, string | string[] | undefined>): boolean {
  const statement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE, Condition: condition };
  return decide(request({ context: keys(given) }), { identity: [policy('identity', statement)] }).isAllowed;
}
