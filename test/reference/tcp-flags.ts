/** Bits of `tcp-flags` (page "Flow log records"): ORed over the packets of one direction in one interval. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
