/** auditd records, as captured: what started is found, in any order of records, and look-alikes are silent. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HostLogReader } from '../../../../lib/signals/host/index.ts';
import type { Signal } from '../../../../lib/signals/signal.ts';

const DATA = join(import.meta.dirname, '../../../data/signals');
const linesOf = (file: string): string[] => readFileSync(join(DATA, file), 'utf8').trimEnd().split('\n');
const filesIn = (folder: string): string[] => readdirSync(join(DATA, folder)).map((file) => `${folder}/${file}`);

function read(lines: readonly string[], source = 'audit.log'): { signals: Signal[]; reader: HostLogReader } {
  const reader = new HostLogReader(source);
  const signals = lines.flatMap((line) => [...reader.read(line)]);
  signals.push(...reader.finish());
  return { signals, reader };
}

/** Records that do not show the scan: a list of names only, and scripts in files or on standard input. */
const SILENT = [
  'auditd-raw/tool-execution/nmap-long-argument.log',
  'auditd-raw/tool-execution/nmap-many-arguments.log',
  'auditd-raw/tool-execution/python-scanner-file.log',
  'auditd-raw/tool-execution/python-scanner-stdin.log',
];

describe('captured records', () => {
  const scans = ['auditd-raw/tool-execution', 'auditd-enriched/tool-execution', 'auditd-container'].flatMap(filesIn);
  test.each(scans.filter((file) => !SILENT.includes(file)))('find %s', (file) => {
    const { signals } = read(linesOf(file));
    expect(signals.length).toBeGreaterThan(0);
    expect(signals.every(({ kind, actor }) => kind === 'tool-execution' && actor.host === 'ip-10-0-7-105')).toBe(true);
  });

  test.each([...['auditd-raw/benign', 'auditd-enriched/benign'].flatMap(filesIn), ...SILENT])(
    'are silent about %s',
    (file) => {
      const { signals, reader } = read(linesOf(file));
      expect(signals).toEqual([]);
      expect(reader.counts.unread.get('unknown')).toBeUndefined();
    },
  );
});

describe('an event of several records', () => {
  test('names the person behind sudo, once', () => {
    const { signals } = read(linesOf('auditd-enriched/tool-execution/masscan-sudo.log'));
    expect(signals).toHaveLength(1);
    expect(signals[0]).toMatchObject({
      tool: 'masscan',
      severity: 'medium',
      actor: { user: 'scanlab', host: 'ip-10-0-7-105', kind: 'process', name: 'sudo' },
      place: { nodeName: 'ip-10-0-7-105', addresses: ['10.0.7.105'] },
    });
  });

  test('joins the arguments of several records, decoded', () => {
    const { signals } = read(linesOf('auditd-raw/tool-execution/nmap-unicode-quotes-in-args.log'));
    expect(signals[0]?.actor.command).toContain('päss "wörd" \\ $(id)');
  });

  test('joins parts of a long argument, and arguments over records', () => {
    const head = 'node=web type=EXECVE msg=audit(1795889322.982:75):';
    const { signals } = read([
      'node=web type=SYSCALL msg=audit(1795889322.982:75): arch=c000003e syscall=59 success=yes ppid=1 pid=2 auid=5000 uid=0 exe="/usr/bin/nmap"',
      `${head} argc=4 a0="nmap" a1_len=8 a1[0]=2D73`,
      `${head} a1[1]=53`,
      `${head}  a2="-n" a3=31302E302E302E31`,
    ]);
    expect(signals[0]).toMatchObject({ tool: 'nmap', actor: { command: 'nmap -sS -n 10.0.0.1', user: 'auid=5000' } });
  });

  test.each(['nmap-syn-sudo', 'renamed-nmap', 'nc-range', 'nmap-memfd-execveat'])(
    'survives any order of records: %s',
    (name) => {
      const lines = linesOf(`auditd-raw/tool-execution/${name}.log`);
      const expected = new Set(read(lines).signals.map(({ tool }) => tool));
      fc.assert(
        fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), (shuffled) => {
          expect(new Set(read(shuffled).signals.map(({ tool }) => tool))).toEqual(expected);
        }),
        { numRuns: 40 },
      );
    },
  );

  test('is found with the same id when a batch ends between its records', () => {
    const lines = linesOf('auditd-raw/tool-execution/nmap-all-ports.log');
    const whole = read(lines).signals;
    for (let cut = 1; cut < lines.length; cut++) {
      const parts = [...read(lines.slice(0, cut)).signals, ...read(lines.slice(cut)).signals];
      expect(parts.map(({ eventId }) => eventId)).toContain(whole[0]!.eventId);
    }
  });

  test('is no start if the call failed', () => {
    const { signals } = read([
      'type=SYSCALL msg=audit(1795889322.982:75): arch=c000003e syscall=59 success=no exit=-2 pid=2 auid=5000 exe="/usr/bin/bash"',
      'type=PROCTITLE msg=audit(1795889322.982:75): proctitle=6E6D6170003130',
    ]);
    expect(signals).toEqual([]);
  });
});

describe('numbers and limits', () => {
  test('reads records that the kernel prints with numbers, behind a syslog header', () => {
    const head = 'Nov 29 05:00:00 web kernel: audit:';
    const { signals } = read([
      `${head} type=1300 audit(1795889322.982:75): arch=c00000b7 syscall=221 success=yes ppid=1 pid=2 auid=1000 uid=0 exe="/usr/bin/masscan"`,
      `${head} type=1309 audit(1795889322.982:75): argc=4 a0="masscan" a1="-p80" a2="--rate=100" a3="10.0.0.0/8"`,
    ]);
    expect(signals[0]).toMatchObject({ tool: 'masscan' });
  });

  test('says that the container is unknown where nobody logged in', () => {
    const { signals } = read(linesOf('auditd-container/node-view-of-containers.log'));
    expect(signals.map(({ tool }) => tool)).toEqual(['nmap', 'nmap', 'nmap']);
    expect(signals[0]?.dataQuality).toEqual(['auditd does not say whether the process ran in a container.']);
  });

  test('takes the instance from the name of the stream', () => {
    const lines = linesOf('auditd-raw/tool-execution/nc-range.log');
    expect(read(lines, 'i-0123456789abcdef0').signals[0]?.place.instanceId).toBe('i-0123456789abcdef0');
  });

  test('counts ports that a shell builtin connected to', () => {
    const { signals } = read(linesOf('auditd-enriched/tool-execution/bash-dev-tcp-builtin-in-shell-no-exec.log'));
    expect(signals[0]).toMatchObject({ tool: 'bash', severity: 'low' });
  });

  test('keeps a bounded number of open events', () => {
    const reader = new HostLogReader('audit.log');
    let found = 0;
    for (let serial = 0; serial < 5000; serial++)
      for (const _ of reader.read(
        `type=EXECVE msg=audit(1795889322.982:${serial}): argc=3 a0="nmap" a1="-sS" a2="10.0.${serial >> 8}.${serial & 255}"`,
      ))
        found += 1;
    expect(found).toBeGreaterThan(4000);
    expect(found + [...reader.finish()].length).toBe(5000);
  });
});
