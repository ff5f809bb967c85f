/** Memory and time of the host reader follow its limits, whatever the input. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Counters } from '../../../../lib/signals/host/counters.ts';
import { HostLogReader } from '../../../../lib/signals/host/index.ts';
import type { ProcessEvent, ScriptPart } from '../../../../lib/signals/host/process-event.ts';
import { ScriptBlocks } from '../../../../lib/signals/host/script-blocks.ts';

const event = (parent: number, at = 0): ProcessEvent => ({
  type: 'start',
  at,
  eventId: 'e',
  parent: String(parent),
  argv: [],
  limits: [],
});
const probe = (host: string, port: number) => ({ tool: 'nc', host, port: String(port), ports: 1 });

test('counters of many parents are dropped, oldest first, and counted', () => {
  const counters = new Counters();
  for (let parent = 0; parent < 10_000; parent++) counters.addProbe(probe('10.0.0.1', 22), event(parent));
  expect(counters.dropped).toBe(6000);
  // The newest parent still counts.
  const spread = [23, 24, 25, 26].map((port) => counters.addProbe(probe('10.0.0.1', port), event(9999)));
  expect(spread.at(-1)).toMatchObject({ ports: 5, isSure: false });
});

test('many targets of many parents are dropped too', () => {
  const counters = new Counters();
  for (let parent = 0; parent < 700; parent++)
    for (let port = 1; port <= 100; port++) counters.addProbe(probe('10.0.0.1', port), event(parent));
  expect(counters.dropped).toBeGreaterThan(50);
});

test('the same target again and names of services do not add up', () => {
  const counters = new Counters();
  for (let round = 0; round < 100; round++)
    expect(counters.addProbe(probe('10.0.0.1', 22), event(1, round))).toBeUndefined();
  for (let host = 0; host < 100; host++) expect(counters.addProbe(probe(`db-${host}`, 5432), event(2))).toBeUndefined();
});

const part = (eventId: string, number: number, text: string): ScriptPart => ({
  type: 'part',
  at: 0,
  eventId,
  number,
  total: 2,
  text,
  limits: [],
});

test('scripts that never become whole are judged when their room is needed', () => {
  const blocks = new ScriptBlocks();
  let given = 0;
  for (let block = 0; block < 1000; block++) for (const _ of blocks.add(part(String(block), 1, 'x'), 'log')) given += 1;
  expect(given).toBe(500);
  expect(blocks.dropped).toBe(500);
  expect([...blocks.finish()]).toHaveLength(500);
});

test('a part that comes twice counts once', () => {
  const blocks = new ScriptBlocks();
  const first = part('b', 1, 'Get-');
  expect([...blocks.add(first, 'log'), ...blocks.add(first, 'log')]).toEqual([]);
  const whole = [...blocks.add(part('b', 2, 'Date'), 'log')];
  expect(whole).toMatchObject([{ isWhole: true, event: { script: 'Get-Date', isPartial: false } }]);
  expect([...blocks.add(first, 'log'), ...blocks.finish()]).toEqual([]);
});

const PIECES = [
  'node=web type=SYSCALL msg=audit(1795889322.982:75): arch=c000003e syscall=59 success=yes pid=2 exe="/usr/bin/nmap"',
  'type=EXECVE msg=audit(1795889322.982:75): argc=3 a0="nmap" a1="-sS" a2=31302E302E302E31',
  '{"process_exec":{"process":{"binary":"/usr/bin/nmap","arguments":"10.0.0.1"}},"time":"2026-11-14T10:00:00Z"}',
  "<Event xmlns='x'><System><EventID>1</EventID><Channel>x/sysmon</Channel></System><EventData><Data Name='CommandLine'>nmap 10.0.0.1</Data>",
  '</EventData></Event>',
  '{"EventID":4104,"Channel":"PowerShell","ScriptBlockText":"<# Invoke-Portscan","MessageNumber":1,"MessageTotal":3}',
  '"',
  '\\',
  '{',
  '}',
  '\u0000',
  '$(for i in {1..9}; do nc -z h $i; done',
  '__proto__',
];

test('hostile lines throw nothing and give only whole signals', () => {
  const line = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }).map((pieces) => pieces.join('')),
    fc
      .tuple(fc.constantFrom(...PIECES), fc.nat(200), fc.string())
      .map(([piece, cut, end]) => piece.slice(0, cut) + end),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const reader = new HostLogReader('host.log');
      const signals = lines.flatMap((each) => [...reader.read(each)]);
      signals.push(...reader.finish());
      for (const { at, eventId, summary } of signals) {
        expect(Number.isFinite(at)).toBe(true);
        expect(eventId).not.toBe('');
        expect(summary.length).toBeLessThan(1000);
      }
    }),
    { numRuns: 300 },
  );
});

test('a crawler contacts many hosts and is no sure signal, a port scan is', () => {
  const counters = new Counters();
  const connect = (address: string, port: number, pid: number) =>
    counters.addConnection(address, port, event(pid), 'script');
  const crawl = Array.from({ length: 120 }, (_, host) => connect(`198.51.100.${host}`, 443, 1));
  expect(crawl.filter(Boolean).map((spread) => spread?.isSure)).toEqual([false]);
  const scan = Array.from({ length: 40 }, (_, port) => connect('10.0.0.1', 1 + port, 2));
  expect(scan.filter(Boolean).map((spread) => spread?.isSure)).toEqual([false, true]);
});
