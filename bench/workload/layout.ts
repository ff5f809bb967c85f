/** The column orders that the workloads are written in. */
import { FIELD_VERSIONS } from '../../lib/flowlog/fields.ts';

export const LAYOUT_NAMES = ['v2', 'v5', 'v7', 'permuted'] as const;
export type LayoutName = (typeof LAYOUT_NAMES)[number];

/** What a file's header says, and the number in its version column. */
export interface Layout {
  readonly version: number;
  readonly fields: readonly string[];
}

/** Every field of the versions up to this one, in AWS's table order. */
const upTo = (version: number): Layout => ({
  version,
  fields: [...FIELD_VERSIONS].filter(([, since]) => since <= version).map(([name]) => name),
});

/** The fields of version 5 in an order that no table has: addresses last, the constant columns strewn about. */
const PERMUTED =
  `end tcp-flags vpc-id bytes action region dstport interface-id flow-direction log-status protocol sublocation-type
  start version traffic-path srcport az-id pkt-dst-aws-service packets type subnet-id sublocation-id
  pkt-src-aws-service account-id instance-id dstaddr pkt-srcaddr srcaddr pkt-dstaddr`.split(/\s+/);

export const LAYOUTS: Readonly<Record<LayoutName, Layout>> = {
  v2: upTo(2),
  v5: upTo(5),
  v7: upTo(7),
  permuted: { version: 5, fields: PERMUTED },
};
