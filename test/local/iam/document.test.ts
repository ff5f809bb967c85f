/** Policy documents: what the language does not have is refused, with the place. */
import { expect, test } from '@jest/globals';
import { decide } from '../../../local/iam/decide.ts';
import { type PolicyKind, readPolicy } from '../../../local/iam/document.ts';
import { keys, request } from './request.ts';

const mayI = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
const { Resource: _, ...mayBecome } = { ...mayI, Principal: '*' };

test.each<[string, PolicyKind, unknown, RegExp]>([
  ['nothing', 'identity', undefined, /p is undefined, expected a policy document/],
  ['no statement', 'identity', { Version: '2012-10-17' }, /p has no Statement/],
  ['another version', 'identity', { Version: '2020-01-01', Statement: mayI }, /p\.Version is "2020-01-01"/],
  ['an unknown element', 'identity', { Statement: mayI, Comment: 'x' }, /p\.Comment is unknown here/],
  [
    'an unknown element of a statement',
    'identity',
    { Statement: { ...mayI, Resources: '*' } },
    /p\.Statement\[0\]\.Resources is unknown/,
  ],
  [
    'another effect',
    'identity',
    { Statement: [mayI, { ...mayI, Effect: 'allow' }] },
    /p\.Statement\[1\]\.Effect is "allow"/,
  ],
  ['a principal in a role', 'identity', { Statement: { ...mayI, Principal: '*' } }, /Principal is unknown here/],
  ['no principal in a resource', 'resource', { Statement: mayI }, /needs either Principal or NotPrincipal/],
  ['a resource in a trust policy', 'trust', { Statement: { ...mayI, Principal: '*' } }, /Resource is unknown here/],
  ['both of two', 'identity', { Statement: { ...mayI, NotAction: 'a:B' } }, /needs either Action or NotAction/],
  ['no action', 'identity', { Statement: { ...mayI, Action: [] } }, /Action is empty/],
  [
    'an action without service',
    'identity',
    { Statement: { ...mayI, Action: 'SendMessage' } },
    /expected service:Action/,
  ],
  [
    'a reference left over',
    'identity',
    { Statement: { ...mayI, Resource: { Ref: 'Queue' } } },
    /Resource is \{"Ref":"Queue"\}, expected a string/,
  ],
  [
    'an unknown kind of principal',
    'resource',
    { Statement: { ...mayI, Principal: { User: 'ann' } } },
    /Principal\.User is unknown/,
  ],
  ['a principal that is neither', 'resource', { Statement: { ...mayI, Principal: 'ann' } }, /expected \* or an object/],
])('%s is an error', (_name, kind, document, message) => {
  expect(() => readPolicy(document, kind, 'p')).toThrow(message);
});

test('a statement may stand alone, and a trust policy has no resource', () => {
  expect(readPolicy({ Statement: mayI }, 'identity', 'p').statements).toHaveLength(1);
  expect(readPolicy({ Statement: mayBecome }, 'trust', 'p').statements[0]?.resources).toBeUndefined();
});

test('variables are plain text in the old version of the language', () => {
  const statement = { ...mayI, Resource: `queue-\${x:name}` };
  const of = (document: object, resource: string) =>
    decide(request({ resource, context: keys({ 'x:name': 'a' }) }), {
      identity: [readPolicy(document, 'identity', 'p')],
    }).isAllowed;
  expect(of({ Version: '2012-10-17', Statement: statement }, 'queue-a')).toBe(true);
  expect(of({ Statement: statement }, 'queue-a')).toBe(false);
  expect(of({ Statement: statement }, `queue-\${x:name}`)).toBe(true);
});
