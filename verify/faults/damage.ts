/** Poison: objects that nothing can read, each tenth in a different way. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Random } from '../../bench/random.ts';
import type { Damaged } from './trial.ts';
import type { LogObject } from './workload.ts';

type Damage = (body: Uint8Array, random: Random) => Uint8Array;

/** Damages by name. Each makes the file as a whole fail, although parts may be readable. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut short': (body, random) => body.subarray(0, random.whole(20, body.length - 9)),
  'a flipped byte in the middle': (body) => {
    const flipped = Uint8Array.from(body);
    // The trailer holds a checksum of everything before it.
    flipped[body.length - 6]! ^= 0xff;
    return flipped;
  },
  // Ingest leaves out an object without bytes.
  'a blank line': () => gzipSync('\n'),
  'not a flow log': () => Buffer.from('{"hello":"world"}'),
  'binary noise': (_, random) => Uint8Array.from({ length: 4096 }, () => random.whole(0, 255) & 0xfe),
  'a header without addresses': (body) =>
    gzipSync(gunzipSync(body).toString().replace(/^.*\n/, 'version account-id start end\n')),
  'a Parquet file without its end': () => Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(2000, 7)]),
  'lines of something else': () => gzipSync('GET / HTTP/1.1\n'.repeat(500)),
};

/** Every tenth object is damaged, in each way in turn. */
export function poisoned(objects: readonly LogObject[], random: Random): Damaged {
  const ways = Object.values(DAMAGES);
  const poison = new Set<string>();
  let nth = 0;
  const damaged = objects.map((object, at) => {
    if (at % 10 !== 9) return object;
    poison.add(object.key);
    return { key: object.key, body: ways[nth++ % ways.length]!(object.body, random) };
  });
  return { objects: damaged, poison };
}
