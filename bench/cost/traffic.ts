/** A day of a mid-sized account as flow log files: ordinary traffic, the internet's noise, and a few scans in it. */
import { gzipSync } from 'node:zlib';

/**
 * The resources of the account and their numbers. `repeats` scales the records of ordinary traffic, not its contacts.
 */
export interface Workload {
  /** Interfaces, spread evenly over the flow logs. A fifth of them can be reached from outside. */
  readonly interfaces: number;
  /** Flow logs, one for each VPC: each delivers a file a round. */
  readonly flowLogs: number;
  /** Deliveries of five minutes each. A day has 288. */
  readonly rounds: number;
  /** Distinct outside sources a day with one to three rejected contacts each. */
  readonly noiseADay: number;
  /** Distinct outside clients a day that use what is public. */
  readonly clientsADay: number;
  /** Distinct contacts that an interface makes in five minutes. */
  readonly contacts: number;
  /** Records of each half of an ordinary contact in a file. */
  readonly repeats: number;
  /** One interface in so many has a failure in each file: a stale configuration with some hosts, which take turns. */
  readonly stale: { readonly oneIn: number; readonly hosts: number };
}

/** A scan that is in the traffic and must be found. */
export interface Scan {
  readonly name: string;
  readonly source: string;
  /** Rounds that are enough to find it, including those that settling takes. */
  readonly rounds: number;
}

export const ROUND_SECONDS = 300;
/** Midnight, when the day begins. */
export const START = Date.UTC(2026, 10, 21) / 1000;
const ROUNDS_A_DAY = 288;
const SYN = 2;
const [SYN_FIN, SYN_ACK_FIN] = [3, 19];
const COLUMNS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path';
/** The ports of most background noise. The rest tries any port. */
const POPULAR = [23, 22, 445, 3389, 80, 443, 8080, 2323, 5555, 1433, 6379, 3306, 8443, 81, 5900, 9200];
const SYN_SIZES = [40, 44, 52, 60];
const PUBLIC = 5;

/** The scans, none of which the rest of the traffic contains. */
export const SCANS: readonly Scan[] = [
  { name: 'fast, from inside: 400 ports of a host in a minute', source: '10.0.0.44', rounds: 4 },
  { name: 'fast, from outside: 1,000 ports of a host in five minutes', source: '198.51.100.20', rounds: 6 },
  { name: 'slow, from inside: a probe in five minutes', source: '10.0.0.43', rounds: 30 },
  { name: 'slow, from outside, in the noise: a probe in twenty minutes', source: '198.51.100.77', rounds: 165 },
];

/** A file of one delivery. */
export interface LogFile {
  readonly key: string;
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly records: number;
}

/** A bijection of 32 bits (murmur3's finish): distinct numbers stay distinct. */
function mix(n: number): number {
  let h = n | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const dotted = (n: number): string => `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
/** Leaves out what is private, special, or where the scans come from. */
const isOrdinary = (address: number): boolean => {
  const first = address >>> 24;
  return first > 0 && first < 224 && ![10, 100, 127, 169, 172, 192, 198, 203].includes(first);
};

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly packets: number;
  readonly size: number;
  readonly at: number;
  readonly seconds: number;
  readonly flags: number;
  readonly isRejected?: boolean;
  /** The interface that logs it. Default: the target's. */
  readonly isEgress?: boolean;
}

/** Makes the files of one round after the other. */
export class Traffic {
  readonly #of: Workload;
  #nextNoise = 1;
  #nextClient = 1;

  constructor(workload: Workload) {
    this.#of = workload;
  }

  /** The files of the next round. Call with 0, 1, 2 ... */
  round(round: number): LogFile[] {
    const lines: string[][] = Array.from({ length: this.#of.flowLogs }, () => [COLUMNS]);
    const emit = (flow: Flow) => {
      const own = flow.isEgress ? flow.from : flow.to;
      lines[Number(own.split('.')[1]) % this.#of.flowLogs]!.push(lineOf(flow, own));
    };
    this.#ordinary(round, emit);
    this.#clients(round, emit);
    this.#noise(round, emit);
    scans(round, emit);
    return lines.map((all, log) => {
      const text = Buffer.from(`${all.join('\n')}\n`);
      const stamp = new Date((START + round * ROUND_SECONDS) * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
      const key = `AWSLogs/123456789012/vpcflowlogs/eu-central-1/123456789012_vpcflowlogs_eu-central-1_fl-0${log}_${stamp}_${log}.log.gz`;
      return { key, body: gzipSync(text, { level: 1 }), bytes: text.length, records: all.length - 1 };
    });
  }

  /** Addresses are 10.<flow log>.x.y. */
  #host(n: number): string {
    const { flowLogs } = this.#of;
    const within = Math.floor(n / flowLogs);
    return `10.${n % flowLogs}.${within >> 8}.${(within & 255) + 1}`;
  }

  #publicHost(random: number): string {
    return this.#host((random % Math.ceil(this.#of.interfaces / PUBLIC)) * PUBLIC);
  }

  #ordinary(round: number, emit: (flow: Flow) => void): void {
    const { interfaces, contacts, stale } = this.#of;
    for (let host = 0; host < interfaces; host++) {
      const from = this.#host(host);
      for (let n = 0; n < contacts; n++) {
        // Two and a half times as many contacts take turns. A third of them are with outside services.
        const which = mix(host * 4096 + n * 64 + (round % 5)) % Math.ceil(contacts * 2.5);
        const random = mix(host * 8192 + which);
        const isOutside = which % 3 === 0;
        const to = isOutside ? `52.${random & 15}.${(random >>> 4) & 15}.9` : this.#host(random % interfaces);
        if (to !== from) this.#talk(round, { from, to, port: isOutside ? 443 : 5432 + (which % 7), random }, emit);
      }
      if (host % stale.oneIn) continue;
      const gone = (2 * interfaces - 1 - host - (round % stale.hosts)) % interfaces;
      emit(syn(from, this.#host(gone), 9999, round, mix(host)));
    }
    // Each VPC has a monitor, which asks every host.
    for (let log = 0; log < this.#of.flowLogs; log++)
      for (let host = log; host < interfaces; host += this.#of.flowLogs)
        this.#talk(round, { from: `10.${log}.200.1`, to: this.#host(host), port: 9100, random: mix(host) | 1 }, emit);
  }

  #clients(round: number, emit: (flow: Flow) => void): void {
    for (const last = this.#share(this.#of.clientsADay, round); this.#nextClient <= last; this.#nextClient++) {
      const random = mix(this.#nextClient ^ 0x5bd1e995);
      if (!isOrdinary(random)) continue;
      const contact = { from: dotted(random), to: this.#publicHost(mix(random)), port: 443, random };
      this.#talk(round, contact, emit, 'target');
    }
  }

  #noise(round: number, emit: (flow: Flow) => void): void {
    for (const last = this.#share(this.#of.noiseADay, round); this.#nextNoise <= last; this.#nextNoise++) {
      let source = mix(this.#nextNoise);
      // Numbers that are not internet addresses are replaced. One pair in a thousand then shares an address.
      while (!isOrdinary(source)) source = mix(source + 1);
      const random = mix(source ^ 0x2545f491);
      for (let n = 0; n <= random % 3; n++) {
        const own = mix(random + n);
        const port = own % 10 < 6 ? POPULAR[mix(own) % POPULAR.length]! : 1 + (mix(own) % 65_535);
        emit({
          ...syn(dotted(source), this.#publicHost(own), port, round, own),
          fromPort: 1024 + (mix(random) % 64_000),
        });
      }
    }
  }

  #share(aDay: number, round: number): number {
    return Math.round((aDay * (round + 1)) / ROUNDS_A_DAY);
  }

  /** A conversation as its halves, some longer than others. */
  #talk(
    round: number,
    { from, to, port, random }: { from: string; to: string; port: number; random: number },
    emit: (flow: Flow) => void,
    seenBy: 'source' | 'target' = 'source',
  ): void {
    for (let n = 0; n < this.#of.repeats; n++) {
      const at = START + round * ROUND_SECONDS + (mix(random + round * 16 + n) % (ROUND_SECONDS - 62));
      const flow = {
        packets: random & 1 ? 12 : 6,
        size: 220,
        at,
        seconds: mix(at) % 60,
        fromPort: 32_768 + (mix(random + round + n * 7919) % 28_000),
        toPort: port,
      };
      emit({ ...flow, from, to, flags: SYN_FIN, isEgress: seenBy === 'source' });
      emit({
        ...flow,
        from: to,
        to: from,
        fromPort: port,
        toPort: flow.fromPort,
        flags: SYN_ACK_FIN,
        isEgress: seenBy === 'target',
      });
    }
  }
}

/** A rejected SYN in a round. */
function syn(from: string, to: string, port: number, round: number, random: number): Flow {
  const at = START + round * ROUND_SECONDS + (mix(random + round) % (ROUND_SECONDS - 62));
  return {
    from,
    to,
    fromPort: 1024 + (mix(random) % 64_000),
    toPort: port,
    packets: 1 + (random % 3),
    size: SYN_SIZES[random & 3]!,
    at,
    seconds: mix(at + random) % 60,
    flags: SYN,
    isRejected: true,
  };
}

const FAST_INSIDE_ROUND = 1;
const FAST_OUTSIDE_ROUND = 2;
const SLOW_OUTSIDE_EVERY = 4;

function scans(round: number, emit: (flow: Flow) => void): void {
  const [fastInside, fastOutside, slowInside, slowOutside] = SCANS.map(({ source }) => source) as [
    string,
    string,
    string,
    string,
  ];
  const probe = (from: string, to: string, port: number, second: number) =>
    emit({
      ...syn(from, to, port, round, port),
      fromPort: 50_000,
      at: START + round * ROUND_SECONDS + second,
      seconds: 0,
    });
  if (round === FAST_INSIDE_ROUND)
    for (let n = 0; n < 400; n++) probe(fastInside, '10.0.0.7', 1 + n, 10 + Math.floor(n / 7));
  if (round === FAST_OUTSIDE_ROUND)
    for (let n = 0; n < 1000; n++) probe(fastOutside, '10.0.0.6', 1 + n, Math.floor(n / 4));
  probe(slowInside, `10.0.1.${1 + (round % 40)}`, 3000 + Math.floor(round / 40), 100);
  if (round % SLOW_OUTSIDE_EVERY === 0) probe(slowOutside, `10.0.0.${1 + ((round / 4) % 30) * 5}`, 6379, 200);
}

function lineOf(flow: Flow, own: string): string {
  const { from, to, packets, at } = flow;
  const holder = own.replaceAll('.', '-');
  return `5 123456789012 eni-0${holder} ${from} ${to} ${flow.fromPort} ${flow.toPort} 6 ${packets} ${packets * flow.size} ${at} ${at + flow.seconds} ${flow.isRejected ? 'REJECT' : 'ACCEPT'} OK vpc-0${own.split('.')[1]} subnet-0${own.split('.')[2]} i-0${holder} ${flow.flags} IPv4 ${from} ${to} eu-central-1 euc1-az1 - - - - ${flow.isEgress ? 'egress' : 'ingress'} ${flow.isEgress ? 8 : '-'}`;
}
