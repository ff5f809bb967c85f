/** How the named tools of findings are judged, and that those in the project's own captures are right. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { epochSeconds } from '../../lib/finding/model.ts';
import { labelledLogs } from '../../verify/coverage/labelled-logs.ts';
import { figuresOf, judgeTool, precisionOf, reportTools } from '../../verify/coverage/tools.ts';
import { findingOf } from '../lib/finding/samples.ts';

const LAB = join(import.meta.dirname, '../data/lab');

describe('a name is', () => {
  const nmap = { name: 'nmap', confidence: 80 };
  const judge = (tool: typeof nmap | null, label?: string) => {
    const finding = findingOf({ tool });
    const [first, last] = [epochSeconds(finding.firstSeen), epochSeconds(finding.lastSeen)];
    const sources = [finding.source!.address];
    const labels =
      label === undefined ? [] : [{ name: 'a', sources, kind: 'vertical', first, last, targets: '', tool: label }];
    return judgeTool(finding, { name: 'a', format: 'v5', labels }).judgement;
  };

  test.each([
    ['right if the label says the same', nmap, 'nmap -sS -p-', 'right'],
    ['right for every way to run the program', { ...nmap, name: 'nmap-connect' }, 'nmap -sT', 'right'],
    ['wrong for another scanner', nmap, 'masscan --rate 1000', 'wrong'],
    ['guessed for a program that has no name', nmap, 'Python connect scanner', 'guessed'],
    ['guessed for a benign source', nmap, undefined, 'guessed'],
    ['unknown if the label does not say', nmap, 'synthetic', 'unknown'],
    ['missing for a known scanner', null, 'nmap -sS', 'missing'],
    ['absent as it should be', null, 'Python connect scanner', 'absent'],
  ])('%s', (_, tool, label, judgement) => {
    expect(judge(tool, label)).toBe(judgement);
  });

  test('counted as wrong if it was guessed, and not counted if nobody knows', () => {
    const verdicts = (['right', 'wrong', 'guessed', 'unknown'] as const).map((judgement) => ({ judgement }));
    expect(precisionOf(figuresOf(verdicts as never))).toBeCloseTo(1 / 3);
    expect(precisionOf(figuresOf([]))).toBeUndefined();
  });
});

test('captures of the project are named right, or not at all', async () => {
  const names = ['masscan-24x10', 'pyconnect-20-85-strict', 'smb-24'];
  const logs = labelledLogs(LAB).filter(({ name }) => names.includes(name));
  const lines: string[] = [];
  const figures = await reportTools(logs, (line) => lines.push(line));
  expect(lines.filter((line) => /^(wrong|guessed|unknown)/.test(line))).toEqual([]);
  expect(figures).toMatchObject({ right: 2, missing: 0 });
  expect(lines.at(-2)).toMatch(/^v5: 2 right, 0 wrong, .*precision 100.0 %/);
});

test('a label of a capture has as many contacts as were measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'labels-'));
  const label = { name: 'slow', sources: ['10.0.0.1'], kind: 'vertical', first: 0, last: 9, targets: '10.0.0.2' };
  writeFileSync(
    join(folder, 'labels.json'),
    JSON.stringify({
      labels: [{ ...label, measured: { distinct_target_port: 24 } }, { ...label, contacts: 25 }, label],
    }),
  );
  writeFileSync(join(folder, 'flow-v5.log.gz'), '');
  const [log, ...others] = labelledLogs(folder);
  rmSync(folder, { recursive: true });
  expect(others).toEqual([]);
  expect(log).toMatchObject({ name: basename(folder), format: 'v5' });
  expect(log!.labels.map(({ contacts }) => contacts)).toEqual([24, 25, undefined]);
});

test('both layouts of a folder are read', () => {
  const logs = labelledLogs(join(LAB, '..', 'shapes')).filter(({ name }) => name === 'u1-udp-sweep');
  expect(logs.map(({ format }) => format)).toEqual(['v5', 'v2']);
});
