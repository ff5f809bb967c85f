/**
 * The rows of the kernel's tables: the bytes of a row, and the byte at which each field begins. The kernel is compiled
 * with this file and writes the rows. Its host reads them. A field is an unsigned number of four bytes unless its
 * comment says otherwise. Number 0 of each table is unused.
 */

/** An address: four words, then the following fields. A row fills half a cache line of the processor. */
export const ADDRESS_BYTES = 32;
/** The interface that the address is tied to, and the number of the network that it belongs to (two bytes each). */
export const ADDRESS_OWNER = 16;
export const ADDRESS_NETWORK = 18;
/** How certain the tie is (RANK_OWN ...), one byte. */
export const ADDRESS_RANK = 20;
/** The kind of address (KIND_INSIDE ...) as bits, one byte. */
export const ADDRESS_KIND = 21;
/**
 * The pane of this source that was written last, with its hour and quality (two bytes). The kernel uses it as a cache.
 */
export const ADDRESS_PANE_QUALITY = 22;
export const ADDRESS_PANE = 24;
export const ADDRESS_PANE_HOUR = 28;

/** Kinds of address: inside by its number or the settings, never counted as a target, and private by its number. */
export const KIND_INSIDE = 2;
export const KIND_UNCOUNTED = 4;
export const KIND_PRIVATE = 8;

/** How certain the tie of an address to an interface is, from its own address to one that it merely saw. */
export const RANK_OWN = 4;
export const RANK_BEHIND_INSTANCE = 3;
export const RANK_BEHIND = 2;
export const RANK_SEEN = 1;

/**
 * An interface: its name, padded with zeros to INTERFACE_NAME_BYTES (longer ones are cut), then the following fields.
 */
export const INTERFACE_BYTES = 64;
export const INTERFACE_NAME_BYTES = 48;
/** Two addresses that all records without a direction had in common so far. One of them is the interface's own. */
export const INTERFACE_CANDIDATES = 48;
/** The number of its network (two bytes). 0 if the host has not looked it up yet. */
export const INTERFACE_NETWORK = 56;
/** Its traits according to the host and the records (TRAIT_INSTANCE ...) as bits, one byte. */
export const INTERFACE_TRAITS = 58;
/** Bytes of the name (one byte). */
export const INTERFACE_NAME_LENGTH = 59;
/** Number of its records. */
export const INTERFACE_RECORDS = 60;
/** A candidate that was ruled out. Number 0 would be the address of a record that has none. */
export const NO_CANDIDATE = 0xffffffff;

/**
 * Traits of an interface: it has candidates, it belongs to an instance, it received packets addressed to the outside.
 */
export const TRAIT_WITHOUT_DIRECTION = 1;
export const TRAIT_INSTANCE = 2;
export const TRAIT_FORWARDS = 4;

/** A pane: one hour of one source. */
export const PANE_BYTES = 52;
export const PANE_SOURCE = 0;
/** Hours since the epoch. */
export const PANE_HOUR = 4;
/** Number of its contacts. */
export const PANE_COUNT = 8;
/**
 * Answered contacts with hashes up to this are kept. 0xffffffff means all of them. The same follows for touched ones,
 * for failed ones, and for failed ones between private addresses (`lib/evidence/sample.ts`).
 */
export const PANE_ANSWERED = 12;
/** The limits of the log, as bits (`evidence/quality.ts`). */
export const PANE_QUALITY = 16;
/** Its first contact. */
export const PANE_HEAD = 20;
/**
 * Number of contacts that may be probes, and when the latest of all was seen. Both are written when the host asks for
 * them.
 */
export const PANE_FAILED_PROBES = 24;
export const PANE_LATEST = 28;
export const PANE_TOUCHED = 32;
export const PANE_FAILED = 36;
/** Address of the block with the cells of the answered contacts that were left out. 0 means none. */
export const PANE_LEFT_OUT = 40;
/** The number of contacts at which the pane is cut. */
export const PANE_CUT_AT = 44;
export const PANE_LATERAL = 48;

/** Cells that a pane remembers. Beyond that, it keeps only contacts below the last of them. */
export const MOST_LEFT_OUT = 32_768;
/**
 * A cell is a hash without its lowest bits, one of a million. It is written twice as large, and one more for contacts
 * between private addresses, which are apart.
 */
export const CELL_SHIFT = 12;
/** A block of cells: the number of its slots, then from LEFT_OUT_SLOTS on a word per slot, one more than the cell or 0. */
export const LEFT_OUT_SLOTS = 64;

/** A contact. A row fills a cache line of the processor. Times are epoch seconds. */
export const CONTACT_BYTES = 64;
export const CONTACT_TARGET = 0;
/** Port times 256 plus protocol. */
export const CONTACT_SERVICE = 4;
export const CONTACT_PANE = 8;
/** The next contact of the same pane. */
export const CONTACT_NEXT = 12;
/** The bits seen of it (`seen-bits.ts`). */
export const CONTACT_SEEN = 16;
export const CONTACT_HASH = 20;
export const CONTACT_FIRST_START = 24;
export const CONTACT_FIRST_END = 28;
export const CONTACT_LAST_END = 32;
/** Minutes of the hour in which the initiator's half was seen, as twice 30 bits. */
export const CONTACT_MINUTES_LOW = 36;
export const CONTACT_MINUTES_HIGH = 40;
/**
 * Lowest source port of the initiator's halves (two bytes), and bytes of its smallest packets (one byte). 0 means not
 * seen.
 */
export const CONTACT_SOURCE_PORT = 44;
export const CONTACT_PACKET_BYTES = 46;
/** Which groups of source ports its probes came from, as 32 bits. They give the number of flows by linear counting. */
export const CONTACT_FLOWS = 48;
