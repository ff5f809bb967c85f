/** A log that somebody has, cut into files of five minutes and run through the counted pipeline. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runLog } from '../../../bench/cost/day.ts';
import { countsOf } from '../../../bench/cost/deployed.ts';
import { roundsOf } from '../../../bench/cost/given-log.ts';
import { parseSettings } from '../../../lib/config/load.ts';
import { templateOf } from '../../deployments/assembly.ts';

const START = 1_795_288_200;
const line = (end: number, port = 80) =>
  `2 123456789012 eni-0a 10.0.0.5 10.0.9.9 40000 ${port} 6 1 44 ${end - 5} ${end} ACCEPT OK`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-given-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function logOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}
const bodiesOf = (path: string) => [...roundsOf(path)].map(({ end, file }) => [end, gunzipSync(file.body).toString()]);

test('is cut by the ends of its records, each file with the header, in any order of lines', () => {
  const header = 'end start srcaddr';
  const path = logOf('named.log.gz', `${header}\n${START + 10} 1 a\n${START + 400} 2 b\n${START + 20} 3 c\n`);
  expect(bodiesOf(path)).toEqual([
    [START + 300, `${header}\n${START + 10} 1 a\n${START + 20} 3 c\n`],
    [START + 600, `${header}\n${START + 400} 2 b\n`],
  ]);
});

test('needs no header in the default format, and no end of the last line', () => {
  expect(bodiesOf(logOf('plain.log', `${line(START + 1)}\n${line(START + 2)}`))).toEqual([
    [START + 300, `${line(START + 1)}\n${line(START + 2)}`],
  ]);
});

test.each([
  ['a header without end', 'srcaddr dstaddr\na b\n', 'the header has no column "end"'],
  ['no records', 'end\n-\n', 'no line has a number in column 1'],
])('with %s is an error that says so', (_, text, message) => {
  expect(() => [...roundsOf(logOf('bad.log', text))]).toThrow(message);
});

test('is judged to its end, and its hours without records count as time', async () => {
  const scan = Array.from({ length: 30 }, (_, n) => line(START + 7300 + n, 1000 + n));
  const path = logOf('late.log', `${line(START + 5)}\n${scan.join('\n')}\n`);
  const counted = await runLog(path, countsOf(templateOf('defaults'), parseSettings({})));
  expect(counted).toMatchObject({ rounds: 25, files: 2, records: 31 });
  expect(counted.used.settle.invocations).toBe(25 + 18);
  expect(counted.findings).toEqual([expect.stringMatching(/^high vertical-scan 10\.0\.0\.5 /)]);
}, 60_000);
