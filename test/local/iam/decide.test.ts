/** Decisions, against the published evaluation logic: who is let in by which side, and what a deny does. */
import { describe, expect, test } from '@jest/globals';
import { decide, type Principal } from '../../../local/iam/decide.ts';
import { foreignRole, keys, policy, QUEUE, ROLE, request, role } from './request.ts';

const mayI = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE };
const admits = (principal: unknown) => ({ ...mayI, Principal: principal });
const service: Principal = { kind: 'service', name: 's3.amazonaws.com' };
const anonymous: Principal = { kind: 'anonymous' };
const identity = (...statements: object[]) => [policy('identity', ...statements)];
const resource = (...statements: object[]) => policy('resource', ...statements);

describe('of actions and resources', () => {
  test.each<[string, object, boolean]>([
    ['the exact ones', mayI, true],
    ['an action in other case', { ...mayI, Action: 'SQS:sendmessage' }, true],
    ['a resource in other case', { ...mayI, Resource: QUEUE.replace('queue', 'Queue') }, false],
    ['an action with wildcards', { ...mayI, Action: 'sqs:S?nd*' }, true],
    ['all actions', { ...mayI, Action: '*' }, true],
    ['another action', { ...mayI, Action: 'sqs:ReceiveMessage' }, false],
    ['another resource', { ...mayI, Resource: `${QUEUE}s` }, false],
    ['the beginning of the resource', { ...mayI, Resource: QUEUE.slice(0, -1) }, false],
    ['a resource with wildcards', { ...mayI, Resource: 'arn:aws:sqs:*:*:que?e' }, true],
    ['one of several', { ...mayI, Action: ['a:B', 'sqs:SendMessage'], Resource: ['arn:x', QUEUE] }, true],
    ['all actions but another', { Effect: 'Allow', NotAction: 'sqs:DeleteQueue', Resource: '*' }, true],
    ['all actions but this', { Effect: 'Allow', NotAction: ['sqs:Send*', 'a:B'], Resource: '*' }, false],
    ['all resources but another', { Effect: 'Allow', Action: '*', NotResource: 'arn:x' }, true],
    ['all resources but this', { Effect: 'Allow', Action: '*', NotResource: `${QUEUE.slice(0, -3)}*` }, false],
  ])('an allowance of %s', (_, statement, expected) => {
    expect(decide(request(), { identity: identity(statement) }).isAllowed).toBe(expected);
  });

  test('a dot or a bracket in a pattern is itself', () => {
    const statement = { ...mayI, Resource: 'arn:aws:s3:::a.b/[x]' };
    const of = (text: string) => decide(request({ resource: text }), { identity: identity(statement) }).isAllowed;
    expect([of('arn:aws:s3:::a.b/[x]'), of('arn:aws:s3:::aXb/[x]'), of('arn:aws:s3:::a.b/x')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('of sides', () => {
  const theirs = request({ principal: foreignRole });
  test.each<[string, boolean, Parameters<typeof decide>[0], Parameters<typeof decide>[1]]>([
    ['nothing: denied', false, request(), {}],
    ['the role alone, in one account', true, request(), { identity: identity(mayI) }],
    ['the resource alone, naming the role', true, request(), { resource: resource(admits({ AWS: ROLE })) }],
    [
      'the resource alone, naming the account',
      false,
      request(),
      { resource: resource(admits({ AWS: '111122223333' })) },
    ],
    [
      'the account in the resource, and the role',
      true,
      request(),
      { identity: identity(mayI), resource: resource(admits({ AWS: 'arn:aws:iam::111122223333:root' })) },
    ],
    ['the role alone, across accounts', false, theirs, { identity: identity(mayI) }],
    ['the resource alone, across accounts', false, theirs, { resource: resource(admits({ AWS: '*' })) }],
    [
      'both, across accounts',
      true,
      theirs,
      { identity: identity(mayI), resource: resource(admits({ AWS: '444455556666' })) },
    ],
    [
      'the wrong account in the resource',
      false,
      theirs,
      { identity: identity(mayI), resource: resource(admits({ AWS: '111122223333' })) },
    ],
    [
      'a key policy without the account: the role cannot use it',
      false,
      request(),
      {
        identity: identity(mayI),
        resource: resource(admits({ Service: 'a.amazonaws.com' })),
        isResourceDecisive: true,
      },
    ],
    [
      'a key policy with the account: the role can',
      true,
      request(),
      { identity: identity(mayI), resource: resource(admits({ AWS: '111122223333' })), isResourceDecisive: true },
    ],
    [
      'a key policy with the account, and a role without permission',
      false,
      request(),
      { resource: resource(admits({ AWS: '111122223333' })), isResourceDecisive: true },
    ],
  ])('%s', (_, expected, asked, policies) => {
    expect(decide(asked, policies).isAllowed).toBe(expected);
  });

  test.each<[string, Principal, unknown, boolean]>([
    ['a service by its name', service, { Service: 's3.amazonaws.com' }, true],
    ['a service among several', service, { Service: ['a.amazonaws.com', 's3.amazonaws.com'] }, true],
    ['another service', service, { Service: 'sns.amazonaws.com' }, false],
    ['an account, asked by a service', service, { AWS: '111122223333' }, false],
    ['everybody, asked by a service', service, '*', true],
    ['everybody, asked without credentials', anonymous, { AWS: '*' }, true],
    ['an account, asked without credentials', anonymous, { AWS: '111122223333' }, false],
    ['a service, asked by a role', role, { Service: 's3.amazonaws.com' }, false],
  ])('the resource names %s', (_, principal, named, expected) => {
    expect(decide(request({ principal }), { resource: resource(admits(named)) }).isAllowed).toBe(expected);
  });
});

describe('of denials', () => {
  const deny = { ...mayI, Effect: 'Deny' };
  test.each<[string, boolean, Parameters<typeof decide>[1]]>([
    ['in the same policy', false, { identity: identity(mayI, deny) }],
    ['before the allowance', false, { identity: identity(deny, mayI) }],
    ['in another policy of the role', false, { identity: [...identity(mayI), ...identity(deny)] }],
    ['in the resource', false, { identity: identity(mayI), resource: resource({ ...deny, Principal: '*' }) }],
    ['of another action', true, { identity: identity(mayI, { ...deny, Action: 'sqs:DeleteQueue' }) }],
    [
      'of another principal',
      true,
      { identity: identity(mayI), resource: resource({ ...deny, Principal: { AWS: '444455556666' } }) },
    ],
    ['of all other actions', true, { identity: identity(mayI, { Effect: 'Deny', NotAction: 'sqs:*', Resource: '*' }) }],
    [
      'of all but the role and its account',
      true,
      { identity: identity(mayI), resource: resource({ ...deny, NotPrincipal: { AWS: [ROLE, '111122223333'] } }) },
    ],
    [
      'of all but the role, not its account',
      false,
      { identity: identity(mayI), resource: resource({ ...deny, NotPrincipal: { AWS: ROLE } }) },
    ],
  ])('a deny %s', (_, expected, policies) => {
    const { isAllowed, reason } = decide(request(), policies);
    expect({ isAllowed, reason }).toEqual({ isAllowed: expected, reason: expected ? 'allowed' : 'explicit deny' });
  });

  test('a deny under a condition counts where the condition holds', () => {
    const overHttp = { ...deny, Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
    const of = (secure: string) =>
      decide(request({ context: keys({ 'aws:SecureTransport': secure }) }), {
        identity: identity(mayI),
        resource: resource(overHttp),
      });
    expect(of('true').isAllowed).toBe(true);
    expect(of('false')).toMatchObject({ isAllowed: false, reason: 'explicit deny' });
  });

  test('an allowance for all but others covers whom it does not name', () => {
    const statement = { ...mayI, NotPrincipal: { Service: 'sns.amazonaws.com' } };
    const of = (name: string) =>
      decide(request({ principal: { kind: 'service', name } }), { resource: resource(statement) }).isAllowed;
    expect([of('s3.amazonaws.com'), of('sns.amazonaws.com')]).toEqual([true, false]);
  });
});
