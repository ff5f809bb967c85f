/**
 * A day of hosts on which nobody scans, as records of auditd: seeded, so that every seed is another day. The commands are
 * those of package managers, cron, monitoring, Ansible, backups and nodes of clusters.
 */
import { type Random, randomOf } from '../../../bench/random.ts';
import { DAY } from './cluster-day.ts';

const HOUR = 3600;
const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const pick = <T>(random: Random, from: readonly T[]): T => from[random.whole(0, from.length - 1)]!;

/** A program that starts. Programs of one parent count together. */
interface Start {
  readonly second: number;
  readonly parent: number;
  readonly argv: readonly string[];
  readonly user?: number;
}

const start = (second: number, parent: number, argv: readonly string[], user = 0): Start => ({
  second,
  parent,
  argv,
  user,
});

/** Addresses as a VPC gives them: anywhere in the subnets. */
const addresses = (random: Random, count: number): string[] =>
  times(count).map(() => `10.0.${random.whole(0, 15)}.${random.whole(4, 254)}`);

const PARTS: Readonly<Record<string, (random: Random) => Start[]>> = {
  'updates of packages': (random) =>
    times(3).flatMap((run) => {
      const second = random.whole(0, 23 * HOUR);
      const parent = 2000 + run;
      return [
        start(second, parent, ['apt-get', 'update']),
        start(second + 4, parent, ['/usr/lib/apt/methods/http']),
        start(second + 9, parent, ['apt-get', '-y', 'install', 'nmap', 'ncat', 'masscan', 'tcpdump']),
        start(second + 12, parent, ['dpkg', '--configure', 'nmap']),
        start(second + 13, parent, ['/bin/sh', '/var/lib/dpkg/info/nmap.postinst', 'configure']),
        start(second + 14, parent, ['update-alternatives', '--install', '/bin/nc', 'nc', '/bin/nc.openbsd', '50']),
        start(second + 15, parent, ['dnf', '-q', 'check-update', 'nmap-ncat']),
        start(second + 16, parent, ['rpm', '-q', 'nmap']),
        start(second + 17, parent, ['man', 'nmap']),
      ];
    }),
  'jobs of cron': (random) =>
    times(24 * 12).flatMap((run) => {
      const second = run * 300;
      const parent = 10_000 + run;
      return [
        start(second, parent, ['/bin/sh', '-c', 'command -v debian-sa1 > /dev/null && debian-sa1 1 1']),
        start(second + 1, parent, ['/bin/sh', '-c', 'cd / && run-parts --report /etc/cron.hourly']),
        start(second + 2, parent, ['logrotate', '/etc/logrotate.conf']),
        start(second + 3, parent, [
          'curl',
          '-fsS',
          '-m',
          '10',
          '--retry',
          '5',
          `https://hc.example.com/ping/${random.whole(1, 9)}`,
        ]),
      ];
    }),
  'a monitor that pings its servers every five minutes': (random) => {
    const servers = addresses(random, 25);
    return times(24 * 12).flatMap((run) =>
      servers.map((server, index) =>
        start(run * 300 + index, 20_000 + run, ['ping', '-n', '-c', '1', '-W', '1', server], 998),
      ),
    );
  },
  'a monitor that asks the port of each exporter': (random) => {
    const servers = addresses(random, 14);
    return times(24 * 6).flatMap((run) =>
      servers.map((server, index) =>
        start(run * 600 + index, 30_000 + run, ['nc', '-z', '-w', '2', server, '9100'], 998),
      ),
    );
  },
  'plugins of a monitor, each with a parent of its own': (random) => {
    const servers = addresses(random, 60);
    return times(24 * 4).flatMap((run) =>
      servers.flatMap((server, index) => [
        start(
          run * 900 + index,
          40_000 + run * 100 + index,
          ['/usr/lib/nagios/plugins/check_tcp', '-H', server, '-p', pick(random, ['22', '80', '443'])],
          997,
        ),
        start(run * 900 + index, 50_000 + run * 100 + index, ['ping', '-n', '-U', '-W', '30', '-c', '5', server], 997),
      ]),
    );
  },
  'a script that asks the health page of every service': () =>
    times(24 * 30).flatMap((run) =>
      times(18).map((service) =>
        start(
          run * 120 + service,
          60_000 + run,
          ['curl', '-sf', '-m', '2', `http://service-${service}.internal:8080/health`],
          996,
        ),
      ),
    ),
  'checks of a server about itself': () =>
    times(24 * 60).flatMap((run) => [
      start(run * 60, 1, ['nc', '-z', '127.0.0.1', '6379']),
      start(run * 60 + 1, 1, ['nc', '-z', '127.0.0.1', '5432']),
      start(run * 60 + 2, 1, ['curl', '-s', 'http://127.0.0.1:9200/_cluster/health']),
      start(run * 60 + 3, 1, ['/bin/sh', '-c', 'curl -f http://localhost:8080/ || exit 1']),
      start(run * 60 + 4, 1, ['bash', '-c', '</dev/tcp/127.0.0.1/8081']),
    ]),
  'runs of Ansible': (random) =>
    times(6).flatMap((run) => {
      const second = random.whole(6 * HOUR, 20 * HOUR);
      const parent = 70_000 + run;
      return addresses(random, 40).flatMap((host, index) => [
        start(
          second + index,
          parent,
          [
            'ssh',
            '-C',
            '-o',
            'ControlMaster=auto',
            '-o',
            'ControlPersist=60s',
            '-o',
            'User="deploy"',
            '-o',
            'ConnectTimeout=10',
            host,
            "/bin/sh -c 'echo ~deploy && sleep 0'",
          ],
          1001,
        ),
        start(
          second + index,
          parent,
          [
            'scp',
            '-o',
            'ControlPath=/tmp/x',
            '/tmp/ansible/AnsiballZ_setup.py',
            `[${host}]:/home/deploy/.ansible/tmp/`,
          ],
          1001,
        ),
        start(
          second + index,
          80_000 + index,
          [
            '/bin/sh',
            '-c',
            '/usr/bin/python3 /home/deploy/.ansible/tmp/ansible-tmp-1/AnsiballZ_wait_for.py && sleep 0',
          ],
          1001,
        ),
        start(
          second + index,
          80_000 + index,
          ['/usr/bin/python3', '/home/deploy/.ansible/tmp/ansible-tmp-1/AnsiballZ_wait_for.py'],
          1001,
        ),
      ]);
    }),
  'a rolling restart that waits for each server': (random) =>
    addresses(random, 12).flatMap((server, index) =>
      times(8).map((attempt) =>
        start(10 * HOUR + index * 90 + attempt * 5, 90_000, ['nc', '-z', '-w', '3', server, '22'], 1001),
      ),
    ),
  backups: (random) =>
    times(4).flatMap((run) => {
      const second = run * 6 * HOUR + random.whole(0, 600);
      const parent = 91_000 + run;
      return [
        start(second, parent, [
          'restic',
          '-r',
          's3:s3.amazonaws.com/backup',
          'backup',
          '/srv',
          '--exclude-file=/etc/exclude',
        ]),
        ...addresses(random, 10).map((server, index) =>
          start(second + 5 + index, parent, [
            'rsync',
            '-a',
            '-e',
            'ssh -p 22',
            `backup@${server}:/srv/`,
            `/backup/${index}/`,
          ]),
        ),
        start(second + 30, parent, ['pg_dump', '-h', 'db.internal', '-p', '5432', '-U', 'app', 'app']),
        start(second + 31, parent, ['tar', 'czf', '/backup/etc.tgz', '/etc']),
      ];
    }),
  'agents of the cloud': (random) =>
    times(24 * 20).flatMap((run) => [
      start(run * 180, 92_000 + run, [
        'curl',
        '-s',
        '-H',
        'X-aws-ec2-metadata-token: x',
        'http://169.254.169.254/latest/meta-data/instance-id',
      ]),
      start(run * 180 + 1, 92_000 + run, [
        'curl',
        '-s',
        `http://169.254.169.254/latest/meta-data/${pick(random, ['iam/', 'placement/region'])}`,
      ]),
      start(run * 180 + 2, 92_000 + run, ['aws', 'ssm', 'get-parameters', '--names', '/app/port']),
    ]),
  'the work of a node of a cluster': (random) =>
    times(600).flatMap((run) => [
      start(run * 140, 800, ['iptables', '-w', '5', '-t', 'nat', '-S', 'KUBE-SERVICES']),
      start(run * 140 + 1, 800, [
        'nsenter',
        `--net=/proc/${random.whole(1000, 9000)}/ns/net`,
        '-F',
        '--',
        'ip',
        '-o',
        '-4',
        'addr',
        'show',
        'dev',
        'eth0',
      ]),
      start(run * 140 + 2, 800, ['conntrack', '-D', '-p', 'udp', '--dport', '53']),
      start(run * 140 + 3, 801, ['/bin/grpc_health_probe', '-addr=:50051']),
      start(run * 140 + 4, 801, ['pg_isready', '-h', '127.0.0.1']),
    ]),
  'administrators at a terminal': (random) =>
    times(40).map((errand) =>
      start(
        random.whole(8 * HOUR, 18 * HOUR),
        93_000 + (errand % 3),
        pick(random, [
          ['ping', '-c', '4', '10.0.3.4'],
          ['telnet', 'db.internal', '5432'],
          ['nc', '-zv', 'cache.internal', '6379'],
          ['openssl', 's_client', '-connect', 'shop.example.com:443', '-servername', 'shop.example.com'],
          ['traceroute', '-n', '10.0.9.9'],
          ['mtr', '-rw', 'api.example.com'],
          ['dig', '+short', 'db.internal'],
          ['grep', '-r', 'nmap', '/var/log'],
          ['ps', '-sT'],
          ['ss', '-tulpn'],
          ['nmap', '-V'],
          ['ssh', '-p', '2222', 'bastion.example.com'],
          ['curl', '-v', 'telnet://db.internal:5432'],
        ]),
        1000 + (errand % 3),
      ),
    ),
};

/** The names of what makes up a day. */
export const HOST_PARTS: readonly string[] = Object.keys(PARTS);

/** Lines of auditd for one part of the day of a seed. */
export function hostPart(part: string, seed: string): string[] {
  const starts = PARTS[part]!(randomOf(`${seed} ${part}`)).sort((a, b) => a.second - b.second);
  return starts.flatMap(linesOf);
}

/** The lines of a whole day of a seed, in the order of their events. */
export function hostDay(seed: string): string[] {
  const starts = HOST_PARTS.flatMap((part) => PARTS[part]!(randomOf(`${seed} ${part}`)));
  return starts.sort((a, b) => a.second - b.second).flatMap(linesOf);
}

/** Somebody runs a scanner on the host. */
export const plantedTool = (second: number): string[] =>
  linesOf(start(second, 94_000, ['nmap', '-sS', '-p-', '10.0.12.0/24']), 9_000_000);

/** The records of one event, as auditd writes them. */
function linesOf({ second, parent, argv, user = 0 }: Start, serial: number): string[] {
  const head = `msg=audit(${DAY / 1000 + second}.${String(serial % 1000).padStart(3, '0')}:${serial + 100})`;
  const program = argv[0]!.startsWith('/') ? argv[0]! : `/usr/bin/${argv[0]}`;
  return [
    `type=SYSCALL ${head}: arch=c000003e syscall=59 success=yes exit=0 a0=55 a1=55 a2=55 a3=8 items=2 ppid=${parent} pid=${100_000 + serial} auid=${user || 4294967295} uid=${user} gid=${user} euid=${user} tty=(none) ses=${user ? 3 : 4294967295} comm=${quoted(argv[0]!.split('/').at(-1)!.slice(0, 15))} exe=${quoted(program)} key="exec"`,
    `type=EXECVE ${head}: argc=${argv.length} ${argv.map((word, at) => `a${at}=${quoted(word)}`).join(' ')}`,
    `type=PROCTITLE ${head}: proctitle=${Buffer.from(argv.join('\0')).toString('hex').toUpperCase().slice(0, 256)}`,
  ];
}

/** Text in quotes, or hex if it has a blank, a quote or a byte beyond ASCII. */
const quoted = (word: string): string =>
  /^[!#-~]+$/.test(word) ? `"${word}"` : Buffer.from(word).toString('hex').toUpperCase();
