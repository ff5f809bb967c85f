/** Records of one auditd event that CloudWatch Logs delivers in two payloads. script-parts.test.ts has the same for PowerShell. */
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
