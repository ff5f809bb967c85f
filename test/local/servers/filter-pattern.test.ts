/** Filter patterns of CloudWatch Logs. */
import { describe, expect, test } from '@jest/globals';
import { readFilterPattern } from '../../../local/servers/filter-pattern.ts';

const event = JSON.stringify({
  verb: 'create',
  code: 403,
  text: '403',
  nothing: null,
  objectRef: { resource: 'cronjobs', subresource: 'exec' },
  list: [{ ip: '10.0.0.1' }],
});

test.each<[string, boolean]>([
  ['', true],
  ['{ $.verb = "create" }', true],
  ['{ $.verb = "creat" }', false],
  ['{ $.verb != "get" }', true],
  ['{ $.missing != "get" }', false],
  ['{ $.objectRef.resource = "*jobs" }', true],
  ['{ $.objectRef.resource = "cron*" }', true],
  ['{ $.objectRef.resource = "*onjo*" }', true],
  ['{ $.objectRef.resource != "cron*" }', false],
  ['{ $.objectRef = "*" }', false],
  ['{ $.verb = "*" }', true],
  ['{ $.missing = "*" }', false],
  ['{ $.code = 403 }', true],
  ['{ $.text = 403 }', false],
  ['{ $.code = "403" }', false],
  ['{ $.list[0].ip = "10.*" }', true],
  ['{ $.list[1].ip = "10.*" }', false],
  ['{ $.missing NOT EXISTS }', true],
  ['{ $.nothing NOT EXISTS }', false],
  ['{ $.missing.deeper NOT EXISTS && $.verb = "create" }', true],
  ['{ $.verb = "x" || $.code = 403 && $.text = "403" }', true],
  ['{ ($.verb = "x" || $.code = 403) && $.text = "4" }', false],
  ['{ $.verb = %^cre|get% }', true],
  ['{ $.verb = %^reate% }', false],
])('%s', (pattern, isMatch) => {
  expect(readFilterPattern(pattern)(event)).toBe(isMatch);
});

test.each<[string, string, boolean]>([
  ['EXECVE', 'type=EXECVE msg=audit(1.0:1)', true],
  ['EXECVE PATH', 'type=EXECVE msg=audit(1.0:1)', false],
  ['?EXECVE ?SYSCALL', 'type=SYSCALL', true],
  ['?EXECVE ?SYSCALL', 'type=CWD', false],
  ['"type=EXECVE" -systemd', 'type=EXECVE a0="systemd"', false],
  ['{ $.verb = "create" }', 'I1120 12:00 no JSON', false],
  ['{ $.verb = "create" }', '["create"]', false],
])('%s of %s', (pattern, message, isMatch) => {
  expect(readFilterPattern(pattern)(message)).toBe(isMatch);
});

describe('is refused:', () => {
  test.each([
    ['{ $.a = "b"', 'expected }, got the end'],
    ['{ $.a = "b" } x', 'nothing is expected after }, got "x"'],
    ['{ a = "b" }', 'expected a field such as $.name, got "a = '],
    ['{ $.a > 4 }', 'no other is simulated'],
    ['{ $.a = b }', 'expected a number, a "text" or a %regular expression%'],
    ['{ $.a = "b*c" }', 'a star in the middle'],
    ['{ $.a = %b(c)% }', 'a character that is not supported'],
    ['{ $.a = %a% || $.a = %b% || $.a = %c% }', 'more than 2 regular expressions'],
    ['[ip, user]', 'space-delimited patterns are not simulated'],
    ['type=EXECVE', 'must be in quotes'],
  ])('%s', (pattern, why) => {
    expect(() => readFilterPattern(pattern)).toThrow(why);
  });
});
