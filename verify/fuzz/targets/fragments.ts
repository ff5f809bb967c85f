/**
 * Stored fragments with damage to the bytes or, after decompression, to single columns, and what detection does with
 * them.
 */
import { brotliCompressSync, brotliDecompressSync, constants as zlib } from 'node:zlib';
import type { Random } from '../../../bench/random.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { ColumnReader, ColumnWriter } from '../../../lib/evidence/columns.ts';
import { decodeFragments, glance } from '../../../lib/evidence/decode.ts';
import { encodeFragments } from '../../../lib/evidence/encode.ts';
import { type Fragment, mergeFragments } from '../../../lib/evidence/evidence.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { CodecError } from '../../../lib/evidence/layout.ts';
import { detectScans } from '../../../lib/finding/describe-scan.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { expectValidFinding } from '../../../test/finding-schema.ts';
import { mutated } from '../../../test/lib/kernel/mutate.ts';
import { seeds } from '../seeds.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';

const KEY = hashKey('fuzzing');
const SECRET = 'fuzzing';
const FAST = { params: { [zlib.BROTLI_PARAM_QUALITY]: 1 } };

const packs: Buffer[] = [];

/** Packs as ingest writes them: of one source each, and of all sources of an hour in a file. */
async function setUp(): Promise<void> {
  for (const { header, rows } of seeds().slice(0, 30)) {
    const collector = new Collector({ key: KEY });
    await readFlowLog(bufferSource('seed', Buffer.from(`${header}\n${rows.join('\n')}\n`)), collector);
    const fragments = [...collector.sources()].flatMap(({ panes, ...source }) =>
      panes.map((pane): Fragment => ({ ...source, ...pane })),
    );
    const [first] = fragments;
    if (!first) continue;
    packs.push(
      Buffer.from(
        encodeFragments(
          fragments.filter(({ hour }) => hour === first.hour),
          KEY,
        ),
      ),
    );
    const sample = {
      failed: 0xfffffff0,
      lateral: 0xffffff00,
      touched: 0xf0000000,
      answered: 0xe0000000,
      leftOut: [0x1c0000, 0x1c0003, 0x1e2468],
    };
    packs.push(Buffer.from(encodeFragments([{ ...first, fragments: 3, sample }])));
  }
}

/** The bytes with what is compressed in them damaged, and compressed again: past the checks of brotli. */
function damagedWithin(stored: Buffer, random: Random): Buffer {
  const reader = new ColumnReader(stored.subarray(1));
  const inner = brotliDecompressSync(reader.bytes(reader.number()));
  const damaged = random.next() < 0.3 ? lied(inner, random) : Buffer.from(mutated(inner, random));
  const compressed = brotliCompressSync(damaged, FAST);
  const head = new ColumnWriter();
  head.byte(stored[0]!);
  head.number(compressed.length);
  return Buffer.concat([head.done(), compressed, reader.bytes(reader.left)]);
}

/** A few bytes overwritten by those of a large number. */
function lied(inner: Buffer, random: Random): Buffer {
  const writer = new ColumnWriter();
  writer.number(pick([0, 1, 127, 128, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER], random));
  const bytes = Buffer.from(inner);
  bytes.set(writer.done().subarray(0, bytes.length), random.whole(0, Math.max(0, bytes.length - 8)));
  return bytes;
}

/** What many compressed zeros come to, in a few bytes. */
function bomb(stored: Buffer): Buffer {
  const compressed = brotliCompressSync(Buffer.alloc(512 * 1024 * 1024), FAST);
  const head = new ColumnWriter();
  head.byte(stored[0]!);
  head.number(compressed.length);
  return Buffer.concat([head.done(), compressed]);
}
let kept: Buffer | undefined;

const settings = detectionSettings('medium', {});

const fragments: Target = {
  name: 'fragments',
  weight: 15,
  covers: ['lib/evidence/decode.ts', 'lib/evidence/columns.ts', 'lib/evidence/layout.ts', 'lib/evidence/evidence.ts'],
  setUp,
  input: (random) => {
    const stored = pick(packs, random);
    const chance = random.next();
    if (chance < 0.2) return Buffer.from(mutated(stored, random));
    if (chance < 0.2002) {
      kept ??= bomb(stored);
      return kept;
    }
    return damagedWithin(stored, random);
  },
  run: (input): Verdict => {
    let decoded: readonly Fragment[];
    const glanced = attempt(() => [...glance(input)]);
    try {
      decoded = decodeFragments('123456789012', input, { key: KEY });
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      const isPast = !/version|ecompress|column is cut short|ERR_/.test(error.message);
      return { isPast, outcome: 'refused' };
    }
    must(glanced !== undefined, () => 'what can be decoded cannot be glanced at');
    const names = decoded.map(({ address }) => address).join();
    must(glanced.map(({ address }) => address).join() === names, () => `a glance sees others than ${names}`);
    // Accepted fragments must also be stored again, merged and judged without an error.
    const again = decodeFragments('123456789012', encodeFragments(decoded));
    must(again.length === decoded.length, () => `${decoded.length} fragments became ${again.length}`);
    for (const fragment of decoded) {
      const evidence = mergeFragments([fragment, fragment])!;
      const logTime = fragment.hour * 3600;
      const context = { settings, secret: SECRET, networks: new Networks(), logTime, overdueBefore: logTime };
      for (const { finding } of detectScans(evidence, context)) expectValidFinding(finding);
    }
    return { isPast: true, outcome: 'decoded' };
  },
};

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

export const FRAGMENTS: readonly Target[] = [fragments];
