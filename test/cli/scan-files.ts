/** A folder of small flow logs for the tests of the command: a scan, something harmless, and what is no flow log. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { ALL_FIELDS, line, START, type Values } from '../lib/flowlog/sample-logs.ts';

/** The captured log of the lab: one vertical scan by 10.0.7.105. */
export const CAPTURED = 'test/data/lab/pod-nmap-1024.log.gz';

const FIELDS = ALL_FIELDS.filter((name) => !name.startsWith('pkt-'));

const text = (rows: readonly Values[]) =>
  [FIELDS.join(' '), ...rows.map((values) => line(values, FIELDS)), ''].join('\n');

/** A log in which `source` is refused at `ports` ports of 10.0.1.1 within a minute. */
export const scanLog = (source: string, ports = 60): string =>
  text(
    Array.from({ length: ports }, (_, at) => ({
      srcaddr: source,
      srcport: String(41_000 + at),
      dstport: String(1000 + at),
      action: 'REJECT',
      start: String(START + Math.floor(at / 2)),
      end: String(START + Math.floor(at / 2) + 1),
      packets: '1',
      bytes: '60',
      'flow-direction': 'ingress',
      'vpc-id': 'vpc-1',
    })),
  );

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A new folder that holds `files`, in folders of their own where their names say so, for as long as the tests of one file run. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-detect-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
