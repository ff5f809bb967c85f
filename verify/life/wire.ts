/** Packets between two hosts, as the interfaces on their way log them. */
import { hash } from '../../bench/random.ts';
import type { Fate, Host, Nic } from './hosts.ts';
import type { Recorder, Sighting } from './records.ts';

/** Equal packets of one direction of a flow. */
export interface Packets {
  readonly time: number;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly packets: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Two ends of a flow, by the addresses of one family. */
export interface Ends {
  readonly client: Host;
  readonly target: Host;
  readonly isVersion6?: boolean;
}

export const addressOf = (host: Host, isVersion6 = false): string => (isVersion6 ? host.address6! : host.address);

/** What the client sends, up to where it is stopped. */
export function sendForward(recorder: Recorder, ends: Ends, fate: Fate, packets: Packets): void {
  const { client, target, isVersion6 } = ends;
  const source = addressOf(client, isVersion6);
  const destination = addressOf(target, isVersion6);
  if (isSameNode(client, target)) return;
  if (client.nic) see(recorder, client.nic, client, false, fate !== 'held back', source, destination, packets);
  if (fate === 'held back') return;
  const gateway = gatewayBetween(ends);
  if (gateway) {
    const outer = translatedPort(gateway, source, destination, packets);
    const inward = { ...base(gateway, packets), isIngress: true, isAccepted: true };
    recorder.see({ ...inward, source, target: gateway.address, packetSource: source, packetTarget: destination });
    recorder.see({
      ...inward,
      isIngress: false,
      source: gateway.address,
      target: destination,
      packetSource: gateway.address,
      packetTarget: destination,
      sourcePort: outer,
    });
  }
  if (target.nic && fate !== 'lost')
    see(recorder, target.nic, target, true, fate !== 'rejected', source, destination, packets);
}

/** What the target sends back. The ports are those of this direction. */
export function sendBack(recorder: Recorder, ends: Ends, packets: Packets, isAccepted = true): void {
  const { client, target, isVersion6 } = ends;
  const source = addressOf(target, isVersion6);
  const destination = addressOf(client, isVersion6);
  if (isSameNode(client, target)) return;
  if (target.nic) see(recorder, target.nic, target, false, true, source, destination, packets);
  const gateway = gatewayBetween(ends);
  if (gateway) {
    const forward = { ...packets, sourcePort: packets.targetPort, targetPort: packets.sourcePort };
    const outer = translatedPort(gateway, destination, source, forward);
    const shared = { ...base(gateway, packets), isAccepted: true };
    recorder.see({
      ...shared,
      isIngress: true,
      source,
      target: gateway.address,
      packetSource: source,
      packetTarget: gateway.address,
      targetPort: outer,
    });
    recorder.see({
      ...shared,
      isIngress: false,
      source: gateway.address,
      target: destination,
      packetSource: source,
      packetTarget: destination,
    });
  }
  if (client.nic) see(recorder, client.nic, client, true, isAccepted, source, destination, packets);
}

/** Pods of one node talk without leaving it. */
const isSameNode = (a: Host, b: Host): boolean => a.nic !== undefined && a.nic === b.nic;

/** IPv6 needs no translation. */
export const gatewayBetween = ({ client, target, isVersion6 }: Ends): Nic | undefined =>
  target.isOutside && !isVersion6 ? client.gateway : undefined;

/** A NAT gateway takes ports from 1024 to 65535, here one that follows from the flow. */
function translatedPort(
  gateway: Nic,
  source: string,
  destination: string,
  { protocol, sourcePort, targetPort }: Packets,
) {
  if (sourcePort === 0) return 0;
  return 1024 + (hash(`${gateway.index} ${source} ${sourcePort} ${destination} ${targetPort} ${protocol}`) % 64512);
}

const base = (nic: Nic, { time, protocol, sourcePort, targetPort, packets, bytes, flags }: Packets) => ({
  nic,
  time,
  protocol,
  sourcePort,
  targetPort,
  packets,
  bytes,
  flags,
});

/** At an end of the flow: its own side of srcaddr and dstaddr is the primary address of the interface. */
function see(
  recorder: Recorder,
  nic: Nic,
  owner: Host,
  isIngress: boolean,
  isAccepted: boolean,
  packetSource: string,
  packetTarget: string,
  packets: Packets,
): void {
  const own = isIngress ? packetTarget : packetSource;
  const primary = own === owner.address ? nic.address : own;
  const sighting: Sighting = {
    ...base(nic, packets),
    isIngress,
    isAccepted,
    source: isIngress ? packetSource : primary,
    target: isIngress ? primary : packetTarget,
    packetSource,
    packetTarget,
  };
  recorder.see(sighting);
}
