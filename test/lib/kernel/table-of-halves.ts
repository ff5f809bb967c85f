/** The table of contacts, filled half by half. */
import { keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import { SEEN_ACCEPT, SEEN_CONVERSATION, SEEN_REPLY, SEEN_SYN, SEEN_TCP } from '../../../lib/evidence/seen.ts';
import { type ContactHalf, ContactTable, type KeptContact, type PaneView } from '../../../lib/kernel/contact-table.ts';
import type { Kernel } from '../../../lib/kernel/kernel.ts';
import { KernelAddresses } from '../../../lib/kernel/kernel-tables.ts';
import { V4_PREFIX } from '../../../lib/net/address.ts';
import { freshKernel, KEY } from './fresh-kernel.ts';

export const HOUR = 3600;
export const NOON = 500_000 * HOUR;
export const FULL = 0xffffffff;
export const PROBE = SEEN_SYN | SEEN_TCP | SEEN_ACCEPT;
export const CONVERSATION = SEEN_REPLY | SEEN_TCP | SEEN_CONVERSATION;

/** A half with addresses as numbers of 10.0.0.0/8. */
export type Half = Partial<Omit<ContactHalf, 'source' | 'target'>> & { source?: number; target?: number };

export function tableOf(halves: Iterable<Half>, limit: number): ContactTable & { readonly kernel: Kernel } {
  const kernel = freshKernel({ limit });
  const addresses = new KernelAddresses(kernel);
  const table = new ContactTable(kernel);
  for (const half of halves) {
    addresses.makeRoom();
    const source = addresses.intern([0, 0, V4_PREFIX, 0x0a000000 + (half.source ?? 1)]);
    const target = addresses.intern([0, 0, V4_PREFIX, 0x0a800000 + (half.target ?? 1)]);
    const time = { start: NOON, end: half.start ?? NOON };
    const defaults = { ...time, port: 80, protocol: 6, seen: PROBE, quality: 0, sourcePort: 40_000, packetBytes: 44 };
    table.add({ ...defaults, ...half, source, target });
  }
  return Object.assign(table, { kernel });
}

export const panesOf = (table: ContactTable): PaneView[] => [...table.sources()].flat();
export const contactsOf = (table: ContactTable, pane: PaneView): KeptContact[] =>
  pane.contacts.map((row) => table.contact(row));
export const hashesOf = (table: ContactTable, pane: PaneView): number[] =>
  contactsOf(table, pane)
    .map(({ hash }) => hash)
    .sort((a, b) => a - b);

export const hashOf = (source: number, target: number, port: number, protocol = 6) =>
  keyedHash(KEY, 0xffff, 0x0a000000 + source, 0, 0, 0xffff, 0x0a800000 + target, port * 256 + protocol);
