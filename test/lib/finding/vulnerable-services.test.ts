/** Which vulnerable services a scan is about, and that the table of them is well formed. */
import { describe, expect, test } from '@jest/globals';
import { FREQUENT_TCP } from '../../../lib/finding/frequent-ports.ts';
import { VULNERABLE_SERVICES, vulnerableServicesOf } from '../../../lib/finding/vulnerable-services.ts';

type Contact = Parameters<typeof vulnerableServicesOf>[0][number];

const times = (count: number, port: number, protocol = 6): Contact[] => Array(count).fill({ port, protocol });
const tcp = (...ports: number[]): Contact[] => ports.flatMap((port) => times(20, port));
const udp = (...ports: number[]): Contact[] => ports.flatMap((port) => times(20, port, 17));
const namesOf = (contacts: readonly Contact[]) => vulnerableServicesOf(contacts).map(({ name }) => name);

/** TCP ports that name a service by themselves. */
const vulnerable = VULNERABLE_SERVICES.filter(({ atLeast }) => atLeast === undefined)
  .flatMap(({ ports }) => ports)
  .filter((port) => port.startsWith('tcp'))
  .map((port) => Number(port.slice(4)));

describe('the table', () => {
  test('names each service once', () => {
    const names = VULNERABLE_SERVICES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(VULNERABLE_SERVICES)(
    'says of $name which ports, why, and by whom',
    ({ ports, atLeast = 1, why, sources }) => {
      expect(ports.length).toBeGreaterThanOrEqual(atLeast);
      expect(new Set(ports).size).toBe(ports.length);
      for (const port of ports) {
        expect(port).toMatch(/^(tcp|udp)\/[1-9]\d{0,4}$/);
        expect(Number(port.slice(4))).toBeLessThan(65_536);
      }
      expect(why.length).toBeGreaterThan(10);
      expect(sources.length).toBeGreaterThan(0);
      const NUMBER =
        /^CVE-\d{4}-\d{4,7}$|^Microsoft MS\d\d-\d{3}$|^US-CERT TA\d\d-\d{3}A\b|^CISA (AA\d\d-\d{3}A|ED \d\d-\d\d)$|^ATT&CK [TGS]\d{4}/;
      const TITLE =
        /^(Shadowserver Foundation|NSA and CISA|Atomic Red Team T1046), |^FBI and CISA Joint Cybersecurity Advisory of /;
      for (const source of sources) expect(NUMBER.test(source) || TITLE.test(source)).toBe(true);
    },
  );

  test('has each service found by a sweep for it alone', () => {
    for (const service of VULNERABLE_SERVICES) {
      const sweep = service.ports.flatMap((port) => times(20, Number(port.slice(4)), port.startsWith('tcp') ? 6 : 17));
      expect(vulnerableServicesOf(sweep)).toContain(service);
    }
  });
});

describe('a scan is about', () => {
  test.each<[string, Contact[], string[]]>([
    ['SMB, and so MS17-010', tcp(445), ['SMB and NetBIOS']],
    [
      'the print spooler, where it asks for RPC as well',
      tcp(135, 445),
      ['SMB and NetBIOS', 'Windows print spooler', 'Windows RPC'],
    ],
    ['SMB, with NetBIOS names on the side', [...tcp(445), ...times(12, 137, 17)], ['SMB and NetBIOS']],
    ['BlueKeep', tcp(3389), ['Remote Desktop']],
    ['consoles on web ports', tcp(80, 443, 8080, 8443), ['Web administration consoles']],
    ['several services', tcp(2375, 6379, 9200), ['Docker API', 'Redis', 'Elasticsearch']],
    ['telnet as bots know it', tcp(23, 2323), ['Telnet']],
    ['memcached by either protocol', [...tcp(11_211), ...udp(11_211)], ['Memcached']],
    ['NTP servers', udp(123), ['NTP']],
    ['a service, among a few contacts with others', [...times(80, 445), ...times(20, 22)], ['SMB and NetBIOS']],
    [
      'a service, after a look for hosts with ping, 443 and 80',
      [...times(200, 0, 1), ...times(180, 443), ...times(180, 80), ...times(20, 445)],
      ['SMB and NetBIOS'],
    ],
  ])('%s', (_, contacts, names) => {
    expect(namesOf(contacts)).toEqual(names);
  });

  test('as many as twenty ports of vulnerable services', () => {
    expect(namesOf(tcp(...vulnerable.slice(0, 20)))).not.toEqual([]);
  });
});

describe('a scan is about none in particular', () => {
  test.each<[string, Contact[]]>([
    ['of the ordinary web ports', tcp(80, 443)],
    ['of one alternative web port', tcp(8080)],
    ['of ssh', tcp(22)],
    ['of the most frequent hundred ports', [...FREQUENT_TCP].flatMap((port) => times(1, port))],
    ['of ports 1 to 1024', Array.from({ length: 1024 }, (_, n) => ({ port: n + 1, protocol: 6 }))],
    ['of 21 ports, though each is vulnerable', tcp(...vulnerable.slice(0, 21))],
    ['of a vulnerable port among others', [...times(79, 445), ...times(21, 22)]],
    ['of the port of the same number in the other protocol', udp(445)],
    ['of the web ports, without a look for hosts, and one more', [...tcp(80, 443), ...times(20, 445)]],
    ['of hosts, by ping, 443 and 80', [...times(200, 0, 1), ...times(180, 443), ...times(180, 80)]],
    ['of hosts, by ping', times(200, 0, 1)],
    ['of nothing', []],
  ])('%s', (_, contacts) => {
    expect(namesOf(contacts)).toEqual([]);
  });
});
