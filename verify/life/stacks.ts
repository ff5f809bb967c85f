/**
 * What an operating system decides about every connection: when a SYN is repeated, how large it is, which source port it has.
 * Measured on Linux, see docs/life.md. Windows: the defaults of `Get-NetTCPSetting` (InitialRto 1 s, MaxSynRetransmissions 4)
 * and of `netsh int ipv4 show dynamicport tcp`.
 */
import type { Dice } from './dice.ts';

export interface Stack {
  readonly name: 'linux' | 'older linux' | 'windows';
  /** Seconds after the first SYN at which one is sent. */
  readonly synTimes: readonly number[];
  /** Seconds after which the system gives up. */
  readonly patience: number;
  /** Bytes of a SYN over IPv4. Over IPv6 it has 20 more. */
  readonly synBytes: number;
  readonly ports: readonly [number, number];
}

/** Linux 6.5 and later: the first four repeats are one second apart (tcp_syn_linear_timeouts). */
export const LINUX: Stack = {
  name: 'linux',
  synTimes: [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 68],
  patience: 134,
  synBytes: 60,
  ports: [32768, 60999],
};

export const OLDER_LINUX: Stack = {
  name: 'older linux',
  synTimes: [0, 1, 3, 7, 15, 31, 64],
  patience: 130,
  synBytes: 60,
  ports: [32768, 60999],
};

/** Its SYN has no time stamp, hence 52 bytes. */
export const WINDOWS: Stack = {
  name: 'windows',
  synTimes: [0, 1, 3, 7, 15],
  patience: 31,
  synBytes: 52,
  ports: [49152, 65535],
};

/** A port for connect(). Linux takes even ones for connect() and odd ones for a socket that was bound first. */
export function ephemeralPort(stack: Stack, isBound: boolean, dice: Dice): number {
  const [low, high] = stack.ports;
  if (stack.name === 'windows') return dice.whole(low, high);
  return low + 2 * dice.whole(0, (high - low - 1) >> 1) + (isBound ? 1 : 0);
}
