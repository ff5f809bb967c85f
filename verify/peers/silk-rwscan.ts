/**
 * SiLK rwscan, the threshold random walk half of its hybrid model (TCP), with its defaults.
 * Parameters: theta0 0.8, theta1 0.2, alpha 0.01, beta 0.99, so a scanner at a likelihood ratio of 99 (four misses more
 * than hits), benign at 0.0101. Flows come sorted by (source, protocol, destination). A miss is a flow of SYN alone to
 * an address that is not known to exist inside. Everything else is a hit. The verdict stands only while every flow so
 * far was SYN alone. It gives up after 100,000 flows.
 * Source: the SiLK reference guide, rwscan, and its source. Jung, Paxson, Berger, Balakrishnan: Fast Portscan Detection
 * Using Sequential Hypothesis Testing, IEEE S&P 2004.
 * Approximated: the internal set is every private address that the log shows to send or that owns an interface. Flows
 * towards outside addresses are not judged, as in a deployment that reads incoming traffic. The Bayesian half (BLR) and
 * its 32-flow minimum are left out. Of the three scans in its row this finds two, and a third that is fast instead of
 * slow: the slow one's source also talks, so not every flow of it is SYN alone.
 */
import { type FlowRecord, isPrivate, TCP } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const BENIGN_SUCCESS = 0.8;
const SCANNER_SUCCESS = 0.2;
const ALPHA = 0.01;
const BETA = 0.99;
const HIT = Math.log(SCANNER_SUCCESS / BENIGN_SUCCESS);
const MISS = Math.log((1 - SCANNER_SUCCESS) / (1 - BENIGN_SUCCESS));
const SCANNER = Math.log(BETA / ALPHA);
const BENIGN = Math.log((1 - BETA) / (1 - ALPHA));
const MOST_FLOWS = 100_000;
const SYN = 2;

export const silkRwscan: Rule = { name: 'silk-rwscan-trw', alarms };

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const existing = new Set<string>();
  const flowsBySource = new Map<string, FlowRecord[]>();
  for (const record of records) {
    if (record.protocol !== TCP) continue;
    if (!record.rejected && isPrivate(record.source)) existing.add(record.source);
    if (!isPrivate(record.target)) continue;
    const flows = flowsBySource.get(record.source);
    if (flows) flows.push(record);
    else flowsBySource.set(record.source, [record]);
  }
  for (const [source, flows] of flowsBySource) {
    const at = verdict(flows, existing);
    if (at !== undefined) yield { source, at, kind: 'scan' };
  }
}

/** End of the latest flow behind the verdict "scanner". Undefined without that verdict. */
function verdict(flows: readonly FlowRecord[], existing: ReadonlySet<string>): number | undefined {
  if (flows.length > MOST_FLOWS) return undefined;
  const byTarget = [...Map.groupBy(flows, ({ target }) => target)]
    .map(([target, some]) => ({ target, some, order: padded(target) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  let walk = 0;
  let at = 0;
  for (const { target, some } of byTarget) {
    if (some.some(({ flags }) => flags !== SYN)) return undefined;
    at = some.reduce((latest, { end }) => Math.max(latest, end), at);
    walk += existing.has(target) ? HIT : MISS;
    if (walk >= SCANNER) return at;
    if (walk <= BENIGN) return undefined;
  }
  return undefined;
}

/** An IPv4 address that sorts as text in the order of its number. */
const padded = (address: string): string => address.replace(/\d+/g, (digits) => digits.padStart(3, '0'));
