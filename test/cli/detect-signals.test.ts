/** `sweepwatch detect` with logs of orchestrators and hosts, as a user runs it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { expectValidFinding } from '../finding-schema.ts';
import { ask, createPod, exec, lines, podAddress } from '../lib/signals/audit-events.ts';
import { findingsOf, runHere } from './run-cli.ts';
import { CAPTURED, folderWith } from './scan-files.ts';

const DATA = 'test/data/signals';
/** The node of the pod that really scanned in the captured flow log. */
const NODE = {
  node: 'ip-10-0-7-10.eu-central-1.compute.internal',
  instanceId: 'i-0ff2a0c6a833fe1a6',
  hostIp: '10.0.7.10',
};
const NMAP = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const AUDIT = lines([
  podAddress('web-1', { at: '2026-11-21T18:00:00Z', address: '10.0.7.105', ...NODE }),
  ask('list', 'pods', { at: '2026-11-21T19:00:00Z', namespace: 'shop' }),
  ...exec('web-1', NMAP, { at: '2026-11-21T19:18:55Z' }),
]);
/** The same run as the kernel of the node saw it: no pod, no login user. */
const AUDITD = `type=SYSCALL msg=audit(${Date.parse('2026-11-21T19:18:56Z') / 1000}.100:77): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=900 pid=901 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="nmap" exe="/usr/bin/nmap" key="exec"
type=EXECVE msg=audit(${Date.parse('2026-11-21T19:18:56Z') / 1000}.100:77): argc=5 a0="nmap" a1="-sT" a2="-p" a3="1-1024" a4="10.0.12.30"
`;
const FOLDER = folderWith({
  'audit.ndjson': AUDIT,
  'audit.json.gz': gzipSync(AUDIT),
  [`${NODE.instanceId}.log`]: AUDITD,
  'first.ndjson': AUDIT.split('\n').slice(0, 2).join('\n'),
  'last.ndjson': AUDIT.split('\n').slice(2).join('\n'),
  'none.ndjson': 'not an event\n',
  'rule.yml': `title: Exec into a shop pod\nid: 11111111-2222-4333-8444-555555555555\nauthor: Example Author\nlevel: medium\nlogsource:\n  product: kubernetes\n  service: audit\ndetection:\n  selection:\n    objectRef.subresource: exec\n    objectRef.namespace: shop\n  condition: selection\n`,
});
const file = (name: string) => join(FOLDER, name);
const HOST = file(`${NODE.instanceId}.log`);
const detect = (...args: string[]) => runHere(['detect', '--format', 'ndjson', ...args]);

describe('an exec, the scan of its pod, and the record of its node', () => {
  test('are one finding that names user, pod, command, targets, ports and answers', async () => {
    const run = await detect(CAPTURED, '--audit', file('audit.ndjson'), '--endpoint', HOST);
    expect(run.code).toBe(0);
    const findings = findingsOf(run);
    for (const finding of findings) expectValidFinding(finding);
    expect(findings).toMatchObject([
      {
        kind: 'vertical-scan',
        severity: 'high',
        source: { address: '10.0.7.105' },
        actor: { kind: 'pod', name: 'web-1', namespace: 'shop', user: 'alice', command: NMAP.join(' ') },
        signals: { count: 2 },
        tool: { name: 'nmap' },
        ports: { count: 1024 },
        openPorts: { count: 5 },
      },
    ]);
    expect(run.stderr).toContain('5 events in 2 files of orchestrators and hosts\n');
  });

  test('are the same finding in any order of options, in parts and given twice', async () => {
    const expected = (await detect(CAPTURED, '--audit', file('audit.ndjson'), '--endpoint', HOST)).stdout;
    for (const args of [
      ['--endpoint', HOST, '--audit', file('audit.json.gz'), CAPTURED],
      ['--audit', file('last.ndjson'), '--endpoint', HOST, '--audit', file('first.ndjson'), CAPTURED],
      [
        CAPTURED,
        CAPTURED,
        '--audit',
        file('audit.ndjson'),
        '--audit',
        file('audit.json.gz'),
        '--endpoint',
        HOST,
        '--endpoint',
        HOST,
      ],
    ])
      expect((await detect(...args)).stdout).toBe(expected);
  });

  test('keep the id that the scan has without them', async () => {
    const [alone] = findingsOf(await detect(CAPTURED));
    const [met] = findingsOf(await detect(CAPTURED, '--audit', file('audit.ndjson')));
    expect(met.id).toBe(alone.id);
    expect(alone).not.toHaveProperty('actor');
  });

  test('are one finding without flow logs too, which says what was not seen', async () => {
    expect(findingsOf(await detect('--audit', file('audit.ndjson'), '--endpoint', HOST))).toMatchObject([
      {
        kind: 'exec-into-container',
        source: null,
        signals: { count: 2 },
        dataQuality: expect.arrayContaining([expect.stringContaining('No flow logs')]),
      },
    ]);
  });
});

describe('rules of the user', () => {
  test('are matched, and their author is credited', async () => {
    const run = await detect('--audit', file('audit.ndjson'), '--rules', file('rule.yml'));
    const texts = findingsOf(run).flatMap(({ reasons }) => reasons.map(({ text }: { text: string }) => text));
    expect(texts.join()).toContain('by Example Author');
    expect(run.stderr).toContain('1 rule of yours loaded\n');
  });

  test('that are refused fail nothing else', async () => {
    const folder = folderWith({ 'bad.yml': 'title: x\ndetection:\n  timeframe: 5m\n' });
    const run = await detect('--audit', file('audit.ndjson'), '--rules', folder);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('rule "x": not supported: "timeframe"');
    expect(findingsOf(run)).toHaveLength(1);
  });
});

test('without their options, nothing of signals is loaded', () => {
  const loaded = ['cli/commands/detect.ts', 'cli/program.ts', 'cli/formats.ts', 'cli/inputs.ts'].flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^import (?!type).*from '(.*)';$/gm)].map(([, from]) => from!),
  );
  expect(loaded.length).toBeGreaterThan(20);
  expect(loaded.filter((from) => /signal/.test(from))).toEqual([]);
});

describe('bad input', () => {
  test('without a path, --audit or --endpoint is wrong usage', async () => {
    const run = await detect();
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--audit or --endpoint');
  });

  test('a file without an event is reported, and the findings of the rest are printed', async () => {
    const run = await detect(
      '--audit',
      file('none.ndjson'),
      '--audit',
      file('audit.ndjson'),
      '--audit',
      file('missing'),
    );
    expect(run.code).toBe(1);
    expect(findingsOf(run)).toHaveLength(1);
    expect(run.stderr).toContain(
      'none.ndjson: the file contains no event that is understood. Expected events of an orchestrator',
    );
    expect(run.stderr).toContain('missing: no such file or folder');
  });

  test('the table shows who acted where there is no source', async () => {
    const run = await runHere(['detect', '--audit', join(DATA, 'docker/docker-exec-nmap.ndjson')]);
    expect(run.stdout).toMatch(/high\s+exec-into-container\s+-\s+web\s/);
  });

  test('hostile names reach neither the table nor JSON as control characters', async () => {
    const folder = folderWith({
      'a.ndjson': lines([
        createPod(
          'x\u001b[2J\u202e',
          { image: 'instrumentisto/nmap', args: ['-p-', '10.0.0.0/24'] },
          { at: '2026-11-21T10:00:00Z' },
        ),
      ]),
    });
    for (const format of ['table', 'ndjson', 'json', 'ocsf']) {
      const run = await runHere(['detect', '--format', format, '--audit', folder]);
      expect(['\u001b', '\u202e'].filter((character) => run.stdout.includes(character))).toEqual([]);
      expect(run.stdout.length).toBeGreaterThan(100);
    }
  });
});
