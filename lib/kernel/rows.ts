/**
 * The rows of the kernel's tables: how many bytes a row takes, and at which byte each field begins. The kernel, which is
 * compiled from the same file, writes them; its host reads them. A field is an unsigned number of four bytes unless its
 * comment says otherwise. Number 0 of each table stands for nothing.
 */

/** An address: four words, then these. A row fills half a line of the processor's cache. */
export const ADDRESS_BYTES = 32;
/** The interface that the address is tied to, and the number of the network that it belongs to; two bytes each. */
export const ADDRESS_OWNER = 16;
export const ADDRESS_NETWORK = 18;
/** How surely it is tied (RANK_OWN ...); one byte. */
export const ADDRESS_RANK = 20;
/** What kind of address it is (KIND_INSIDE ...), as bits; one byte. */
export const ADDRESS_KIND = 21;
/** The pane of this source that was written to last, and its hour and quality (two bytes): a cache of the kernel's own. */
export const ADDRESS_PANE_QUALITY = 22;
export const ADDRESS_PANE = 24;
export const ADDRESS_PANE_HOUR = 28;

/** Kinds of address: inside by its number; never counted as a target. */
export const KIND_INSIDE = 2;
export const KIND_UNCOUNTED = 4;

/** How sure the tie of an address to an interface is, from its own to merely seen by it. */
export const RANK_OWN = 4;
export const RANK_BEHIND_INSTANCE = 3;
export const RANK_BEHIND = 2;
export const RANK_SEEN = 1;

/** An interface: its name, padded with zeros to INTERFACE_NAME_BYTES (longer ones are cut), then these. */
export const INTERFACE_BYTES = 64;
export const INTERFACE_NAME_BYTES = 48;
/** Two addresses that all records without a direction had in common so far; one of them is its own. */
export const INTERFACE_CANDIDATES = 48;
/** The number of its network (two bytes); 0 for one that the host has yet to look up. */
export const INTERFACE_NETWORK = 56;
/** What the host and the records tell of it (TRAIT_INSTANCE ...), as bits; one byte. */
export const INTERFACE_TRAITS = 58;
/** Bytes of the name; one byte. */
export const INTERFACE_NAME_LENGTH = 59;
/** How many records it has. */
export const INTERFACE_RECORDS = 60;
/** A candidate that was ruled out; number 0 would be the address of a record that has none. */
export const NO_CANDIDATE = 0xffffffff;

/** Traits of an interface: it has candidates; it belongs to an instance; it took in what is addressed to the outside. */
export const TRAIT_WITHOUT_DIRECTION = 1;
export const TRAIT_INSTANCE = 2;
export const TRAIT_FORWARDS = 4;

/** A pane: one hour of one source. */
export const PANE_BYTES = 32;
export const PANE_SOURCE = 0;
/** Hours since the epoch. */
export const PANE_HOUR = 4;
/** Contacts that it holds. */
export const PANE_COUNT = 8;
/** Contacts with hashes up to this are kept; 0xffffffff: all of them. */
export const PANE_THETA = 12;
/** What the log cannot show, as bits (`evidence/quality.ts`). */
export const PANE_QUALITY = 16;
/** Its first contact. */
export const PANE_HEAD = 20;
/** Contacts that may be probes, and when the latest of all was seen; both are written when the host asks for them. */
export const PANE_FAILED_PROBES = 24;
export const PANE_LATEST = 28;

/** A contact; a row fills a line of the processor's cache. Times are epoch seconds. */
export const CONTACT_BYTES = 64;
export const CONTACT_TARGET = 0;
/** Port times 256 plus protocol. */
export const CONTACT_SERVICE = 4;
export const CONTACT_PANE = 8;
/** The next contact of the same pane. */
export const CONTACT_NEXT = 12;
/** What was seen of it, as bits (`seen-bits.ts`). */
export const CONTACT_SEEN = 16;
export const CONTACT_HASH = 20;
export const CONTACT_FIRST_START = 24;
export const CONTACT_FIRST_END = 28;
export const CONTACT_LAST_END = 32;
/** Minutes of the hour in which the initiator's half was seen, as twice 30 bits. */
export const CONTACT_MINUTES_LOW = 36;
export const CONTACT_MINUTES_HIGH = 40;
/** Lowest source port of the initiator's halves (two bytes), and bytes of its smallest packets (one byte); 0: not seen. */
export const CONTACT_SOURCE_PORT = 44;
export const CONTACT_PACKET_BYTES = 46;
/** Which groups of source ports its probes came from, as 32 bits: how many flows there were, by linear counting. */
export const CONTACT_FLOWS = 48;
