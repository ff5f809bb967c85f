/** Sigma rules: what the subset means, what is refused by name, and that hostile text costs no more than its length. */
import { describe, expect, test } from '@jest/globals';
import { HostLogReader } from '../../../../lib/signals/host/index.ts';
import type { ProcessEvent } from '../../../../lib/signals/host/process-event.ts';
import { loadSigmaRules } from '../../../../lib/signals/sigma/load.ts';
import { matchAuditRules, matchProcessRules } from '../../../../lib/signals/sigma/match.ts';
import { wildcardTest } from '../../../../lib/signals/sigma/pattern.ts';

const HEAD =
  'title: A rule\nid: r1\nauthor: Kim Example\nlevel: high\nlogsource: {category: process_creation, product: linux}\n';
const load = (detection: string, head = HEAD) =>
  loadSigmaRules([{ name: 'rule.yml', text: `${head}detection:\n${detection}` }]);

const start = (program: string, line: string, more: object = {}): ProcessEvent => ({
  type: 'start',
  at: 0,
  eventId: 'e1',
  program,
  argv: line.split(' '),
  limits: [],
  ...more,
});

const fits = (detection: string, event: ProcessEvent, head = HEAD): boolean => {
  const loaded = load(detection, head);
  expect(loaded.refused).toEqual([]);
  return matchProcessRules(loaded.rules, event).length > 0;
};

const NMAP = start('/usr/bin/nmap', 'nmap -sS 10.0.0.0/24', { parentProgram: '/bin/bash' });

describe('searches', () => {
  test.each([
    ['ends with, whatever the capitals', "  s: {Image|endswith: ['/NMAP', '/zmap']}\n  condition: s", true],
    ['a whole value', '  s: {Image: /usr/bin/nmap}\n  condition: s', true],
    ['part of a value is not the value', '  s: {Image: nmap}\n  condition: s', false],
    ['wildcards', '  s: {CommandLine: "nmap * 10.?.0.*"}\n  condition: s', true],
    ['a wildcard that is escaped', '  s: {CommandLine: "nmap \\\\* 10.0.0.0/24"}\n  condition: s', false],
    ['all of a list', '  s: {CommandLine|contains|all: [-sS, 10.0]}\n  condition: s', true],
    ['all of a list, one missing', '  s: {CommandLine|contains|all: [-sS, -sU]}\n  condition: s', false],
    ['every field of a map', '  s: {Image|endswith: /nmap, ParentImage|endswith: /sh}\n  condition: s', false],
    ['one map of a list', '  s: [{Image: x}, {ParentImage|endswith: /bash}]\n  condition: s', true],
    ['capitals that count', '  s: {CommandLine|contains|cased: -ss}\n  condition: s', false],
    ['a field that exists', '  s: {ParentImage|exists: true, User|exists: false}\n  condition: s', true],
    ['a field that is empty', '  s: {User: null}\n  condition: s', true],
    ['words anywhere', '  s: [bash, perl]\n  condition: s', true],
    ['a word of audit records', '  s: {type: EXECVE, a0: nmap}\n  condition: s', true],
  ])('%s', (_, detection, expected) => {
    expect(fits(detection, NMAP)).toBe(expected);
  });

  test('dashes of Windows', () => {
    const head = HEAD.replace('linux', 'windows');
    const event = start('C:\\x.exe', 'x.exe /scan now', { joined: 'windows' });
    expect(fits('  s: {CommandLine|windash|contains: " -scan "}\n  condition: s', event, head)).toBe(true);
  });

  test.each(['x', 'xy', 'xyz'])('base64 behind %j', (before) => {
    const hidden = Buffer.from(`${before}Invoke-Portscan -Hosts`, 'utf16le').toString('base64');
    const event = start('/usr/bin/pwsh', `pwsh -enc ${hidden}`);
    expect(fits('  s: {CommandLine|wide|base64offset|contains: Invoke-Portscan}\n  condition: s', event)).toBe(true);
    expect(fits('  s: {CommandLine|wide|base64offset|contains: Invoke-Other}\n  condition: s', event)).toBe(false);
  });

  test('networks', () => {
    const event = { sourceIPs: ['10.1.2.3', '192.0.2.1'] };
    const head = 'title: A\nlogsource: {product: kubernetes, service: audit}\n';
    expect(matchAuditRules(load('  s: {sourceIPs|cidr: 10.0.0.0/8}\n  condition: s', head).rules, event)).toHaveLength(
      1,
    );
    expect(matchAuditRules(load('  s: {sourceIPs|cidr: 172.16.0.0/12}\n  condition: s', head).rules, event)).toEqual(
      [],
    );
  });
});

describe('conditions', () => {
  const searches = '  sel_a: {Image|endswith: /nmap}\n  sel_b: {Image: none}\n  filter_x: {User: root}\n';
  test.each([
    ['sel_a and not sel_b', true],
    ['sel_a and sel_b', false],
    ['sel_b or sel_a and not filter_x', true],
    ['not (sel_a or sel_b)', false],
    ['1 of sel_*', true],
    ['all of sel_*', false],
    ['1 of them', true],
    ['sel_a and not 1 of filter_*', true],
    ['not not sel_a', true],
  ])('%s', (condition, expected) => {
    expect(fits(`${searches}  condition: ${condition}`, NMAP)).toBe(expected);
  });

  test('one of several', () => {
    expect(fits(`${searches}  condition: [sel_b, sel_a]`, NMAP)).toBe(true);
  });
});

describe('is refused by name', () => {
  const scan = '  s: {Image: x}\n';
  test.each([
    ['  s: {CommandLine|re: "a+"}\n  condition: s', 'modifier "re"'],
    ['  s: {Image|fieldref: ParentImage}\n  condition: s', 'modifier "fieldref"'],
    ['  s: {Hashes|contains: MD5=1}\n  condition: s', 'field "Hashes"'],
    [`${scan}  condition: s | count() > 5`, 'an aggregation in the condition'],
    [`${scan}  condition: s and t`, '"t" in the condition'],
    [`${scan}  condition: (s`, 'a condition without a closing bracket'],
    [`${scan}  condition: 2 of s*`, '"2 of" in the condition'],
    [`${scan}  condition: 1 of t*`, '"t*" in the condition, which names no search'],
    [`${scan}  timeframe: 5m\n  condition: s`, '"timeframe"'],
    ['  s: {Image|cidr: 10.0.0.1/8}\n  condition: s', '"cidr" with the value "10.0.0.1/8"'],
    ['  s: {Image: []}\n  condition: s', 'field "Image" without values'],
    ['  s: {}\n  condition: s', 'a search without fields'],
    [scan, 'a rule without a condition'],
  ])('%j', (detection, construct) => {
    expect(load(detection)).toEqual({
      rules: [],
      sources: [],
      refused: [{ file: 'rule.yml', rule: 'A rule', reason: `not supported: ${construct}` }],
    });
  });

  test.each([
    ['logsource: {category: dns_query}', 'log source dns_query'],
    ['logsource: {product: windows, service: system}', 'log source windows, system'],
    ['correlation: {type: event_count}', 'a correlation'],
    ['action: global', 'a collection of rules ("action")'],
  ])('%s', (line, construct) => {
    const { refused } = load('  s: {Image: x}\n  condition: s', `title: B\n${line}\n`);
    expect(refused).toEqual([{ file: 'rule.yml', rule: 'B', reason: `not supported: ${construct}` }]);
  });

  test.each([
    ['a: [1', /^the file is not YAML: /],
    ['x'.repeat(1_000_001), /^the file is longer than 1 MB$/],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (name) => `${name}: &${name} [${Array(9).fill(`*${String.fromCharCode(name.charCodeAt(0) - 1)}`)}]\n`)}`,
      /^the file is not YAML: /,
    ],
  ])('a file such as %.20j', (text, reason) => {
    const { rules, refused } = loadSigmaRules([{ name: 'x.yml', text }]);
    expect(rules).toEqual([]);
    expect(refused[0]?.reason).toMatch(reason);
  });

  test('one bad rule does not refuse its neighbours', () => {
    const good = `${HEAD}detection:\n  s: {Image: x}\n  condition: s\n`;
    const { rules, refused } = loadSigmaRules([
      { name: 'a.yml', text: `${good}---\n${good.replace('Image', 'Hashes')}` },
      { name: 'b.yml', text: good },
    ]);
    expect([rules.length, refused.length]).toEqual([2, 1]);
  });
});

test('a Kubernetes rule reads nested fields and lists', () => {
  const head = 'title: Host network\nlogsource: {product: kubernetes, service: audit}\n';
  const { rules } = load(
    '  s: {verb: create, requestObject.spec.containers.image|contains: nmap}\n  condition: s',
    head,
  );
  const event = { verb: 'create', requestObject: { spec: { containers: [{ image: 'web' }, { image: 'x/nmap:7' }] } } };
  expect(matchAuditRules(rules, event).map(({ title }) => title)).toEqual(['Host network']);
  expect(matchAuditRules(rules, { ...event, verb: 'get' })).toEqual([]);
});

test('a rule for another system does not match', () => {
  expect(fits('  s: {Image|endswith: nmap}\n  condition: s', NMAP, HEAD.replace('linux', 'windows'))).toBe(false);
});

test('a match names the rule and its author', () => {
  const { rules } = load('  s: {Image|endswith: /whoami}\n  condition: s');
  const reader = new HostLogReader('host.log', rules);
  const line = JSON.stringify({
    ID: '1794650400.123:75',
    NODE: 'web-1',
    SYSCALL: { SYSCALL: 'execve', exe: '/usr/bin/whoami', ppid: 1 },
    EXECVE: { ARGV: ['whoami'] },
  });
  const [signal] = [...reader.read(line)];
  expect(signal).toMatchObject({
    severity: 'high',
    confidence: 70,
    summary: 'Sigma rule "A rule" (r1, by Kim Example) matched whoami on web-1',
    eventId: 'audit:web-1:1794650400.123:75:r1',
  });
});

test('long text against many wildcards takes no longer than both lengths', () => {
  const fitsText = wildcardTest(`*${'a*'.repeat(200)}b`);
  const begin = performance.now();
  expect(fitsText('a'.repeat(1_000_000))).toBe(false);
  expect(performance.now() - begin).toBeLessThan(2000);
});
