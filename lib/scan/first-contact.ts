/** The form of a first contact, and the view from which a source's contacts are read. */
import type { Inventory } from '../evidence/inventory.ts';
import type { Outcome } from '../evidence/seen.ts';
import type { Networks } from '../net/networks.ts';
import type { ContextName } from './contexts.ts';
import type { Direction } from './direction.ts';

/** A first contact: one not made in the hour before. Times are epoch seconds. */
export interface FirstContact {
  readonly target: string;
  readonly port: number;
  readonly protocol: number;
  readonly outcome: Outcome;
  /** The context in which it is weighed. */
  readonly context: ContextName;
  readonly start: number;
  readonly end: number;
  readonly last: number;
  /** How many contacts this one stands for: 1 if all are kept, more if they are sampled. */
  readonly weight: number;
  readonly direction: Direction;
  /**
   * Made repeatedly over minutes, so it is a recurring contact (a poller or a stale configuration) rather than a probe.
   */
  readonly isHabit: boolean;
  /** Established once with hardly any data, so a port was found open and left. */
  readonly isTouch: boolean;
  /** Established once with a small answer. */
  readonly isVisit: boolean;
  /** Established with data over several minutes, so the source stayed connected. */
  readonly isConnected: boolean;
  /** A repeated visit, after a pause, to a contact that failed. A scan may be run again. */
  readonly isRepeat: boolean;
  /** Probed without a SYN. */
  readonly isStealth: boolean;
  /** Tried with three packets or more in one record. */
  readonly isPatient: boolean;
  /** Whether the log shows a SYN, so that the source surely began the connection. */
  readonly hasSyn: boolean;
  /** Unanswered, and no interface held the target's address by the inventory. False without an inventory. */
  readonly isDark: boolean;
  /** Number of separate minutes in which it was probed. */
  readonly attempts: number;
  /** At least how many flows from distant source ports it had. 0 if the log does not tell. */
  readonly flows: number;
  /** The form of its probes, for naming the tool. See {@link SeenContact}. */
  readonly sourcePort: number;
  readonly packetBytes: number;
}

/** Identifies a contact among first contacts. */
export const contactKey = (contact: Pick<FirstContact, 'target' | 'port' | 'protocol'>): string =>
  `${contact.target} ${contact.port} ${contact.protocol}`;

/** The header of IPv6 is this many bytes longer than that of IPv4. */
const IPV6_EXTRA_BYTES = 20;

/** Bytes of a contact's probe as it would be over IPv4. Evidence says 255 of all that is longer, over IPv6 too. */
export const ipv4Bytes = ({ packetBytes, target }: Pick<FirstContact, 'packetBytes' | 'target'>): number =>
  packetBytes - (target.includes(':') ? IPV6_EXTRA_BYTES : 0);

/** Decides when silence counts as an answer, and which public networks are inside. */
export interface Viewpoint {
  /** Log time before which a missing answer is overdue, in epoch seconds. Infinity if the log is complete. */
  readonly overdueBefore: number;
  /** How far the log has come, epoch seconds. */
  readonly logTime: number;
  /** Decides between inside and outside. Default: only private networks are inside. */
  readonly networks?: Networks;
  /** Which addresses interfaces held. Default: not known, so no address is dark. */
  readonly inventory?: Inventory | undefined;
  /** Weighs contacts in this context like any other failure or answer, to measure what the context decides. */
  readonly without?: ContextName;
}
