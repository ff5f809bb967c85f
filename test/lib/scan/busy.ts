/** The records of a busy source within an hour, of which thousands of contacts outside succeed. */
import { NOON, probe, type Row, SCANNER } from './traffic.ts';

export const HOUR = 3600;

/** An address of a network, outside unless told otherwise. */
const serverOf = (n: number, network = 52): string => `${network}.${64 + (n >> 14)}.${(n >> 7) & 127}.${1 + (n & 127)}`;
const INSIDE = 10;

/** A call of a server: with kilobytes of data, or in a few packets. */
const call = (n: number, at: number, packets = 20, network?: number): Row[] =>
  probe({
    to: serverOf(n, network),
    port: 443,
    at,
    seconds: 40,
    sourcePort: 33_000 + (n % 20_000),
    fate: 'established',
    also: { packets, bytes: packets * (packets > 10 ? 300 : 60), 'tcp-flags': 3 },
  }).map((half) => (half.srcaddr === SCANNER ? half : { ...half, 'tcp-flags': 19 }));

/** Calls of as many servers outside, evenly over fifty minutes. */
export const calls = (count: number, { packets = 20, at = NOON } = {}): Row[] =>
  Array.from({ length: count }, (_, n) => call(n, at + Math.floor((n * 3000) / count), packets)).flat();

/** Calls of one in five of these servers that are not answered, within ten minutes. */
export const failures = (count: number, at: number, network?: number): Row[] =>
  Array.from({ length: Math.floor(count / 5) }, (_, n) =>
    probe({
      to: serverOf(n * 5, network),
      port: 443,
      at: at + Math.floor((n * 3000) / count),
      sourcePort: 33_000 + ((n * 5) % 30_000),
      fate: 'unanswered',
    }),
  ).flat();

/** Connections to as many hosts inside that begin with a few packets and go on with more. */
export const connections = (count: number, begin: number, goOn: number): Row[] =>
  Array.from({ length: count }, (_, n) => [...call(n, begin, 6, INSIDE), ...call(n, goOn, 20, INSIDE)]).flat();

/** A record of somebody else, which ends the log. */
export const end = (at: number): Row[] =>
  probe({ from: '10.0.50.1', to: '10.0.50.2', port: 443, at, fate: 'established' });
