/** Services that are scanned for because of a known vulnerability. Scans for them are ATT&CK T1595.002. */
import type { FirstContact } from '../scan/first-contact.ts';

/** A port with its protocol as scanners write it, such as `tcp/445`. */
type ServicePort = `${'tcp' | 'udp'}/${number}`;

/** A service that is known to be vulnerable, or widely exploited where it is exposed. */
export interface VulnerableService {
  readonly name: string;
  readonly ports: readonly ServicePort[];
  /**
   * How many of the ports a scan must try to be about the service, if a single port may mean something else. Default:
   * 1.
   */
  readonly atLeast?: number;
  readonly why: string;
  /** Advisories by their publisher's number, CVE entries, ATT&CK objects. */
  readonly sources: readonly string[];
}

const UDP_AMPLIFICATION = 'US-CERT TA14-017A, UDP-Based Amplification Attacks';
const KUBERNETES_HARDENING = 'NSA and CISA, Kubernetes Hardening Guidance';

/** In the order in which a finding names them. */
export const VULNERABLE_SERVICES: readonly VulnerableService[] = [
  {
    name: 'SMB and NetBIOS',
    // Scripts that test SMB also ask for the NetBIOS name.
    ports: ['tcp/445', 'tcp/139', 'udp/137'],
    why: 'EternalBlue, used by WannaCry and NotPetya, and SMBGhost',
    sources: ['Microsoft MS17-010', 'CVE-2017-0144', 'CVE-2020-0796', 'US-CERT TA17-132A'],
  },
  {
    name: 'Remote Desktop',
    ports: ['tcp/3389'],
    why: 'BlueKeep runs code before any login',
    sources: ['CVE-2019-0708', 'CISA AA19-168A'],
  },
  {
    name: 'Windows print spooler',
    ports: ['tcp/135', 'tcp/445'],
    atLeast: 2,
    why: 'PrintNightmare runs code as SYSTEM through RPC on both ports',
    sources: ['CVE-2021-34527', 'CISA ED 21-04'],
  },
  {
    name: 'Windows RPC',
    ports: ['tcp/135'],
    why: 'remote code execution in the endpoint mapper, used by Blaster',
    sources: ['Microsoft MS03-026', 'CVE-2003-0352'],
  },
  {
    name: 'WinRM and OMI',
    ports: ['tcp/5985', 'tcp/5986', 'tcp/1270'],
    why: 'OMIGOD runs a request without credentials as root, and WinRM accepts stolen credentials for lateral movement',
    sources: ['CVE-2021-38647', 'ATT&CK T1021.006'],
  },
  {
    name: 'Microsoft SQL Server browser',
    ports: ['udp/1434'],
    why: 'buffer overflow by a single datagram, used by Slammer',
    sources: ['Microsoft MS02-039', 'CVE-2002-0649'],
  },
  {
    name: 'Telnet',
    ports: ['tcp/23', 'tcp/2323'],
    why: 'default passwords, tried by Mirai and its descendants',
    sources: ['US-CERT TA16-288A'],
  },
  {
    name: 'Android Debug Bridge',
    ports: ['tcp/5555'],
    why: 'a shell without authentication, used by ADB.Miner',
    sources: ['Shadowserver Foundation, Accessible ADB Report'],
  },
  {
    name: 'Huawei HG532 UPnP',
    ports: ['tcp/37215'],
    why: 'command injection, used by Satori',
    sources: ['CVE-2017-17215'],
  },
  {
    name: 'Realtek SDK UPnP',
    ports: ['tcp/52869'],
    why: 'command injection by SOAP, used by descendants of Mirai',
    sources: ['CVE-2014-8361'],
  },
  {
    name: 'CPE WAN management (TR-069)',
    ports: ['tcp/7547'],
    why: 'command injection in routers, used by Mirai in November 2016',
    sources: ['CVE-2016-10372'],
  },
  {
    name: 'Netis router backdoor',
    ports: ['udp/53413'],
    why: 'a backdoor with one password for all devices',
    sources: ['Shadowserver Foundation, Vulnerable Netis Router Scanning Project'],
  },
  {
    name: 'MikroTik Winbox',
    ports: ['tcp/8291'],
    why: 'an attacker can read any file, such as the user database',
    sources: ['CVE-2018-14847'],
  },
  {
    name: 'Cisco Smart Install',
    ports: ['tcp/4786'],
    why: 'accepts configurations and code from anyone',
    sources: ['CVE-2018-0171', 'US-CERT TA18-106A'],
  },
  {
    name: 'Fortinet SSL VPN',
    ports: ['tcp/4443', 'tcp/10443'],
    why: 'an attacker can read the file with session passwords',
    sources: ['CVE-2018-13379', 'FBI and CISA Joint Cybersecurity Advisory of 2 April 2021'],
  },
  {
    name: 'Zyxel IKE',
    ports: ['udp/500'],
    why: 'command injection by one packet',
    sources: ['CVE-2023-28771'],
  },
  {
    name: 'VNC',
    ports: ['tcp/5900', 'tcp/5901'],
    why: 'desktops without a password, and an authentication bypass',
    sources: ['CVE-2006-2369', 'Shadowserver Foundation, Accessible VNC Report'],
  },
  {
    name: 'IPMI',
    ports: ['udp/623'],
    why: 'reveals password hashes before authentication',
    sources: ['CVE-2013-4786', 'US-CERT TA13-207A'],
  },
  {
    name: 'VMware ESXi OpenSLP',
    ports: ['tcp/427', 'udp/427'],
    why: 'heap overflow, used by ESXiArgs',
    sources: ['CVE-2021-21974', 'CISA AA23-039A'],
  },
  {
    name: 'Unitronics PLC',
    ports: ['tcp/20256'],
    why: 'controllers with a default password or no password',
    sources: ['CVE-2023-6448', 'CISA AA23-335A'],
  },
  {
    name: 'Docker API',
    ports: ['tcp/2375', 'tcp/2376'],
    why: 'anyone who reaches it can start a container as root',
    sources: ['ATT&CK T1610', 'ATT&CK G0139 (TeamTNT)'],
  },
  {
    name: 'Kubelet',
    ports: ['tcp/10250', 'tcp/10255'],
    why: 'runs commands in pods if anonymous access is enabled',
    sources: ['ATT&CK S0601 (Hildegard)', KUBERNETES_HARDENING],
  },
  {
    name: 'Kubernetes API',
    ports: ['tcp/6443'],
    why: 'a proxied request keeps the privileges of the API server',
    sources: ['CVE-2018-1002105', KUBERNETES_HARDENING],
  },
  {
    name: 'etcd',
    ports: ['tcp/2379', 'tcp/2380'],
    why: 'holds every secret of a cluster, and has no password by default',
    sources: [KUBERNETES_HARDENING],
  },
  {
    name: 'Redis',
    ports: ['tcp/6379'],
    why: 'no password by default, and a Lua sandbox escape on Debian',
    sources: ['CVE-2022-0543'],
  },
  {
    name: 'MongoDB',
    ports: ['tcp/27017'],
    why: 'databases without a password, held to ransom since 2017',
    sources: ['Shadowserver Foundation, Open MongoDB Report'],
  },
  {
    name: 'Elasticsearch',
    ports: ['tcp/9200'],
    why: 'runs code from a search request',
    sources: ['CVE-2015-1427'],
  },
  {
    name: 'CouchDB',
    ports: ['tcp/5984'],
    why: 'anyone can become its administrator',
    sources: ['CVE-2017-12635'],
  },
  {
    name: 'Memcached',
    ports: ['udp/11211', 'tcp/11211'],
    why: 'the largest amplification known, and no password',
    sources: ['CVE-2018-1000115', UDP_AMPLIFICATION],
  },
  {
    name: 'rsync',
    ports: ['tcp/873'],
    why: 'an anonymous client can overflow the heap of the daemon',
    sources: ['CVE-2024-12084'],
  },
  {
    name: 'SaltStack',
    ports: ['tcp/4505', 'tcp/4506'],
    why: 'runs commands on every minion without authentication',
    sources: ['CVE-2020-11651'],
  },
  {
    name: 'Oracle WebLogic',
    ports: ['tcp/7001', 'tcp/7002'],
    why: 'code execution through the console and by deserialization',
    sources: ['CVE-2020-14882', 'CVE-2019-2725'],
  },
  {
    name: 'Apache Tomcat AJP',
    ports: ['tcp/8009'],
    why: 'Ghostcat reads files of the web application',
    sources: ['CVE-2020-1938'],
  },
  {
    name: 'Apache ActiveMQ',
    ports: ['tcp/61616'],
    why: 'code execution by deserialization',
    sources: ['CVE-2023-46604'],
  },
  {
    name: 'PaperCut',
    ports: ['tcp/9191', 'tcp/9192'],
    why: 'code execution as SYSTEM without a login',
    sources: ['CVE-2023-27350', 'CISA AA23-131A'],
  },
  {
    name: 'CUPS',
    ports: ['udp/631'],
    why: 'accepts a printer from anyone and runs its commands',
    sources: ['CVE-2024-47176'],
  },
  {
    name: 'Web administration consoles',
    ports: ['tcp/80', 'tcp/443', 'tcp/8080', 'tcp/8443', 'tcp/8000', 'tcp/8888'],
    // 80 and 443 are common everywhere. Tomcat, JBoss, Jenkins and the like listen on the other ports.
    atLeast: 3,
    why: 'consoles with default passwords or known vulnerabilities',
    sources: ['CVE-2010-0738', 'CVE-2017-12615', 'Atomic Red Team T1046, WinPwn - fruit'],
  },
  {
    name: 'SNMP',
    ports: ['udp/161'],
    why: 'default community strings, and code execution in Cisco IOS',
    sources: ['US-CERT TA17-156A', 'CVE-2017-6736'],
  },
  {
    name: 'NTP',
    ports: ['udp/123'],
    why: 'amplification by monlist',
    sources: ['CVE-2013-5211', 'US-CERT TA14-013A'],
  },
  {
    name: 'Connectionless LDAP',
    ports: ['udp/389'],
    why: 'amplification by domain controllers',
    sources: [UDP_AMPLIFICATION],
  },
  {
    name: 'UDP reflectors',
    ports: ['udp/17', 'udp/19', 'udp/69', 'udp/111', 'udp/520', 'udp/1900', 'udp/5353'],
    why: 'QOTD, CharGEN, TFTP, portmap, RIPv1, SSDP and mDNS send large answers to a spoofed sender',
    sources: [UDP_AMPLIFICATION],
  },
];

const TCP = 6;
const UDP = 17;
const ICMP = 1;
/** A scan of more ports than this is not about any of them in particular. */
const MOST_PORTS = 20;
/** Share of the contacts that must be with a service of the table. */
const MOST = 0.8;
/** TCP ports that nmap tries, in addition to pings, to find out whether a host exists. */
const HOST_DISCOVERY: ReadonlySet<string> = new Set(['tcp/80', 'tcp/443']);

type Contact = Pick<FirstContact, 'port' | 'protocol'>;

/**
 * The vulnerable services that a scan is about. Empty if it is about ports at large, or about other services as well.
 */
export function vulnerableServicesOf(contacts: readonly Contact[]): readonly VulnerableService[] {
  const all = contacts.map(servicePort).filter((port) => port !== undefined);
  const tried = new Set<string>(all);
  if (tried.size > MOST_PORTS) return [];
  const services = VULNERABLE_SERVICES.filter(
    ({ ports, atLeast = 1 }) => ports.filter((port) => tried.has(port)).length >= atLeast,
  );
  const known = new Set<string>(services.flatMap(({ ports }) => ports));
  const looksForHosts = contacts.some(({ protocol }) => protocol === ICMP);
  const probes = all.filter((port) => known.has(port) || !(looksForHosts && HOST_DISCOVERY.has(port)));
  return probes.filter((port) => known.has(port)).length >= MOST * probes.length ? services : [];
}

function servicePort({ port, protocol }: Contact): ServicePort | undefined {
  if (protocol === TCP) return `tcp/${port}`;
  return protocol === UDP ? `udp/${port}` : undefined;
}
