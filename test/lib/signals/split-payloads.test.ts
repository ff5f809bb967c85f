/** Records of one event that CloudWatch Logs delivers in two payloads. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judgeGathered } from '../../../lib/signals/gathered.ts';
import { readPayload } from '../../../lib/signals/payload.ts';
import type { Signal } from '../../../lib/signals/signal.ts';
import { subscription } from './payloads.ts';

const DATA = join(import.meta.dirname, '../../data/signals/auditd-raw/tool-execution');
const STREAM = { group: '/hosts', stream: 'i-0ff2a0c6a833fe1a6' };

/** What payloads say that come in this order. */
const signalsOf = (...payloads: readonly (readonly string[])[]): readonly Signal[] =>
  judgeGathered(payloads.map((lines) => readPayload(subscription(lines, STREAM)).gathered)).signals;

const cutAt = (lines: readonly string[], cut: number) => [lines.slice(0, cut), lines.slice(cut)] as const;
/** `sudo` and its program are one signal or two, which make one finding. */
const tools = (signals: readonly Signal[]) => new Set(signals.map(({ tool }) => tool));

describe('auditd', () => {
  const files = readdirSync(DATA).filter((name) => /^(?:nmap-(?:connect|all|syn)|masscan|renamed)/.test(name));
  test.each(files)('%s is found wherever its records are cut, in either order', (file) => {
    const lines = readFileSync(join(DATA, file), 'utf8').trimEnd().split('\n');
    const whole = signalsOf(lines);
    expect(whole.length).toBeGreaterThan(0);
    for (let cut = 1; cut < lines.length; cut++) {
      const [first, second] = cutAt(lines, cut);
      const found = signalsOf(first, second);
      expect(tools(found)).toEqual(tools(whole));
      expect(signalsOf(second, first)).toEqual(found);
    }
  });

  test('the program and the user of one payload belong to the arguments of the other', () => {
    const head = 'msg=audit(1795288775.100:77):';
    const syscall = `type=SYSCALL ${head} arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 auid=1001 uid=0 ses=3 comm="nmap" exe="/usr/bin/nmap"`;
    const execve = `type=EXECVE ${head} argc=4 a0="nmap" a1="-p" a2="1-1024" a3="10.0.12.30"`;
    const title = `type=PROCTITLE ${head} proctitle=${Buffer.from('nmap\0-p\x001-1024\x0010.0.12.30').toString('hex')}`;
    expect(signalsOf([execve], [syscall, title])).toMatchObject([
      { tool: 'nmap', actor: { user: 'auid=1001', command: 'nmap -p 1-1024 10.0.12.30' }, dataQuality: [] },
    ]);
  });
});

describe('a script of PowerShell in two parts', () => {
  const part = (number: number, text: string) =>
    JSON.stringify({
      EventID: 4104,
      Channel: 'Microsoft-Windows-PowerShell/Operational',
      Hostname: 'WIN-1',
      EventTime: '2026-11-21T19:19:35Z',
      ScriptBlockText: text,
      ScriptBlockId: 'b-1',
      MessageNumber: number,
      MessageTotal: 2,
    });
  const filler = 'Write-Output "x"\n'.repeat(200);

  test('is found in the part that holds the call, at low severity, in either order', () => {
    const parts = [part(1, filler), part(2, 'Invoke-Portscan -Hosts 10.0.0.0/24')].map((one) => [one]);
    const found = signalsOf(...parts);
    expect(found).toMatchObject([{ severity: 'low', dataQuality: ['Some parts of the script are missing.'] }]);
    expect(signalsOf(...parts.toReversed())).toEqual(found);
    expect(signalsOf(parts.flat())).toMatchObject([{ severity: 'medium', dataQuality: [] }]);
  });

  test('is missed if the call itself is cut', () => {
    const parts = [part(1, `${filler}Invoke-Port`), part(2, 'scan -Hosts 10.0.0.0/24')];
    expect(signalsOf([parts[0]!], [parts[1]!])).toEqual([]);
    expect(signalsOf(parts)).toHaveLength(1);
  });
});
