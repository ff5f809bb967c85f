/** Every format of host logs, built from its documentation where no capture is free to use. */
import { describe, expect, test } from '@jest/globals';
import { HostLogReader } from '../../../../lib/signals/host/index.ts';
import type { Signal } from '../../../../lib/signals/signal.ts';

function read(text: string | readonly unknown[], source = 'host.log'): { signals: Signal[]; reader: HostLogReader } {
  const lines =
    typeof text === 'string'
      ? text.split('\n')
      : text.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const reader = new HostLogReader(source);
  const signals = lines.flatMap((line) => [...reader.read(line)]);
  signals.push(...reader.finish());
  return { signals, reader };
}

const SCAN = 'nmap -sS -p 1-1024 10.0.12.30';
const AT = Date.parse('2026-11-14T10:00:00.123Z');

const laurel = (argv: readonly string[]) => ({
  ID: '1794650400.123:75',
  NODE: 'web-1',
  SYSCALL: {
    SYSCALL: 'execve',
    success: 'yes',
    ppid: 1,
    pid: 77,
    auid: 1000,
    AUID: 'kim',
    UID: 'root',
    ses: 4,
    exe: `/usr/bin/${argv[0]}`,
  },
  EXECVE: { argc: argv.length, ARGV: argv },
  PROCTITLE: { ARGV: argv },
});

const falco = (cmdline: string) => ({
  hostname: 'node-1',
  priority: 'Notice',
  rule: 'Launch Suspicious Network Tool in Container',
  source: 'syscall',
  time: '2026-11-14T10:00:00.123456789Z',
  output: `10:00:00.123: Notice Network tool launched (command=${cmdline} pid=7)`,
  output_fields: {
    'container.id': 'a1b2c3',
    'container.image.repository': 'docker.io/team/web',
    'container.image.tag': '1.4',
    'k8s.ns.name': 'shop',
    'k8s.pod.name': 'web-0',
    'proc.cmdline': cmdline,
    'proc.pname': 'sh',
    'user.name': 'root',
    'user.loginname': '<NA>',
  },
});

const tetragon = (binary: string, words: string) => ({
  process_exec: {
    process: {
      exec_id: 'bm9kZTox',
      pid: 9,
      uid: 0,
      binary,
      arguments: words,
      auid: 4294967295,
      start_time: '2026-11-14T10:00:00.123Z',
      pod: {
        namespace: 'shop',
        name: 'web-0',
        container: { id: 'containerd://a1', name: 'web', image: { id: 'x@sha256:00', name: 'team/web:1.4' } },
      },
      parent_exec_id: 'bm9kZTow',
    },
    parent: { binary: '/bin/sh' },
  },
  node_name: 'node-1',
  time: '2026-11-14T10:00:00.123Z',
});

const xml = (provider: string, id: number, channel: string, data: Readonly<Record<string, string>>) =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='${provider}'/><EventID Qualifiers=''>${id}</EventID>` +
  `<TimeCreated SystemTime='2026-11-14T10:00:00.1234567Z'/><EventRecordID>42</EventRecordID><Channel>${channel}</Channel><Computer>WIN1</Computer></System>` +
  `<EventData>${Object.entries(data)
    .map(([name, value]) => `<Data Name='${name}'>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Data>`)
    .join('')}</EventData></Event>`;

const SYSMON = {
  ProcessId: '7',
  Image: 'C:\\Tools\\nmap.exe',
  CommandLine: `nmap.exe${SCAN.slice(4)}`,
  User: 'CORP\\kim',
  ParentProcessGuid: '{1}',
};
const SECURITY = {
  NewProcessId: '0x7',
  NewProcessName: 'C:\\Tools\\nmap.exe',
  ProcessId: '0x1',
  SubjectUserName: 'kim',
  SubjectDomainName: 'CORP',
};

describe('an nmap run is found in', () => {
  test.each<[string, unknown]>([
    ['laurel', laurel(SCAN.split(' '))],
    ['Falco', falco(SCAN)],
    ['Tetragon', tetragon('/usr/bin/nmap', SCAN.slice(5))],
    [
      'Sysmon for Linux in syslog',
      `Nov 14 10:00:00 web-1 sysmon: ${xml('Linux-Sysmon', 1, 'Linux-Sysmon/Operational', { Image: '/usr/bin/nmap', CommandLine: SCAN, UtcTime: '2026-11-14 10:00:00.123' })}`,
    ],
    [
      'Sysmon for Linux in JSON',
      {
        Computer: 'web-1',
        SyslogMessage: xml('Linux-Sysmon', 1, 'Linux-Sysmon/Operational', {
          Image: '/usr/bin/nmap',
          CommandLine: SCAN,
        }),
      },
    ],
    ['Sysmon in XML', xml('Microsoft-Windows-Sysmon', 1, 'Microsoft-Windows-Sysmon/Operational', SYSMON)],
    [
      'Sysmon of NXLog',
      {
        EventID: 1,
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        Hostname: 'WIN1',
        RecordNumber: 42,
        UtcTime: '2026-11-14 10:00:00.123',
        ...SYSMON,
      },
    ],
    [
      'Sysmon of Winlogbeat',
      {
        '@timestamp': '2026-11-14T10:00:00.123Z',
        winlog: {
          event_id: '1',
          channel: 'Microsoft-Windows-Sysmon/Operational',
          computer_name: 'WIN1',
          record_id: 42,
          event_data: SYSMON,
        },
      },
    ],
    [
      'Winlogbeat with fields moved to process',
      {
        '@timestamp': '2026-11-14T10:00:00.123Z',
        winlog: { event_id: 4688, channel: 'Security', computer_name: 'WIN1' },
        process: { executable: 'C:\\Tools\\nmap.exe', command_line: `nmap.exe ${SCAN}`, pid: 7 },
      },
    ],
    ['4688 in XML', xml('Microsoft-Windows-Security-Auditing', 4688, 'Security', { ...SECURITY, CommandLine: SCAN })],
    [
      '4688 with a channel in lower case',
      {
        EventID: 4688,
        Channel: 'security',
        Hostname: 'WIN1',
        '@timestamp': '2026-11-14T10:00:00.123Z',
        ...SECURITY,
        CommandLine: SCAN,
      },
    ],
    [
      '4688 without a command line',
      { EventID: 4688, Channel: 'Security', Hostname: 'WIN1', '@timestamp': '2026-11-14T10:00:00.123Z', ...SECURITY },
    ],
    [
      'a dump of an EVTX file',
      {
        Event: {
          System: {
            Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
            EventID: 1,
            Channel: 'Microsoft-Windows-Sysmon/Operational',
            Computer: 'WIN1',
            TimeCreated: { '#attributes': { SystemTime: '2026-11-14T10:00:00.123Z' } },
          },
          EventData: SYSMON,
        },
      },
    ],
    [
      'EvtxECmd',
      {
        EventId: 4688,
        Channel: 'Security',
        Computer: 'WIN1',
        TimeCreated: '2026-11-14T10:00:00.1230000+00:00',
        Payload: JSON.stringify({
          EventData: {
            Data: Object.entries({ ...SECURITY, CommandLine: SCAN }).map(([name, value]) => ({
              '@Name': name,
              '#text': value,
            })),
          },
        }),
      },
    ],
    [
      'Log Analytics',
      {
        EventID: 4688,
        Channel: 'Security',
        Computer: 'WIN1',
        TimeGenerated: '2026-11-14T10:00:00.123Z',
        EventData: xml('x', 1, 'x', { ...SECURITY, CommandLine: SCAN }).slice(-400),
      },
    ],
    [
      'osquery',
      {
        name: 'process_events',
        hostIdentifier: 'web-1',
        unixTime: 1794650401,
        action: 'added',
        columns: {
          pid: '7',
          path: '/usr/bin/nmap',
          cmdline: SCAN,
          uid: '0',
          auid: '1000',
          parent: '1',
          time: '1794650400',
        },
      },
    ],
    [
      'eslogger',
      {
        event_type: 9,
        schema_version: 1,
        time: '2026-11-14T10:00:00.123456789Z',
        process: { executable: { path: '/bin/zsh' }, ppid: 1 },
        event: {
          exec: {
            target: { executable: { path: '/opt/homebrew/bin/nmap' }, ppid: 5, audit_token: { pid: 7, euid: 501 } },
            args: SCAN.split(' '),
            env: ['SECRET=x'],
          },
        },
      },
    ],
    [
      'Auditbeat',
      {
        '@timestamp': '2026-11-14T10:00:00.123Z',
        event: { action: 'process_started' },
        host: { name: 'web-1' },
        process: { args: SCAN.split(' '), executable: '/usr/bin/nmap', pid: 7, parent: { pid: 1 } },
        user: { name: 'root' },
      },
    ],
    ['a container log with laurel inside', { log: JSON.stringify(laurel(SCAN.split(' '))), stream: 'stdout' }],
  ])('%s', (_, event) => {
    const { signals, reader } = read([event]);
    expect(signals).toHaveLength(1);
    expect(signals[0]).toMatchObject({ kind: 'tool-execution', tool: 'nmap' });
    expect(Math.abs(signals[0]!.at - AT)).toBeLessThan(1000);
    expect(JSON.stringify(signals)).not.toContain('SECRET');
    expect([...reader.counts.unread]).toEqual([]);
    // Reading it again gives the same id.
    expect(read([event]).signals[0]!.eventId).toBe(signals[0]!.eventId);
  });
});

describe('containers', () => {
  test.each<[string, unknown]>([
    ['Falco', falco(SCAN)],
    ['Tetragon', tetragon('/usr/bin/nmap', SCAN.slice(5))],
  ])('%s knows pod, namespace, image and command together', (_, event) => {
    const [signal] = read([event]).signals;
    expect(signal).toMatchObject({
      severity: 'medium',
      actor: {
        kind: 'pod',
        name: 'web-0',
        namespace: 'shop',
        host: 'node-1',
        command: expect.stringContaining('-sS -p 1-1024 10.0.12.30'),
      },
      place: { nodeName: 'node-1' },
    });
    expect(signal?.actor.image).toContain('team/web:1.4');
    expect(signal?.place.addresses).toBeUndefined();
  });

  test('a loop in a shell, of which Falco lost the quotes', () => {
    const event = falco('bash -c for p in {20..60}; do echo >/dev/tcp/10.0.0.1/$p; done');
    expect(read([event]).signals[0]).toMatchObject({ tool: 'bash /dev/tcp' });
  });

  test('a loop in a shell, of which Tetragon kept the quotes', () => {
    const event = tetragon('/bin/bash', '-c "for p in {20..60}; do echo >/dev/tcp/10.0.0.1/$p; done"');
    expect(read([event]).signals[0]).toMatchObject({ tool: 'bash /dev/tcp' });
  });
});

describe('look-alikes are silent in', () => {
  test.each<[string, unknown]>([
    ['laurel: version', laurel(['nmap', '--version'])],
    ['laurel: search', laurel(['grep', '-r', 'nmap', '/etc'])],
    ['Falco: version', falco('nmap --version')],
    ['Falco: one port', falco('nc -z db 5432')],
    ['Tetragon: installation', tetragon('/usr/bin/apt-get', 'install -y nmap')],
    [
      '4688: installer',
      {
        EventID: 4688,
        Channel: 'Security',
        '@timestamp': '2026-11-14T10:00:00Z',
        NewProcessName: 'C:\\Users\\kim\\nmap-7.94-setup.exe',
        CommandLine: 'nmap-7.94-setup.exe /S',
      },
    ],
    [
      '4688: unknown program without a command line',
      {
        EventID: 4688,
        Channel: 'Security',
        '@timestamp': '2026-11-14T10:00:00Z',
        NewProcessName: 'C:\\Windows\\notepad.exe',
      },
    ],
    [
      '4104: documentation',
      {
        EventID: 4104,
        Channel: 'Microsoft-Windows-PowerShell/Operational',
        '@timestamp': '2026-11-14T10:00:00Z',
        ScriptBlockText: '# Invoke-Portscan\nGet-Help Invoke-Portscan',
        ScriptBlockId: 'a',
      },
    ],
  ])('%s', (_, event) => {
    expect(read([event]).signals).toEqual([]);
  });
});

const part = (number: number, total: number, text: string) =>
  xml('Microsoft-Windows-PowerShell', 4104, 'Microsoft-Windows-PowerShell/Operational', {
    MessageNumber: String(number),
    MessageTotal: String(total),
    ScriptBlockText: text,
    ScriptBlockId: 'b1',
  }).replace('<EventRecordID>42', `<EventRecordID>${number}`);

describe('PowerShell', () => {
  const script = ['<# Scans.\nInvoke-Portscan is', ' described here #>\nInvoke-Port', 'scan -Hosts 10.0.0.0/24'];
  test.each([[[0, 1, 2]], [[2, 0, 1]], [[1, 2, 0]], [[2, 1, 0]]])('joins parts in the order %j', (order) => {
    const { signals } = read(order.map((index) => part(index + 1, 3, script[index]!)));
    expect(signals).toHaveLength(1);
    expect(signals[0]).toMatchObject({ tool: 'PowerSploit Invoke-Portscan', severity: 'medium', dataQuality: [] });
  });

  test('judges a script with missing parts carefully', () => {
    const { signals } = read([part(2, 3, `${script[1]}scan -Hosts 10.0.0.0/24`)]);
    expect(signals[0]).toMatchObject({ severity: 'low', dataQuality: ['Some parts of the script are missing.'] });
    expect(read([part(2, 3, 'Invoke-Portscan does this #>\nGet-Date')]).signals).toEqual([]);
  });

  test('finds a call in the details of a pipeline', () => {
    const event = {
      EventID: 4103,
      Channel: 'Microsoft-Windows-PowerShell/Operational',
      '@timestamp': '2026-11-14T10:00:00Z',
      Payload:
        'CommandInvocation(Invoke-Portscan): "Invoke-Portscan"\r\nParameterBinding(Invoke-Portscan): name="Hosts"; value="10.0.0.0/24"\r\n',
    };
    expect(read([event]).signals[0]).toMatchObject({ tool: 'PowerSploit Invoke-Portscan', severity: 'medium' });
  });

  test('counts Test-NetConnection of one session', () => {
    const events = [21, 22, 23, 25, 80, 443, 445, 3389, 5985, 8080].map((port) => ({
      EventID: 4103,
      Channel: 'Microsoft-Windows-PowerShell/Operational',
      Hostname: 'WIN1',
      RecordNumber: port,
      ExecutionProcessID: 7,
      '@timestamp': '2026-11-14T10:00:00Z',
      Payload: `CommandInvocation(Test-NetConnection): "Test-NetConnection"\r\nParameterBinding(Test-NetConnection): name="ComputerName"; value="10.0.0.1"\r\nParameterBinding(Test-NetConnection): name="Port"; value="${port}"\r\n`,
    }));
    expect(read(events).signals.map(({ tool, severity }) => `${tool} ${severity}`)).toEqual([
      'Test-NetConnection low',
      'Test-NetConnection medium',
    ]);
    expect(read(events.slice(0, 2)).signals).toEqual([]);
  });
});

describe('what cannot be read is counted', () => {
  test.each<[string, string, string]>([
    ['an EVTX file', 'ElfFile\0\0\0binary\nmore', 'evtx'],
    [
      'the text form of the CloudWatch agent',
      '[Security] [INFORMATION] [4688] [Microsoft-Windows-Security-Auditing] [WIN1] [A new process',
      'agent-text',
    ],
    ['auoms', 'type=AUOMS_EXECVE audit(1652292621.986:84138): cmdline=nmap 10.0.0.0/24', 'auoms'],
    ['broken JSON', '{"a":}', 'invalid-json'],
    ['other text', 'hello', 'unknown'],
    ['bytes that are not UTF-8', 'type=CWD msg=audit(1652292621.986:1): cwd="\ufffd"', 'invalid-utf8'],
    ['the unified log', '{"eventMessage":"x","processImagePath":"/bin/x"}', 'unified-log'],
    [
      'an event without a time',
      '{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","CommandLine":"nmap 10.0.0.1"}',
      'no-time',
    ],
    ['a line of 3 MB', `{"a":"${'x'.repeat(3_000_000)}"}`, 'too-long'],
  ])('%s', (_, text, reason) => {
    const { signals, reader } = read(text);
    expect(signals).toEqual([]);
    expect([...reader.counts.unread.keys()]).toEqual([reason]);
  });

  test('an event that is cut still counts', () => {
    const json = JSON.stringify({ ...laurel(SCAN.split(' ')), rest: 'x'.repeat(300) });
    const cut = read(json.slice(0, -100));
    expect(cut.signals[0]).toMatchObject({
      tool: 'nmap',
      dataQuality: ['The event is cut, so what it says is incomplete.'],
    });
    expect(cut.reader.counts.unread.get('truncated')).toBe(1);
    const event = xml('Microsoft-Windows-Sysmon', 1, 'Microsoft-Windows-Sysmon/Operational', {
      ...SYSMON,
      Hashes: 'x',
    });
    expect(read(event.slice(0, -30)).signals[0]).toMatchObject({ tool: 'nmap' });
  });

  test('every place where a line can be cut is survived', () => {
    const texts = [
      JSON.stringify(tetragon('/usr/bin/nmap', SCAN)),
      xml('Microsoft-Windows-Sysmon', 1, 'x/sysmon', SYSMON),
    ];
    for (const text of texts)
      for (let end = 1; end < text.length; end++)
        expect(read([text.slice(0, end), text]).signals.length).toBeGreaterThan(0);
  });

  test('an event of 256 KB is read', () => {
    const script = `${'$x = 1\n'.repeat(37_000)}Invoke-Portscan -Hosts 10.0.0.0/24`;
    const { signals } = read([part(1, 1, script)]);
    expect(signals[0]).toMatchObject({ tool: 'PowerSploit Invoke-Portscan' });
    expect(signals[0]!.actor.command!.length).toBeLessThanOrEqual(500);
  });
});

test('reads JSON and XML that are written over several lines', () => {
  expect(read(JSON.stringify(tetragon('/usr/bin/nmap', SCAN.slice(5)), undefined, 2)).signals).toHaveLength(1);
  const event = xml('Microsoft-Windows-Sysmon', 1, 'Microsoft-Windows-Sysmon/Operational', SYSMON);
  expect(read(`<Events>\n${event.replaceAll('><', '>\n  <')}\n</Events>`).signals).toHaveLength(1);
  expect(read(JSON.stringify([falco(SCAN), falco('ls')])).signals).toHaveLength(1);
});

test('counts lines, formats and what it does not understand', () => {
  const reader = new HostLogReader('falco.log');
  const signals = [JSON.stringify(falco(SCAN)), 'hello'].flatMap((line) => [...reader.read(line)]);
  expect([...signals, ...reader.finish()]).toMatchObject([{ tool: 'nmap' }]);
  expect(reader.counts).toMatchObject({
    lines: 2,
    formats: new Map([['falco', 1]]),
    unread: new Map([['unknown', 1]]),
  });
});
