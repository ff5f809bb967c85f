/** What a collector of evidence is given, and what it had to drop. */
import type { Drained } from '../kernel/drained.ts';
import type { HashKey } from './keyed-hash.ts';

export interface CollectorOptions {
  readonly key: HashKey;
  /** Further CIDRs that count as inside. */
  readonly internal?: readonly string[];
  readonly routingDomains?: Readonly<Record<string, readonly string[]>>;
  /** Limit of contacts in memory, and of hours of sources. Default: what fits into 66 MB. */
  readonly mostContacts?: number;
  /** Called with the whole content when memory is full. Without it, the least suspicious evidence is dropped. */
  readonly spill?: (drained: Drained) => void;
}

/** The evidence that was dropped because memory was full: hours of sources, and contacts. */
export interface Dropped {
  readonly sources: number;
  readonly contacts: number;
  /** Records of interfaces beyond the 32,767 that can be distinguished. The holders of their addresses are unknown. */
  readonly ofInterfaces: number;
}
