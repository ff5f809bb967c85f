/**
 * `node verify/coverage/make-log.ts NAME --kind ID --targets A,B --ports 22,445 [options]`: writes a labelled log to
 * `test/data/shapes`, for the page and the tests of a detection. The background is that of another log of `test/data`
 * without its scans. The targets reject the scan, one probe every `--every` seconds.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Labels } from './shapes.ts';

const FOLDER = join(import.meta.dirname, '../../test/data/shapes');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string' },
    targets: { type: 'string' },
    ports: { type: 'string' },
    source: { type: 'string', default: '172.22.50.19' },
    every: { type: 'string', default: '10' },
    background: { type: 'string', default: 'h1-sweep-inside' },
  },
});
const [name] = positionals;
const { kind, targets, ports, source, background } = values;
const every = Number(values.every);
if (!name || !kind || !targets || !ports || !(every > 0)) {
  console.error(
    'usage: make-log.ts NAME --kind ID --targets A,B --ports 22,445 [--source IP] [--every SECONDS] [--background NAME]',
  );
  process.exit(2);
}

const labels = JSON.parse(readFileSync(join(FOLDER, `${background}.json`), 'utf8')) as Labels;
const [header, ...lines] = gunzipSync(readFileSync(join(FOLDER, `${background}.log.gz`)))
  .toString()
  .trimEnd()
  .split('\n');
const fields = header!.split(' ');
const at = (field: string) => fields.indexOf(field);
const scanners = new Set(labels.labels.flatMap(({ sources }) => sources));
const rows = lines
  .map((line) => line.split(' '))
  .filter((row) => !scanners.has(row[at('srcaddr')]!) && !scanners.has(row[at('dstaddr')]!));

const template = rows.find((row) => row[at('flow-direction')] === 'ingress' && row[at('action')] === 'REJECT')!;
const first = Math.min(...rows.map((row) => Number(row[at('start')]))) + 60;
const pairs = targets.split(',').flatMap((target) => ports.split(',').map((port) => ({ target, port })));
const probes = pairs.map(({ target, port }, index) => {
  const time = String(first + Math.round(index * every));
  const columns: Record<string, string> = {
    srcaddr: source,
    dstaddr: target,
    'pkt-srcaddr': source,
    'pkt-dstaddr': target,
    srcport: String(40_000 + index),
    dstport: port,
    start: time,
    end: time,
  };
  return template.map((value, column) => columns[fields[column]!] ?? value);
});
const all = [...rows, ...probes].sort((a, b) => Number(a[at('end')]) - Number(b[at('end')]));
const label = { name, sources: [source], kind, first, last: first + (pairs.length - 1) * every, targets, ports };
writeFileSync(
  join(FOLDER, `${name}.log.gz`),
  gzipSync(`${[header, ...all.map((row) => row.join(' '))].join('\n')}\n`, { level: 9 }),
);
writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify({ labels: [label], benign: labels.benign }, null, 2)}\n`);
console.log(`${name}: ${probes.length} probes among ${rows.length} records`);
