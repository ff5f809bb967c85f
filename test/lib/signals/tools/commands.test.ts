/** What is a scan among commands, and what only looks like one. */
import { describe, expect, test } from '@jest/globals';
import { matchCommand, matchImage, matchJoinedCommand } from '../../../../lib/signals/tools/index.ts';

describe('a scan', () => {
  test.each([
    ['by name', ['nmap', '-sS', '10.0.12.0/24'], 'nmap', 'name'],
    ['behind sudo and timeout', ['sudo', '-u', 'root', 'timeout', '5', 'nmap', 'web-1'], 'nmap', 'name'],
    ['in a container', ['docker', 'exec', '-it', 'web', 'nmap', '-p-', '10.0.0.9'], 'nmap', 'name'],
    ['in a pod', ['kubectl', 'exec', '-n', 'shop', 'web-0', '--', 'nmap', '10.0.0.1'], 'nmap', 'name'],
    ['of an image', ['docker', 'run', '--rm', 'instrumentisto/nmap:7.93', '-sS', '10.0.0.0/24'], 'nmap', 'name'],
    [
      'in a script of an ordinary image',
      ['docker', 'run', 'alpine', 'sh', '-c', 'apk add nmap; nmap 10.0.0.1'],
      'nmap',
      'name',
    ],
    [
      'in an ordinary image',
      ['docker', 'run', '--net', 'host', 'team/tools', 'masscan', '-p80', '10.0.0.0/8'],
      'masscan',
      'name',
    ],
    [
      'in a container of containerd',
      ['ctr', 'task', 'exec', '--exec-id', 'x', 'web', 'nmap', '10.0.0.1'],
      'nmap',
      'name',
    ],
    ['as another user', ['su', '-', 'kim', '-c', 'nmap -sS 10.0.0.1'], 'nmap', 'name'],
    ['in a terminal of its own', ['screen', '-dmS', 'x', 'nmap', '10.0.0.0/24'], 'nmap', 'name'],
    ['behind a loader', ['/lib64/ld-linux-x86-64.so.2', '/tmp/nmap', '10.0.0.1'], 'nmap', 'name'],
    ['renamed', ['.cache/kworker', '-sT', '-Pn', '-n', '-p', '1-1024', '10.0.12.30'], 'nmap', 'arguments'],
    ['renamed, two marks', ['[kworker/u8:2]', '-sT', '-p', '1-200', '10.0.12.30'], 'nmap', 'arguments'],
    [
      'copied in a script',
      ['sh', '-c', 'cp /usr/bin/nmap /tmp/k; /tmp/k -Pn -sT -p 80-90 172.17.0.2'],
      'nmap',
      'arguments',
    ],
    ['static build', ['/tmp/fscan_amd64', '-h', '10.0.0.0/24'], 'fscan', 'name'],
    ['netcat range', ['nc', '-nvz', '-w', '1', '10.0.12.30', '20-85'], 'nc', 'name'],
    ['curl range', ['curl', '-s', 'telnet://10.0.0.1:[20-60]'], 'curl', 'name'],
    ['after an installation', ['sh', '-c', 'apk add nmap && nmap -sS 10.0.0.0/24'], 'nmap', 'name'],
  ])('%s', (_, argv, tool, by) => {
    expect(matchCommand(argv)).toMatchObject({ tool, by });
  });

  test.each([
    [
      'brace range',
      'for port in {20..60}; do (2>/dev/null echo >/dev/tcp/10.0.12.30/$port) && echo $port; done',
      'bash /dev/tcp',
    ],
    [
      'counter',
      'for ((p=1;p<=1024;p++)); do timeout 1 bash -c "</dev/tcp/10.0.0.5/$p" && echo $p; done',
      'bash /dev/tcp',
    ],
    ['hosts by ping', 'for h in $(seq 1 254); do ping -c1 -W1 10.0.0.$h & done', 'ping'],
    ['xargs', 'seq 1 254 | xargs -P50 -I{} nc -zw1 10.0.0.{} 22', 'nc'],
    ['xargs and a shell', 'seq 1 1024 | xargs -P50 -I% sh -c "nc -zw1 10.0.0.1 %"', 'nc'],
    ['a variable that counts', 'p=1; while [ $p -lt 1024 ]; do nc -z -w1 10.0.0.7 $p; p=$((p+1)); done', 'nc'],
    ['a function', 'scan() { host=$1; nc -z $host $2; }; for p in 21 22 23 25 80; do scan 10.0.0.1 $p; done', 'nc'],
  ])('shell: %s', (_, script, tool) => {
    expect(matchCommand(['bash', '-c', script])).toMatchObject({ tool, by: 'script', severity: 'medium' });
    expect(matchJoinedCommand(`bash -c ${script}`)).toMatchObject({ tool });
  });

  test.each([
    ['python3', '-c', "import socket\nfor p in range(20, 85):\n s = socket.socket()\n s.connect_ex(('10.0.12.30', p))"],
    ['python3', '-c', "import socket;[p for p in range(1,1025) if socket.socket().connect_ex(('10.0.0.1',p))==0]"],
    ['python3', '-c', "def scan(p):\n return s.connect_ex(('10.0.0.9', p))\nlist(pool.map(scan, range(1, 1025)))"],
    ['python3', '-c', 'ports = [21, 22, 23, 25, 80]\nfor p in ports: s.connect_ex((host, p))'],
    ['python3', '-c', "for h in ipaddress.ip_network('10.0.0.0/24').hosts(): s.connect_ex((str(h), 22))"],
    ['python3', '-c', 'def t(p):\n s.connect((h, p))\nfor p in range(1, 99): Thread(target=t, args=(p,)).start()'],
    ['node', '-e', 'const ports=[21,22,23,25,80];ports.forEach(p=>net.connect(p,host))'],
    ['perl', '-e', 'for $p (1..1024) { IO::Socket::INET->new(PeerAddr=>"10.0.0.1",PeerPort=>$p) and print $p }'],
    ['perl', '-e', 'for (1..1024) { print if IO::Socket::INET->new(PeerAddr=>"10.0.0.1:$_",Timeout=>1) }'],
    ['ruby', '-e', '(1..1024).each { |p| TCPSocket.new("10.0.0.1", p) rescue nil }'],
    ['node', '-e', "for(let p=1;p<1025;p++){net.connect(p,'10.0.0.1',()=>console.log(p))}"],
    ['php', '-r', 'foreach (range(1,1024) as $p) { $f=@fsockopen("10.0.0.1",$p,$e,$s,1); }'],
  ])('code of %s %s %j', (...argv) => {
    expect(matchCommand(argv)).toMatchObject({ by: 'script', severity: 'medium' });
  });
});

describe('no scan', () => {
  test.each([
    [['grep', '-r', 'nmap', '/etc/services']],
    [['dpkg', '-L', 'nmap']],
    [['apt-get', 'install', '-y', 'nmap']],
    [['/bin/sh', '/usr/bin/which', 'nmap']],
    [['nmap', '-sL', '10.0.0.0/24']],
    [['nc', '-z', '-w', '2', '10.0.12.30', '5432']],
    [['nc', '-lvp', '4444']],
    [['ps', '-p', '1', '-o', 'pid,comm']],
    [['seq', '-f', 'port-%g', '1', '10']],
    [['curl', '-sS', '-O', '-A', 'agent', '10.0.0.1']],
    [['rsync', '-A', '-n', '-p', '10.0.0.1']],
    [['docker', 'run', '--name', 'nmap', 'nginx']],
    [['docker', 'run', '-d', '--name', 'nmap', 'team/web', 'serve']],
    [['su', '-', 'postgres', '-c', 'psql -c "select 1"']],
    [['sh', '-c', 'until nc -z db 5432; do sleep 1; done']],
    [['sh', '-c', 'for i in $(seq 1 30); do nc -z db 5432 && exit 0; echo try $i; sleep 1; done']],
    [['sh', '-c', 'for h in db cache mq; do until nc -z $h 5432; do sleep 1; done; done']],
    [['bash', '-c', 'for i in {1..30}; do (echo > /dev/tcp/$DB_HOST/$DB_PORT) && break; sleep 1; done']],
    [['sh', '-c', 'for h in web1 web2 web3 web4 web5 web6 web7 web8 web9 web10; do curl http://$h/healthz; done']],
    [['sh', '-c', 'while read h; do ssh $h uptime; done < hosts']],
    [['python3', '-m', 'http.server', '8099']],
    [['python3', '-c', "socket.create_connection(('10.0.12.30', 8080), 2).close()"]],
    [['python3', '-c', "for i in range(30):\n try: socket.create_connection(('db',5432),2)\n except OSError: pass"]],
    [['python3', '-c', "for h in ['web1','web2','web3','web4','web5']: socket.create_connection((h, 443))"]],
    [['python3', '-c', "def ok(h, p):\n s.connect((h, p))\nfor i in range(30):\n ok('db', 5432)"]],
    [['node', '-e', "for(let i=0;i<30;i++){net.connect(5432,'db')}"]],
    [['sudo', '-l']],
    [['timeout', '5']],
    [[]],
  ])('%j', (argv) => {
    expect(matchCommand(argv)).toBeUndefined();
  });

  test('a program that calls itself nmap', () => {
    expect(matchCommand(['nmap', '100'], '/usr/bin/sleep')).toBeUndefined();
  });

  test('a health check whose quotes were lost', () => {
    expect(matchJoinedCommand('/bin/sh -c nc -z 127.0.0.1 8080 || exit 1')).toBeUndefined();
  });
});

describe('images', () => {
  test.each([
    ['instrumentisto/nmap:7.93', 'nmap', false],
    ['localhost:5000/mirror/nmap@sha256:00', 'nmap', false],
    ['t1046', 'Atomic Red Team T1046', false],
    ['nicolaka/netshoot:latest', 'netshoot', true],
  ])('knows %s', (image, tool, isToolbox) => {
    expect(matchImage(image)).toMatchObject({ tool, isToolbox });
  });

  test.each(['registry.example.com/team/app:1.4.2', 'corp/nmapui:1', 'nmap-docs', ''])('does not know %p', (image) => {
    expect(matchImage(image)).toBeUndefined();
  });
});

test('hostile text takes no longer than its length', () => {
  const long = [
    '{'.repeat(60_000),
    '$('.repeat(30_000),
    'for a in '.repeat(6000),
    '((((('.repeat(12_000),
    '-p'.repeat(30_000),
  ];
  const start = performance.now();
  for (const text of long)
    for (const name of ['bash', 'python3', 'perl', 'nmap']) {
      matchCommand([name, '-c', text]);
      matchCommand([name, '-e', text]);
      matchJoinedCommand(text);
    }
  expect(performance.now() - start).toBeLessThan(5000);
});
