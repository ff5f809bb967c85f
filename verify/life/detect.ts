/** The public command over generated files, and what it reports. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Accused } from './ledger.ts';

const CLI = join(import.meta.dirname, '../../cli/sweepwatch.mjs');

/** The fields of a finding that are read here, as `--format ndjson` prints them. */
export interface Finding {
  readonly kind: string;
  readonly severity: string;
  readonly direction?: string;
  readonly source: { readonly address: string } | null;
  readonly sources?: { readonly sample: readonly string[] };
  readonly targets: { readonly count: number; readonly sample: readonly string[] };
  readonly ports: { readonly count: number; readonly sample: readonly number[] };
  readonly contacts: Readonly<Record<string, number>>;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly reasons: readonly { readonly test: string; readonly text: string }[];
}

export const accusedBy = ({ source, sources, targets, ports }: Finding): Accused => ({
  sources: source ? [source.address] : (sources?.sample ?? []),
  targets: targets.sample,
  ports: ports.sample,
});

/** A folder of hourly files, in `folder` or in a temporary one. */
export function writeFiles(files: Iterable<readonly string[]>, folder?: string): { folder: string; records: number } {
  const to = folder ?? mkdtempSync(join(tmpdir(), 'sweepwatch-life-'));
  mkdirSync(to, { recursive: true });
  let records = 0;
  let number = 0;
  for (const lines of files) {
    records += lines.length - 1;
    const name = `${String(number++).padStart(4, '0')}.log.gz`;
    writeFileSync(join(to, name), gzipSync(`${lines.join('\n')}\n`, { level: 1 }));
  }
  return { folder: to, records };
}

export interface Detected {
  readonly findings: readonly Finding[];
  /** What the command said beside them: skipped lines and limits that it reached. */
  readonly said: string;
}

/** Runs `sweepwatch detect` over a folder. */
export async function detect(folder: string): Promise<Detected> {
  const child = spawn(process.execPath, [CLI, 'detect', folder, '--format', 'ndjson'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: NodeJS.ReadableStream) =>
    Buffer.concat((await Array.fromAsync(stream)) as Buffer[]).toString();
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const [out, said, code] = await Promise.all([read(child.stdout), read(child.stderr), ended]);
  // An hour without any traffic has no file, and a life without any has none to judge.
  if (code !== 0 && !said.includes('contains no flow log files')) throw new Error(`detect ended with ${code}: ${said}`);
  const findings = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Finding);
  return { findings, said: said.trim() };
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
