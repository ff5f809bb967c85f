/** How hosts talk: connection attempts, datagrams and echoes, with what the network and the other side make of them. */
import type { Clock } from './clock.ts';
import type { Dice } from './dice.ts';
import { type Fate, fateOf, type Host, ICMP, ICMP6, portOf, TCP, UDP } from './hosts.ts';
import type { Ledger } from './ledger.ts';
import type { Recorder } from './records.ts';
import { addressOf, type Ends, gatewayBetween, type Packets, sendBack, sendForward } from './wire.ts';

export type Outcome = 'answered' | 'refused' | 'silent';

const FIN = 1;
const SYN = 2;
const RST = 4;
const SYN_ACK = 18;
const SEGMENT = 1448;
/** Headers of a TCP segment with time stamps, over IPv4. */
const HEADERS = 52;
const VERSION_6 = 20;

/** What is said on a connection that was answered. */
export interface Exchange {
  readonly request: number;
  readonly reply: number;
  /** From the first packet to the last. */
  readonly seconds: number;
  /** A kept connection goes on, and its owner closes it. */
  readonly isKept?: boolean;
}

export const exchange = (request: number, reply: number, seconds = 0.1): Exchange => ({ request, reply, seconds });
export const kept = (request: number, reply: number): Exchange => ({ request, reply, seconds: 0.1, isKept: true });

export interface Call extends Ends {
  /** The situation that it belongs to, which a false alarm is counted for. */
  readonly actor: string;
  readonly port: number;
  readonly sourcePort?: number;
}

export interface TcpCall extends Call {
  /** Seconds until the program gives up. The system may do so earlier. */
  readonly patience?: number;
  readonly says?: Exchange;
  /** The program binds its own address first. */
  readonly isBound?: boolean;
}

export interface UdpCall extends Call {
  /** Bytes of a datagram, with its IP header. */
  readonly bytes: number;
  /** Of the answer. Nothing comes back where it is missing. */
  readonly reply?: number;
  /** Seconds after the first datagram at which it is repeated while nothing answers. */
  readonly repeats?: readonly number[];
  /** Seconds after which the program stops waiting, if later than the last repeat. */
  readonly patience?: number;
  /** Each datagram from a port of its own. */
  readonly isNewPortEach?: boolean;
}

/** UDP sockets get any port of the range, without regard to parity. */
const datagramPort = ({ stack, dice }: Host): number => dice.whole(...stack.ports);

/** `sourcePort` is that of the connection. */
type Done = (outcome: Outcome, sourcePort: number) => void;

export class Net {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly recorder: Recorder;
  readonly ledger: Ledger;

  constructor(clock: Clock, dice: Dice, recorder: Recorder, ledger: Ledger) {
    this.clock = clock;
    this.dice = dice;
    this.recorder = recorder;
    this.ledger = ledger;
  }

  /** One connection attempt: SYNs at the times of the system, until one is answered or somebody loses patience. */
  tcp(call: TcpCall, done: Done = () => {}): void {
    const { client, target, port, isVersion6 = false, says = exchange(500, 1500) } = call;
    const { synTimes, patience, synBytes } = client.stack;
    const sourcePort = call.sourcePort ?? portOf(client, call.isBound);
    const giveUp = Math.min(call.patience ?? patience, patience);
    const started = this.clock.now;
    const extra = isVersion6 ? VERSION_6 : 0;
    const send = (attempt: number): void => {
      if (!client.isUp) return;
      const fate = fateOf(client, target, TCP, port);
      if (fate === 'answered') {
        this.#converse(call, says, sourcePort);
        done('answered', sourcePort);
        return;
      }
      const syn = this.#packets(TCP, sourcePort, port, 1, synBytes + extra, SYN);
      this.#failed(call);
      sendForward(this.recorder, call, fate, syn);
      if (fate === 'refused') {
        sendBack(this.recorder, call, this.#packets(TCP, port, sourcePort, 1, 40 + extra, RST));
        done('refused', sourcePort);
        return;
      }
      const next = synTimes[attempt + 1];
      if (next !== undefined && next < giveUp) this.clock.at(started + next, () => send(attempt + 1));
      else this.clock.at(started + giveUp, () => done('silent', sourcePort));
    };
    send(0);
  }

  /** A datagram and its answer. */
  udp(call: UdpCall, done: Done = () => {}): void {
    const { client, target, port, bytes, reply, repeats = [], isVersion6 = false } = call;
    const started = this.clock.now;
    let sourcePort = call.sourcePort ?? datagramPort(client);
    const send = (attempt: number): void => {
      if (!client.isUp) return;
      if (attempt > 0 && call.isNewPortEach) sourcePort = datagramPort(client);
      const fate = fateOf(client, target, UDP, port);
      sendForward(this.recorder, call, fate, this.#packets(UDP, sourcePort, port, 1, bytes, 0));
      if (fate === 'answered') {
        if (reply) sendBack(this.recorder, call, this.#packets(UDP, port, sourcePort, 1, reply, 0));
        done('answered', sourcePort);
        return;
      }
      this.#failed(call);
      if (fate === 'refused')
        sendBack(this.recorder, call, this.#packets(isVersion6 ? ICMP6 : ICMP, 0, 0, 1, Math.min(bytes, 548) + 28, 0));
      const next = repeats[attempt];
      const end = Math.max(call.patience ?? 0, repeats.at(-1) ?? 0);
      if (next !== undefined) this.clock.at(started + next, () => send(attempt + 1));
      else this.clock.at(started + end, () => done(fate === 'refused' ? 'refused' : 'silent', sourcePort));
    };
    send(0);
  }

  /** Echo requests at fixed distances. The outcome is that of the last. */
  ping(ends: Ends & { actor: string; bytes?: number }, count: number, spacing: number, done: Done = () => {}): void {
    const { client, target, isVersion6 = false, bytes = 84 } = ends;
    const protocol = isVersion6 ? ICMP6 : ICMP;
    const send = (sent: number): void => {
      if (!client.isUp) return;
      const fate = fateOf(client, target, ICMP, 0);
      const echo = this.#packets(protocol, 0, 0, 1, bytes, 0);
      sendForward(this.recorder, ends, fate, echo);
      if (fate === 'answered') sendBack(this.recorder, ends, echo);
      else this.#failed({ ...ends, port: 0 });
      if (sent + 1 < count) this.clock.after(spacing, () => send(sent + 1));
      else this.clock.after(spacing, () => done(fate === 'answered' ? 'answered' : 'silent', 0));
    };
    send(0);
  }

  /** Segments on an open connection: data both ways, or what a client sends again and again to a host that is gone. */
  continue(call: Call, sourcePort: number, packets: number, bytes: number, replyBytes: number, flags = 0): void {
    const { client, target, port } = call;
    if (!client.isUp) return;
    // A tracked connection outlives the rule that allowed it, and a host that is down answers nothing.
    const fate: Fate = target.isUp ? 'answered' : 'lost';
    sendForward(
      this.recorder,
      call,
      fate,
      this.#packets(TCP, sourcePort, port, packets, packets * HEADERS + bytes, flags),
    );
    if (fate !== 'answered') return;
    const replies = packets + Math.floor(replyBytes / SEGMENT);
    const back = this.#packets(TCP, port, sourcePort, replies, replies * HEADERS + replyBytes, flags);
    sendBack(this.recorder, call, back);
  }

  #converse(call: TcpCall, { request, reply, seconds, isKept }: Exchange, sourcePort: number): void {
    const { client, port, isVersion6 } = call;
    const extra = isVersion6 ? VERSION_6 : 0;
    // The handshake of TLS has packets of its own: 7 out and 5 back for a short request (docs/life.md).
    const isTls = port === 443;
    const size = (packets: number, bytes: number) => packets * (HEADERS + extra) + bytes;
    const out = (isTls ? 6 : 3) + Math.ceil(request / SEGMENT) + Math.floor(reply / SEGMENT / 2);
    const back = (isTls ? 4 : 2) + Math.ceil(reply / SEGMENT) + Math.floor(request / SEGMENT / 2);
    const first = client.stack.synBytes - HEADERS;
    const end = this.clock.now + seconds;
    const isLong = seconds > 5;
    const close = isKept || isLong ? 0 : FIN;
    sendForward(
      this.recorder,
      call,
      'answered',
      this.#packets(TCP, sourcePort, port, out, size(out, request) + first, SYN | close),
    );
    const answer = this.#packets(TCP, port, sourcePort, back, size(back, reply) + 8, SYN_ACK | close);
    sendBack(this.recorder, call, answer);
    if (isLong && !isKept) this.clock.at(end, () => this.continue(call, sourcePort, 2, 0, 0, FIN));
    else if (!isKept && client.nic && call.target.isOutside && client.dice.isLikely(0.004))
      this.#late(call, sourcePort);
  }

  /** A last segment that arrives when connection tracking has forgotten the flow is logged as REJECT. */
  #late(call: TcpCall, sourcePort: number): void {
    if (gatewayBetween(call)) return;
    const flags = call.client.dice.pick([0, FIN, RST]);
    this.clock.after(call.client.dice.between(5, 60), () =>
      sendBack(this.recorder, call, this.#packets(TCP, call.port, sourcePort, 1, 40, flags), false),
    );
  }

  #packets(
    protocol: number,
    sourcePort: number,
    targetPort: number,
    packets: number,
    bytes: number,
    flags: number,
  ): Packets {
    return { time: this.clock.now, protocol, sourcePort, targetPort, packets, bytes, flags };
  }

  #failed(call: Call): void {
    const { client, target, port, actor, isVersion6 } = call;
    this.ledger.note(addressOf(client, isVersion6), addressOf(target, isVersion6), port, actor);
    const gateway = gatewayBetween(call);
    if (gateway) this.ledger.note(gateway.address, target.address, port, `${actor}, behind NAT`);
  }
}
