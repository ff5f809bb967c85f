/** Run as a process of its own: `rival.ts gunzip|readline|duckdb|json FILE`, each printing one number. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { loadDuckdb } from './duckdb.ts';

/** Pieces of the size at which Node unpacks fastest. */
const READ_SIZE = 1024 * 1024;

const DECODER = { chunkSize: READ_SIZE, readableHighWaterMark: 4 * READ_SIZE };

const decoded = (file: string): Readable =>
  createReadStream(file, { highWaterMark: READ_SIZE }).pipe(createGunzip(DECODER));

/** The limit: decompress, and throw away. */
async function gunzip(file: string): Promise<number> {
  let bytes = 0;
  const stream = decoded(file);
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
  return bytes;
}

/** What most scripts do: a string for each line, an array for its fields. */
async function readline(file: string): Promise<number> {
  const seen = new Set<string>();
  let columns: number[] | undefined;
  for await (const line of createInterface({ input: decoded(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const fields = line.split(' ');
    if (columns) seen.add(columns.map((column) => fields[column]).join(' '));
    else columns = ['srcaddr', 'dstaddr', 'dstport'].map((name) => fields.indexOf(name));
  }
  return seen.size;
}

/** What an analyst would ask of the file, and no more: distinct contacts by source. */
async function duckdb(file: string): Promise<number> {
  const { DuckDBInstance } = await loadDuckdb();
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const answer = await connection.runAndReadAll(`
    SELECT sum(contacts)::DOUBLE FROM (
      SELECT srcaddr, count(DISTINCT (dstaddr, dstport)) AS contacts
      FROM read_csv('${file.replaceAll("'", "''")}', delim = ' ', header = true, all_varchar = true, quote = '', escape = '')
      GROUP BY srcaddr)`);
  return Number(answer.getRows()[0]![0]);
}

/** The limit for lines of JSON: parse each, and throw it away. */
async function json(file: string): Promise<number> {
  let events = 0;
  const input = createReadStream(file, { highWaterMark: READ_SIZE });
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (typeof JSON.parse(line) === 'object') events++;
  return events;
}

const RIVALS: Readonly<Record<string, (file: string) => Promise<number>>> = { gunzip, readline, duckdb, json };

const [name = '', file = ''] = process.argv.slice(2);
console.log(await RIVALS[name]!(file));
