/**
 * The columns that detection reads, and what it loses without each. The settings page and findings are written from
 * here.
 */

/**
 * Columns that every flow log needs. Without one of them nothing can be detected, or a finding could not say whose
 * traffic it is about. All are of version 2, which every Region and partition offers.
 */
export const REQUIRED_COLUMNS = [
  ...['account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol'],
  ...['packets', 'bytes', 'start', 'end', 'action', 'log-status'],
] as const;

/** The subject of a loss, which decides which findings name it. */
export type LossSubject =
  /** The contacts: every finding. */
  | 'contacts'
  /** The source: findings about an inside source. */
  | 'source'
  /** The holder of an address: findings about an inside source of which neither the instance nor the task is known. */
  | 'holder';

/** Columns that are lost together, and what detection loses without them. */
export interface Loss {
  /** The bit of a pane's quality (lib/evidence/quality.ts). Stored, so a bit never changes its meaning. */
  readonly bit: number;
  /** A log has the loss if any of these columns is missing. */
  readonly columns: readonly string[];
  readonly about: LossSubject;
  /** The end of the sentence "no COLUMNS in the log: ...". */
  readonly text: string;
}

/** The bit for a log without tcp-flags. The kernel also sets it for a single TCP record without them. */
export const WITHOUT_FLAGS = 1;

/** The optional columns, in the order in which the flow logs of a deployment contain them. */
export const LOSSES: readonly Loss[] = [
  {
    bit: 256,
    columns: ['vpc-id'],
    about: 'source',
    text: 'the VPC of the source is unknown, and the setting routingDomains has no effect',
  },
  { bit: 512, columns: ['subnet-id'], about: 'source', text: 'the subnet of the source is unknown' },
  {
    bit: 1024,
    columns: ['instance-id'],
    about: 'holder',
    text: 'the instance of the source is unknown, and an instance that forwards traffic looks like a NAT gateway',
  },
  {
    bit: WITHOUT_FLAGS,
    columns: ['tcp-flags'],
    about: 'contacts',
    text: 'the initiator and the outcome of a contact are inferred from ports, sizes and reverse records',
  },
  {
    bit: 2,
    columns: ['pkt-srcaddr', 'pkt-dstaddr'],
    about: 'contacts',
    text: 'hosts behind one NAT gateway or transit gateway, and pods on one node, appear as one source',
  },
  {
    bit: 2048,
    columns: ['region'],
    about: 'source',
    text: 'the Region of the source is unknown, so commands name the Region of the deployment',
  },
  {
    bit: 128,
    columns: ['flow-direction'],
    about: 'source',
    text: 'the addresses of an interface are inferred from its records, which takes at least two peers',
  },
  {
    bit: 4096,
    columns: ['interface-type'],
    about: 'holder',
    text: 'NAT gateways are recognized only by their traffic, and load balancers, endpoints and transit gateways are not recognized',
  },
  {
    bit: 8192,
    columns: ['ecs-cluster-name', 'ecs-service-name', 'ecs-task-id', 'ecs-task-definition-arn', 'ecs-container-id'],
    about: 'holder',
    text: 'the ECS cluster, service, task and container of the source are unknown',
  },
];

/** The optional columns that AWS offers only in an account with ECS. */
export const isEcsColumn = (name: string): boolean => name.startsWith('ecs-');

/** The losses of a log, as bits. */
export function lossesWithout(has: (column: string) => boolean): number {
  return LOSSES.filter(({ columns }) => !columns.every(has)).reduce((bits, { bit }) => bits | bit, 0);
}
