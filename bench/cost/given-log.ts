/** A flow log that you have, cut into files of five minutes by the ends of its records, as S3 would have got them. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type LogFile, ROUND_SECONDS } from './traffic.ts';

const NEWLINE = 10;
/** The place of `end` in records of the default format, which need no header. */
const DEFAULT_END = 11;

/** One delivery: the end of its five minutes, epoch seconds, and its file. */
export interface Round {
  readonly end: number;
  readonly file: LogFile;
}

/**
 * The rounds of a log in order, those without records left out. The log may be compressed, and is held in memory.
 * @throws Error if the header has no column `end`, or no line has a number there.
 */
export function* roundsOf(path: string): Generator<Round> {
  const bytes = readFileSync(path);
  const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  const firstLine = text.subarray(0, endOfLine(text, 0)).toString();
  const hasHeader = !/^\d/.test(firstLine);
  const column = hasHeader ? firstLine.trim().split(/\s+/).indexOf('end') : DEFAULT_END;
  if (column < 0) throw new Error(`${path}: the header has no column "end": ${firstLine}`);
  const header = hasHeader ? [text.subarray(0, firstLine.length + 1)] : [];
  const rounds = linesByRound(text, hasHeader ? firstLine.length + 1 : 0, column);
  if (!rounds.size) throw new Error(`${path}: no line has a number in column ${column + 1}, which is "end"`);
  for (const [round, lines] of [...rounds].sort(([a], [b]) => a - b)) {
    const body = Buffer.concat([...header, ...lines.map(([from, to]) => text.subarray(from, to))]);
    const end = (round + 1) * ROUND_SECONDS;
    const name = new Date(end * 1000).toISOString().replace(/[-:]|:00\.000/g, '');
    const key = `AWSLogs/123456789012/vpcflowlogs/us-east-1/${name}_123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_${basename(path)}`;
    const records = lines.reduce((sum, [, , count]) => sum + count, 0);
    yield { end, file: { key, body: gzipSync(body), bytes: body.length, records } };
  }
}

/** Stretches of lines of each round: where each begins and ends, and how many lines it has. */
function linesByRound(text: Buffer, from: number, column: number): Map<number, [number, number, number][]> {
  const rounds = new Map<number, [number, number, number][]>();
  let current: { readonly round: number; readonly stretch: [number, number, number] } | undefined;
  for (let at = from; at < text.length; ) {
    const to = Math.min(text.length, endOfLine(text, at) + 1);
    const end = Number(text.toString('latin1', at, to).trim().split(/\s+/)[column]);
    if (Number.isFinite(end)) {
      const round = Math.floor(end / ROUND_SECONDS);
      if (current?.round === round && current.stretch[1] === at) {
        current.stretch[1] = to;
        current.stretch[2]++;
      } else {
        current = { round, stretch: [at, to, 1] };
        const stretches = rounds.get(round) ?? [];
        stretches.push(current.stretch);
        rounds.set(round, stretches);
      }
    }
    at = to;
  }
  return rounds;
}

function endOfLine(text: Buffer, from: number): number {
  const at = text.indexOf(NEWLINE, from);
  return at < 0 ? text.length : at;
}
