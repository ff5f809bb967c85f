/** A conversation as the interfaces on its way log it: each of them both directions. */
import type { Batch, Verdict } from './batch.ts';
import type { Interface } from './world.ts';

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;

const FIN = 1;
const SYN = 2;
const RST = 4;
const SYN_ACK = 18;

/** What the two directions say: packets and bytes of each, and the union of flags that AWS reports. */
export interface Exchange {
  readonly packets: number;
  readonly bytes: number;
  readonly flags: number;
  readonly replyPackets: number;
  readonly replyBytes: number;
  readonly replyFlags: number;
}

/** SYN to FIN in one interval, and the middle, the beginning and the end of a long connection. */
export const WHOLE = { flags: SYN | FIN, replyFlags: SYN_ACK | FIN } as const;
export const MIDDLE = { flags: 0, replyFlags: 0 } as const;
export const BEGINNING = { flags: SYN, replyFlags: SYN_ACK } as const;
export const END = { flags: FIN, replyFlags: FIN } as const;

/** A SYN to a closed port, with one packet each way. */
export const REFUSED: Exchange = {
  packets: 1,
  bytes: 60,
  flags: SYN,
  replyPackets: 1,
  replyBytes: 40,
  replyFlags: RST,
};

/** Who speaks to whom. An end without interface is not ours, and logs nothing. */
export interface Ends {
  readonly interval: number;
  readonly client: number;
  readonly server: number;
  readonly clientInterface?: Interface | undefined;
  readonly serverInterface?: Interface | undefined;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly protocol: number;
}

/** Adds the records of a conversation. */
export function addFlow(batch: Batch, ends: Ends, exchange: Exchange): void {
  if (ends.clientInterface) addBothWays(batch, ends.clientInterface, true, ends, exchange);
  if (ends.serverInterface) addBothWays(batch, ends.serverInterface, false, ends, exchange);
}

/**
 * Adds the records of a conversation with the outside through a NAT gateway: at the client's interface as if there were
 * none, and both sides of it at the gateway's, where the plain addresses hide who speaks to whom.
 */
export function addFlowThroughNat(batch: Batch, ends: Ends, exchange: Exchange, nat: Interface, natPort: number): void {
  addFlow(batch, ends, exchange);
  addBothWays(batch, nat, false, { ...ends, server: nat.address }, exchange, ends.server);
  addBothWays(batch, nat, true, { ...ends, client: nat.address, clientPort: natPort }, exchange);
}

function addBothWays(
  batch: Batch,
  { index: at }: Interface,
  isClientSide: boolean,
  { interval, client, server, clientPort, serverPort, protocol }: Ends,
  exchange: Exchange,
  packetServer = server,
): void {
  batch.add({
    at,
    interval,
    isEgress: isClientSide,
    source: client,
    target: server,
    packetTarget: packetServer,
    sourcePort: clientPort,
    targetPort: serverPort,
    protocol,
    packets: exchange.packets,
    bytes: exchange.bytes,
    flags: exchange.flags,
  });
  batch.add({
    at,
    interval,
    isEgress: !isClientSide,
    source: server,
    target: client,
    packetSource: packetServer,
    sourcePort: serverPort,
    targetPort: clientPort,
    protocol,
    packets: exchange.replyPackets,
    bytes: exchange.replyBytes,
    flags: exchange.replyFlags,
  });
}

/** Adds a record of a probe that nobody answers: at the interface that it leaves by, or at the one it comes to. */
export function addProbe(
  batch: Batch,
  at: Interface,
  isEgress: boolean,
  verdict: Verdict,
  probe: Omit<Ends, 'clientInterface' | 'serverInterface'> & { readonly packets: number; readonly bytes: number },
): void {
  batch.add({
    at: at.index,
    interval: probe.interval,
    isEgress,
    source: probe.client,
    target: probe.server,
    sourcePort: probe.clientPort,
    targetPort: probe.serverPort,
    protocol: probe.protocol,
    packets: probe.packets,
    bytes: probe.bytes,
    flags: probe.protocol === TCP ? SYN : 0,
    verdict,
  });
}
