/** Cuts one flow log file into the five-minute files that AWS would have delivered, with the names that AWS uses. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';

/** A file as it arrives in the bucket. */
export interface Delivery {
  readonly key: string;
  readonly body: Uint8Array;
  readonly records: number;
}

const SLOT_SECONDS = 300;

/** The deliveries of a gzip'd flow log with a header, in order of their slots (by record end, as AWS slots them). */
export async function deliveriesOf(
  file: string,
  place: { account: string; region: string; flowLog: string },
): Promise<Delivery[]> {
  const slots = new Map<number, string[]>();
  let header = '';
  let endColumn = -1;
  const bytes = pipeline(createReadStream(file), createGunzip(), () => {});
  for await (const line of createInterface({ input: bytes })) {
    if (!header) {
      header = line;
      endColumn = line.split(' ').indexOf('end');
      continue;
    }
    const slot = Math.floor(Number(line.split(' ', endColumn + 1)[endColumn]) / SLOT_SECONDS) * SLOT_SECONDS;
    const lines = slots.get(slot);
    if (lines) lines.push(line);
    else slots.set(slot, [line]);
  }
  return [...slots.entries()]
    .sort(([a], [b]) => a - b)
    .map(([slot, lines]) => ({
      key: keyOf(slot, place),
      body: gzipSync(`${header}\n${lines.join('\n')}\n`),
      records: lines.length,
    }));
}

function keyOf(
  slot: number,
  { account, region, flowLog }: { account: string; region: string; flowLog: string },
): string {
  const stamp = new Date(slot * 1000).toISOString();
  const day = stamp.slice(0, 10).replaceAll('-', '/');
  const time = `${stamp.slice(0, 10).replaceAll('-', '')}T${stamp.slice(11, 16).replace(':', '')}Z`;
  const hash = createHash('sha256').update(`${flowLog}${slot}`).digest('hex').slice(0, 8);
  return `AWSLogs/${account}/vpcflowlogs/${region}/${day}/${account}_vpcflowlogs_${region}_${flowLog}_${time}_${hash}.log.gz`;
}
