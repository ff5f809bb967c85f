/** Adds one record: the holders of its addresses, and one or both halves of a contact. */
import { KIND_PRIVATE, KIND_UNCOUNTED } from '../rows';
import { SEEN_LATERAL } from '../seen-bits';
import { isIpv4, kind } from './addresses';
import { add } from './contacts';
import { classify, forward, NO_FLAGS, reverse } from './initiator';
import { learn } from './interfaces';

const TCP: u32 = 6;
/** Bits for what the record's log cannot show, the same as in `lib/evidence/quality.ts`. */
const WITHOUT_FLAGS: u32 = 1;
const LONG_AGGREGATION: u32 = 8;
const LONG_SECONDS: u32 = 90;
/** Larger packets count as packets of this size. */
const MOST_PACKET_BYTES: f64 = 255;

/** End of the latest record in epoch seconds. 0 before the first record. */
export let logTime: u32 = 0;
let layoutQuality: u32 = 0;

/** Sets the bits for what no record of this layout can show. */
export function setLayoutQuality(bits: u32): void {
  layoutQuality = bits;
}

/** Notes how far the log has come. */
export function advance(end: u32): void {
  if (end > logTime) logTime = end;
}

/**
 * Adds one record. Addresses and the interface are numbers, 0 means none. The line is at `[lineStart, lineEnd)`, or was
 * read by the host if both are 0. There must be room for two contacts.
 */
export function record(
  source: u32,
  target: u32,
  ownSource: u32,
  ownTarget: u32,
  sourcePort: u32,
  targetPort: u32,
  protocol: u32,
  packets: f64,
  bytes: f64,
  start: u32,
  end: u32,
  action: u32,
  flags: i32,
  direction: u32,
  interfaceId: u32,
  lineStart: u32,
  lineEnd: u32,
): void {
  advance(end);
  if (interfaceId) learn(interfaceId, source, target, ownSource, ownTarget, direction, lineStart, lineEnd);
  if (source == target || ((kind(source) | kind(target)) & KIND_UNCOUNTED) != 0) return;
  classify(protocol, sourcePort, targetPort, packets, bytes, action, flags, isIpv4(source));
  const lateral = (kind(source) & kind(target) & KIND_PRIVATE) != 0 ? SEEN_LATERAL : 0;
  const quality =
    layoutQuality |
    (flags == NO_FLAGS && protocol == TCP ? WITHOUT_FLAGS : 0) |
    (end - start > LONG_SECONDS ? LONG_AGGREGATION : 0);
  if (forward) {
    const packetBytes = min<f64>(MOST_PACKET_BYTES, Math.round(bytes / max<f64>(1, packets)));
    add(source, target, targetPort * 256 + protocol, forward | lateral, start, end, quality, sourcePort, <u32>packetBytes);
  }
  if (reverse) add(target, source, sourcePort * 256 + protocol, reverse | lateral, start, end, quality, 0, 0);
}
