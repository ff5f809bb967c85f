/** What the logs could not show, as bits that union, and the sentence each stands for in a finding. */

export const WITHOUT_FLAGS = 1;
export const WITHOUT_PACKET_ADDRESSES = 2;
export const SKIPPED_RECORDS = 4;
export const LONG_AGGREGATION = 8;
export const SAMPLED = 16;
export const TRANSIT_GATEWAY = 32;
export const LET_GO = 64;

const SENTENCES: readonly (readonly [number, string])[] = [
  [
    WITHOUT_FLAGS,
    'no tcp-flags in the log: who initiated and what was answered is told from ports, sizes and reverse records',
  ],
  [
    WITHOUT_PACKET_ADDRESSES,
    'no pkt-srcaddr and pkt-dstaddr in the log: hosts behind NAT, transit gateways and pod nodes appear as one',
  ],
  [
    SKIPPED_RECORDS,
    'SKIPDATA: AWS dropped records of an interface involved; there may be more contacts than were seen',
  ],
  [LONG_AGGREGATION, 'aggregation above 90 seconds: times and order of contacts are coarse'],
  [SAMPLED, 'more contacts than are kept exactly: counts are estimates from a uniform sample'],
  [
    LET_GO,
    'more sources than memory holds: the least suspicious were let go of, and with them some early contacts perhaps',
  ],
  [TRANSIT_GATEWAY, 'transit gateway log: no action is recorded, outcomes rest on tcp-flags alone'],
];

/** The sentences for a union of bits. */
export const describeQuality = (bits: number): string[] =>
  SENTENCES.filter(([bit]) => bits & bit).map(([, text]) => text);

/** How many kinds of blindness the bits name; each lowers the confidence of a finding. */
export const countQuality = (bits: number): number => SENTENCES.filter(([bit]) => bits & bit).length;
