/**
 * The log of `selftest`: for each kind of finding that rests on flow logs, one scan between addresses that are reserved
 * for documentation (RFC 5737), in the account of twelve zeros.
 */
import { gzipSync } from 'node:zlib';
import { SELFTEST_ACCOUNT, SELFTEST_VPC } from '../../lib/flowlog/selftest-key.ts';

/** One scan of the log. */
export interface LabelledScan {
  readonly kind: string;
  /** Address of the source, or of one of them. */
  readonly source: string;
  /** Whether many sources divide the work. Its finding has no source. */
  readonly isCampaign: boolean;
}

const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction interface-type';
const SYN = 2;
const SYN_ACK_FIN = 19;
const SYN_FIN = 3;
const [SOURCES, TARGETS] = ['198.51.100', '203.0.113'];

interface Contact {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly isOpen?: boolean;
}

const upTo = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** The scans with their contacts. */
function scans(): readonly (LabelledScan & { readonly contacts: readonly Contact[] })[] {
  const single = (kind: string, host: number, contacts: readonly Omit<Contact, 'from'>[]) => {
    const source = `${SOURCES}.${host}`;
    return { kind, source, isCampaign: false, contacts: contacts.map((contact) => ({ ...contact, from: source })) };
  };
  return [
    single(
      'vertical-scan',
      10,
      upTo(60, (n) => ({ to: `${TARGETS}.10`, port: 20 + n })),
    ),
    single(
      'horizontal-scan',
      20,
      upTo(60, (n) => ({ to: `${TARGETS}.${20 + n}`, port: 8081 })),
    ),
    single(
      'block-scan',
      30,
      upTo(96, (n) => ({ to: `${TARGETS}.${100 + (n % 12)}`, port: 9000 + Math.floor(n / 12) })),
    ),
    single(
      'open-port-sweep',
      40,
      upTo(100, (n) => ({ to: `${TARGETS}.${120 + n}`, port: 443, isOpen: true })),
    ),
    single(
      'remote-access-sweep',
      50,
      upTo(9, (n) => ({ to: `${TARGETS}.${230 + Math.floor(n / 3)}`, port: [22, 445, 3389][n % 3]! })),
    ),
    {
      kind: 'distributed-scan',
      source: `${SOURCES}.100`,
      isCampaign: true,
      contacts: upTo(240, (n) => ({ from: `${SOURCES}.${100 + (n % 40)}`, to: `${TARGETS}.240`, port: 10_000 + n })),
    },
  ];
}

/** The scans of the log, to be waited for. */
export const SCANS: readonly LabelledScan[] = scans().map(({ kind, source, isCampaign }) => ({
  kind,
  source,
  isCampaign,
}));

/**
 * Seconds between the scans and the last record. It shows that what was tried once was not tried again, without which an
 * open port is no touch.
 */
const AFTERWARDS = 1200;

/** Old enough that a run of settle judges all of it at once, whether logs arrive or not. */
const AGE = 5400;

/** The file of a test at a second with some of the {@link SCANS}, compressed as AWS delivers it. */
export function selftestLog(region: string, now: number, wanted: readonly LabelledScan[]): Uint8Array {
  const end = now - AGE;
  const kinds = new Set(wanted.map(({ kind }) => kind));
  const chosen = scans().filter(({ kind }) => kinds.has(kind));
  const lines = chosen.flatMap(({ contacts }) =>
    contacts.flatMap((contact, n) => linesOf(contact, end - AFTERWARDS - contacts.length / 8 + n / 8, region, n)),
  );
  const bystander = { from: `${SOURCES}.250`, to: `${TARGETS}.250`, port: 5432, isOpen: true };
  lines.push(...linesOf(bystander, end, region, 0));
  return gzipSync(`${HEADER}\n${lines.join('\n')}\n`);
}

function linesOf({ from, to, port, isOpen }: Contact, time: number, region: string, n: number): string[] {
  const second = Math.floor(time);
  const line = (
    source: string,
    target: string,
    ports: string,
    flags: number,
    action: string,
    direction: string,
    packets: number,
    bytes: number,
  ) => {
    const holder = direction === 'ingress' ? target : source;
    const name = holder.replaceAll('.', '');
    return `5 ${SELFTEST_ACCOUNT} eni-${name} ${source} ${target} ${ports} 6 ${packets} ${bytes} ${second - 1} ${second} ${action} OK ${SELFTEST_VPC} subnet-5e1f7e57 - ${flags} ${source} ${target} ${region} ${direction} -`;
  };
  const own = 40_000 + (n % 20_000);
  if (!isOpen) return [line(from, to, `${own} ${port}`, SYN, 'REJECT', 'ingress', 1, 44)];
  return [
    line(from, to, `${own} ${port}`, SYN_FIN, 'ACCEPT', 'ingress', 4, 172),
    line(to, from, `${port} ${own}`, SYN_ACK_FIN, 'ACCEPT', 'egress', 3, 132),
  ];
}
