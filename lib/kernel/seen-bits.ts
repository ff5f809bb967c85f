/**
 * What was seen of a contact, as bits that union without order. Fragments store them; the kernel, which is compiled from the
 * same file, writes them.
 */

/** Initiator's TCP half with SYN and without ACK. */
export const SEEN_SYN = 1;
/** Initiator's half without a SYN: UDP, ICMP, a TCP conversation under way, or a stealth probe. */
export const SEEN_PROBE = 2;
/** Initiator's half was accepted, or rejected, at some interface. */
export const SEEN_ACCEPT = 4;
export const SEEN_REJECT = 8;
/** The target answered SYN with SYN-ACK. */
export const SEEN_SYN_ACK = 16;
/** The target sent anything but a bare reset. */
export const SEEN_REPLY = 32;
/** The target sent a reset and nothing else in that record. */
export const SEEN_RESET = 64;
/** A bare reset whose sender is the client by port roles; counts only where a SYN shows that it answered one. */
export const SEEN_WEAK_RESET = 128;
/** A half whose initiator its file could not tell: kept under both ends, as forward here and as reverse there. */
export const SEEN_UNRESOLVED_FORWARD = 256;
export const SEEN_UNRESOLVED_REVERSE = 512;
/** The initiator closed a connection of three packets or more: it had been established. */
export const SEEN_COMPLETED = 1024;
/** A record of this contact came without TCP flags. */
export const SEEN_WITHOUT_FLAGS = 2048;
/** The target's address belongs to an interface that is logged. */
export const SEEN_OWN_TARGET = 4096;
/** TCP; a SYN is expected of a contact that counts. */
export const SEEN_TCP = 8192;
/** One of the ends sent more packets at a time than it takes to find a port open: something was said. */
export const SEEN_CONVERSATION = 16384;
