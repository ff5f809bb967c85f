/**
 * The bits seen of a contact, which can be united in any order. Fragments store them. The kernel is compiled with this
 * file and writes them.
 */

/** Initiator's TCP half with SYN and without ACK. */
export const SEEN_SYN = 1;
/** Initiator's half without a SYN: UDP, ICMP, a TCP conversation under way, or a stealth probe. */
export const SEEN_PROBE = 2;
/** Initiator's half was accepted or rejected at some interface. */
export const SEEN_ACCEPT = 4;
export const SEEN_REJECT = 8;
/** The target answered SYN with SYN-ACK. */
export const SEEN_SYN_ACK = 16;
/** The target sent anything but a bare reset. */
export const SEEN_REPLY = 32;
/** The target sent only a reset in that record. */
export const SEEN_RESET = 64;
/** A bare reset whose sender is the client by port roles. It counts only if a SYN shows that it was an answer. */
export const SEEN_WEAK_RESET = 128;
/** A half whose initiator is unknown in its file. It is kept under both ends, as forward here and as reverse there. */
export const SEEN_UNRESOLVED_FORWARD = 256;
export const SEEN_UNRESOLVED_REVERSE = 512;
/** The initiator closed a connection of three packets or more, so it had been established. */
export const SEEN_COMPLETED = 1024;
/** A record of this contact came without TCP flags. */
export const SEEN_WITHOUT_FLAGS = 2048;
/** The target's address belongs to a logged interface. */
export const SEEN_OWN_TARGET = 4096;
/** TCP, so a contact counts only with a SYN. */
export const SEEN_TCP = 8192;
/** One of the ends sent more packets at a time than it takes to find a port open, so data was exchanged. */
export const SEEN_CONVERSATION = 16384;
/**
 * The initiator sent at least three packets in one record. Without an answer these are the retries of a client that
 * waits for a connection. Raw scanners send one packet or two.
 */
export const SEEN_PATIENT = 32768;
/** One of the ends sent at least a kilobyte in one record, which is more than a banner or a look at one. */
export const SEEN_EXCHANGE = 65536;
/** One of the ends closed or reset a TCP connection in the record that opened it. */
export const SEEN_CLOSED = 131072;
/** Source and target have private addresses. Follows from the addresses, so fragments do not store it. */
export const SEEN_LATERAL = 262144;
