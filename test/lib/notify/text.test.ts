/** The text that a person reads: top-down, complete, and safe whatever the log's fields hold. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { alertText } from '../../../lib/notify/text.ts';
import { campaignOf, findingOf, HOSTILE } from '../finding/samples.ts';
import { wordsOf, wordsOfEach } from './shell.ts';

/** When the alert is sent, epoch seconds. */
const NOW = Date.UTC(2026, 11, 1) / 1000;
const place = { deployment: 'Sweepwatch', tables: { findings: 'Findings', region: 'eu-west-1' } };
const textOf = (values: Partial<Finding> = {}, event: 'opened' | 'escalated' | 'closed' = 'opened') =>
  alertText(event, findingOf(values), place, NOW);
const campaignText = (values: Partial<Finding> = {}) => textOf(campaignOf(values));
const SSH = { target: '10.0.9.9', port: 22, protocol: 'tcp', connected: true };
const commandsIn = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(aws|npx|kubectl|whois) /.test(line));
const headingsIn = (text: string) => text.split('\n').filter((line) => /^[A-Z][A-Z ]+$/.test(line));

const HEADINGS = [
  'WHO',
  'HOW MUCH',
  'WHEN',
  'WHAT ANSWERED',
  'WHY IT FIRED',
  'WHAT IT MAY BE INSTEAD',
  'WHAT TO DO NOW',
  'LOOK FURTHER',
  'SILENCE',
  'WATCH',
  'NOT VISIBLE',
];

describe('the text', () => {
  test('has every part, in order', () => {
    expect(headingsIn(textOf())).toEqual(HEADINGS);
    expect(headingsIn(textOf({ dataQuality: ['SKIPDATA: dropped'] }))).toEqual(HEADINGS);
    expect(headingsIn(campaignText())).toEqual(HEADINGS.filter((heading) => heading !== 'WATCH'));
  });

  test('says what the log could not show, also that nothing of the kind is known', () => {
    expect(textOf({ dataQuality: ['SKIPDATA: dropped'] })).toContain('NOT VISIBLE\n  SKIPDATA: dropped\n');
    expect(textOf()).toContain('NOT VISIBLE\n  no known gaps in the log\n');
  });

  test('says what, who, how much, when, what answered and why', () => {
    const text = textOf();
    for (const part of [
      'HIGH: lateral vertical scan (many ports of one target)',
      'The source is yours: instance i-1, account 111122223333.',
      'Do first: ask its owner whether scanning is its job (step 1). If not, isolate it (step 2).',
      'This scan is new. Confidence 83 of 100.',
      'source 10.0.3.22 (inside)',
      'instance i-1, interface eni-1, VPC vpc-1, account 111122223333',
      '1 target: 10.0.9.9',
      '3 TCP ports: 22, 23, 80',
      '20 contacts failed (12 rejected, 5 reset, 3 unanswered), 1 established',
      'first probe 2026-09-01T12:00:00Z, last probe 2026-09-01T12:01:00Z (log time, UTC)',
      '1 service: 10.0.9.9:22/tcp',
      '20 distinct tcp ports failed [failed-ports-of-one-target-5m]',
      'Finding 8587fc4b0a1b2c3d4e5f6071, deployment Sweepwatch. ATT&CK: T1046 Network Service Discovery.',
    ])
      expect(text).toContain(part);
  });

  test.each<[Partial<Finding>, string]>([
    [{}, '10.0.3.22 scanned 3 TCP ports of 10.0.9.9. 1 service answered.'],
    [{ openPorts: { count: 0, sample: [] } }, '10.0.3.22 scanned 3 TCP ports of 10.0.9.9. Nothing answered.'],
    [
      { openPorts: { count: 2, sample: [SSH, { ...SSH, port: 80, connected: false }] } },
      '10.0.3.22 scanned 3 TCP ports of 10.0.9.9. 2 services answered, and it stayed connected to 10.0.9.9:22/tcp.',
    ],
    [
      { openPorts: { count: 2, sample: [SSH, { ...SSH, port: 80 }] } },
      '10.0.3.22 scanned 3 TCP ports of 10.0.9.9. 2 services answered, and it stayed connected to 10.0.9.9:22/tcp and others.',
    ],
    [
      {
        kind: 'horizontal-scan',
        targets: { count: 4096, exact: false, sample: ['10.0.9.9'] },
        ports: { count: 1, exact: true, sample: [445] },
      },
      '10.0.3.22 scanned about 4,096 targets on TCP port 445. 1 service answered.',
    ],
    [
      {
        kind: 'horizontal-scan',
        protocols: ['icmp'],
        targets: { count: 30, exact: true, sample: ['10.0.9.9'] },
        ports: { count: 0, exact: true, sample: [] },
      },
      '10.0.3.22 scanned 30 targets by ICMP. 1 service answered.',
    ],
    [
      campaignOf(),
      "40 sources scanned 60 targets on TCP port 6379. Each member's own finding lists its open services.",
    ],
  ])('says in its second line who, what, and whether anything answered: %#', (values, expected) => {
    expect(textOf(values).split('\n')[1]).toBe(expected);
  });

  test.each<[string, Partial<Finding>, string, RegExp]>([
    ['an instance', {}, 'The source is yours: instance i-1, account 111122223333.', /ask its owner/],
    [
      'a pod',
      { source: { address: '10.0.0.1', scope: '1', interfaceId: 'eni-1', behindInterface: true } },
      'The source is yours: a pod or host behind interface eni-1.',
      /ask its owner/,
    ],
    [
      'an ECS task',
      { source: { address: '10.0.0.1', scope: '1', ecs: { taskId: 'f00d' } } },
      'The source is yours: ECS task f00d.',
      /ask its owner/,
    ],
    [
      'an unknown holder',
      { source: { address: '10.0.0.1', scope: '1' } },
      'The source is yours: holder unknown.',
      /ask/,
    ],
    [
      'a host that stayed connected',
      { openPorts: { count: 1, sample: [SSH] } },
      'The source is yours: instance i-1, account 111122223333.',
      /isolate the source/,
    ],
    [
      'an outside source',
      { direction: 'inbound' },
      'The source is outside your networks.',
      /reachable from the internet/,
    ],
    [
      'an outside source that stayed connected',
      { direction: 'inbound', openPorts: { count: 1, sample: [SSH] } },
      'The source is outside your networks.',
      /deny its address/,
    ],
    [
      'an outside source that nothing answered',
      { direction: 'inbound', openPorts: { count: 0, sample: [] } },
      'The source is outside your networks.',
      /nothing urgent/,
    ],
    ['a campaign', campaignOf(), 'The 40 sources are outside your networks.', /close the target/],
  ])('says in its next lines whose the source is and what to do first: %s', (_, values, whose, first) => {
    const lines = textOf(values).split('\n');
    expect(lines[2]).toBe(whose);
    expect(lines[3]).toMatch(/^Do first: /);
    expect(lines[3]).toMatch(first);
  });

  test('says what the scanner stayed connected to, and nothing of the kind where it did not', () => {
    const text = textOf({ openPorts: { count: 2, sample: [SSH, { target: '10.0.9.9', port: 80, protocol: 'tcp' }] } });
    expect(text).toContain(
      'WHAT ANSWERED\n  2 services: 10.0.9.9:22/tcp, 10.0.9.9:80/tcp\n  the scanner stayed connected to 10.0.9.9:22/tcp\n',
    );
    expect(textOf()).not.toContain('stayed connected');
  });

  test('names the tool that it looks like, and the campaign that it is part of, where there is one', () => {
    const text = textOf({ tool: { name: 'nmap', confidence: 70 }, campaign: 'c'.repeat(24) });
    const who = text.split('WHO\n')[1]!.split('HOW MUCH')[0]!;
    expect(who).toContain('  likely tool: nmap, confidence 70 of 100\n');
    expect(who).toContain(`  part of campaign ${'c'.repeat(24)}: many sources divide`);
    expect(textOf()).not.toMatch(/likely tool|campaign/);
  });

  test('names an open-port sweep and the ordinary causes of one', () => {
    const sweep = textOf({ kind: 'open-port-sweep' });
    expect(sweep).toMatch(/^HIGH: lateral open-port sweep \(one open port on many targets, each visited once\)\n/);
    expect(sweep).toContain('visits every host for the first time');
  });

  test('says what is an estimate, what is only a sample, and how IPv6 services are written', () => {
    const text = textOf({
      targets: { count: 4096, exact: false, sample: ['fd00::9'] },
      openPorts: { count: 9, sample: [{ target: 'fd00::9', port: 22, protocol: 'tcp' }] },
    });
    expect(text).toContain('about 4,096 targets: fd00::9 and 4,095 more');
    expect(text).toContain('9 services: [fd00::9]:22/tcp and 8 more');
    expect(textOf({ openPorts: { count: 0, sample: [] } })).toContain('WHAT ANSWERED\n  nothing');
  });

  test('tells how it ended', () => {
    const closed = (values: Partial<Finding>) => textOf({ status: 'closed', ...values }, 'closed');
    expect(closed({ closedBecause: 'ended' })).toMatch(
      /^ENDED \(was HIGH\): .+\n.+\n.+\nThe scan ended: no probe followed the one at 2026-09-01T12:01:00Z\./,
    );
    expect(closed({ closedBecause: 'refuted' })).toMatch(
      /^WITHDRAWN \(was HIGH\): .+\n.+\n.+\nThis was not a scan: contacts that looked unanswered were answered later\./,
    );
    expect(closed({ closedBecause: 'merged', mergedInto: 'a'.repeat(24) })).toMatch(
      /^MERGED \(was HIGH\): .+\n.+\n.+\nThis scan is part of finding a{24}\. Continue there\./,
    );
    expect(closed({ closedBecause: 'analyst' })).toMatch(/^CLOSED \(was HIGH\): .+\n.+\n.+\nAn analyst closed/);
  });

  test('says nothing of what to do once it has ended', () => {
    const text = textOf({ status: 'closed', closedBecause: 'ended' }, 'closed');
    expect(text).toMatch(/^ENDED \(was HIGH\): /);
    expect(text).not.toContain('WHAT TO DO NOW');
    expect(text).not.toContain('SILENCE');
  });

  test('gives five numbered steps, each with a command', () => {
    const steps = textOf().split('WHAT TO DO NOW')[1]!.split('LOOK FURTHER')[0]!;
    for (const [at, title] of ['Verify the source', 'Contain', 'Investigate', 'Remediate', 'Notify'].entries())
      expect(steps).toMatch(new RegExp(`${at + 1}\\. ${title}\\..*\\n {5}(aws|npx|kubectl|whois) `));
  });

  test.each([
    [
      'an instance',
      {},
      ['describe-instances --instance-ids i-1', 'modify-network-interface-attribute --network-interface-id eni-1'],
    ],
    [
      'an ECS task',
      { source: { address: '10.0.0.1', scope: '1', ecs: { cluster: 'shop', taskId: 'f00d' } } },
      ['ecs describe-tasks --cluster shop --tasks f00d', 'ecs stop-task --cluster shop --task f00d'],
    ],
    [
      'a pod',
      { source: { address: '10.0.0.1', scope: '1', behindInterface: true } },
      [
        'kubectl get pods -A -o wide --field-selector status.podIP=10.0.0.1',
        'kubectl label pod POD -n NAMESPACE quarantine=true',
      ],
    ],
    [
      'an outside address',
      { direction: 'inbound', source: { address: '2001:db8::1', scope: 'internet' } },
      ['whois 2001:db8::1', '--ipv6-cidr-block 2001:db8::1/128', 'grep -i abuse'],
    ],
  ] as const)('fits its commands to %s', (_, values, parts) => {
    const text = textOf(values as Partial<Finding>);
    for (const part of parts) expect(text).toContain(part);
  });
});

describe('the text about a campaign', () => {
  test('names its sources and its target, never a missing address', () => {
    const text = campaignText();
    expect(text).toContain('40 sources (outside): 198.51.100.7, 203.0.113.9, 192.0.2.4, 192.0.2.77 and 36 more');
    expect(text).toContain('WHAT ANSWERED\n  not known from this finding');
    expect(text).not.toMatch(/0\.0\.0\.0\/32|whois 0\.0\.0\.0|unknown\|| \/32|"\/32/);
    expect(text).not.toContain('create-network-acl-entry');
  });

  test('thinks of what may have many sources by nature', () => {
    expect(campaignText()).toContain('WHAT IT MAY BE INSTEAD\n  an approved external scanning service');
  });

  test('gives five numbered steps, each with a command', () => {
    const steps = campaignText().split('WHAT TO DO NOW')[1]!.split('LOOK FURTHER')[0]!;
    for (const [at, title] of ['Verify the sources', 'Contain', 'Investigate', 'Remediate', 'Notify'].entries())
      expect(steps).toMatch(new RegExp(`${at + 1}\\. ${title}\\..*\\n {5}(aws|npx|kubectl|whois) `));
  });

  test('asks about a few sources', () => {
    const asked = commandsIn(campaignText()).filter((line) => /^whois \S+$/.test(line));
    expect(asked).toEqual(['whois 198.51.100.7', 'whois 203.0.113.9', 'whois 192.0.2.4']);
  });

  test('makes a prefix list of its sources, with room for those that are not named', () => {
    const words = wordsOf(commandsIn(campaignText()).find((line) => line.includes('create-managed-prefix-list'))!);
    const argument = (option: string) => words[words.indexOf(option) + 1];
    expect(words.slice(0, 3)).toEqual(['aws', 'ec2', 'create-managed-prefix-list']);
    expect(argument('--prefix-list-name')).toBe('sweepwatch-8587fc4b');
    expect(argument('--address-family')).toBe('IPv4');
    expect(argument('--max-entries')).toBe('40');
    const entries = words.slice(words.indexOf('--entries') + 1, words.indexOf('--region'));
    expect(entries).toEqual(campaignOf().sources!.sample.map((address) => `Cidr=${address}/32`));
  });

  test('keeps a list to one address family, and to what a list may hold', () => {
    const sources = { count: 5000, sample: ['2001:db8::1', '203.0.113.9', '2001:db8::2'] };
    const text = campaignText({ sources, targets: { count: 1, exact: true, sample: ['fd00::9'] } });
    expect(text).toContain(
      '--address-family IPv6 --max-entries 1000 --entries Cidr=2001:db8::1/128 Cidr=2001:db8::2/128 ',
    );
    expect(text).toContain('Ipv6Ranges=[{CidrIpv6=::/0}]');
  });

  test('closes the port where it is after one, and offers an IP set where that is one of a web server', () => {
    const permissions = (text: string) =>
      commandsIn(text)
        .filter((line) => line.includes('revoke-security-group-ingress'))
        .map((line) => wordsOf(line)[wordsOf(line).indexOf('--ip-permissions') + 1]);
    expect(permissions(campaignText())).toEqual([
      'IpProtocol=tcp,FromPort=6379,ToPort=6379,IpRanges=[{CidrIp=0.0.0.0/0}]',
    ]);
    expect(campaignText()).not.toContain('wafv2');
    const web = campaignText({ ports: { count: 2, exact: true, sample: [8443, 443] } });
    expect(permissions(web)).toEqual([]);
    expect(web).toContain(
      'aws wafv2 create-ip-set --name sweepwatch-8587fc4b --scope REGIONAL --ip-address-version IPV4 --addresses 198.51.100.7/32 ',
    );
  });

  test('looks up its target, and the findings about a source of it', () => {
    const text = campaignText();
    for (const part of [
      '{":pk":{"S":"target#10.0.9.9"}}',
      'findings list --target 10.0.9.9 ',
      '{":pk":{"S":"source#internet|198.51.100.7"}}',
      'findings list --source 198.51.100.7 --scope internet ',
    ])
      expect(text).toContain(part);
  });

  test('offers a rule by its target, or says why it cannot', () => {
    const silence = (text: string) => text.split('SILENCE\n')[1]!.split('NOT VISIBLE')[0]!;
    expect(silence(campaignText())).toContain('suppress add --source 0.0.0.0/0 --target 10.0.9.0/26 ');
    expect(silence(campaignText())).toContain('"source":{"S":"0.0.0.0/0"},"target":{"S":"10.0.9.0/26"}');
    const scattered = { count: 2, exact: true, sample: ['10.0.0.1', '198.51.100.1'] };
    expect(silence(campaignText({ targets: scattered }))).toBe(
      '  no single rule covers this finding: its targets share no network\n\n',
    );
  });
});

describe('hostile fields', () => {
  const everywhere = (text: string): Partial<Finding> => ({
    source: {
      address: text,
      scope: text,
      accountId: text,
      vpcId: text,
      subnetId: text,
      region: text,
      interfaceId: text,
      interfaceType: text,
      instanceId: text,
      ecs: { cluster: text, service: text, taskId: text, containerId: text },
    },
  });
  const shapes = (text: string): Partial<Finding>[] => {
    const { source } = everywhere(text);
    const { ecs: _ecs, ...host } = source!;
    return [
      everywhere(text),
      { source: host },
      { source: { ...host, behindInterface: true } },
      { ...everywhere(text), direction: 'inbound' },
      campaignOf({
        sources: { count: 9, sample: [text, text] },
        targets: { count: 9, exact: true, sample: [text, text] },
        ports: { count: 2, exact: true, sample: [443, 80] },
        openPorts: { count: 1, sample: [{ target: text, port: 22, protocol: text, connected: true }] },
        tool: { name: text, confidence: 50 },
        campaign: text,
      }),
      campaignOf({ sources: { count: 1, sample: [text] }, protocols: [text] }),
    ];
  };

  test.each(HOSTILE.map((text) => [text]))('%j adds no line, no heading and no escape to the text', (text) => {
    for (const [at, values] of shapes(text).entries()) {
      const hostile = textOf(values);
      const calm = textOf(shapes('calm')[at]!);
      expect(hostile).toMatch(/^[\x20-\x7e\n]*$/);
      expect(headingsIn(hostile)).toEqual(headingsIn(calm));
      if (text !== '') expect(hostile.split('\n')).toHaveLength(calm.split('\n').length);
    }
  });

  test.each(HOSTILE.filter(Boolean).map((text) => [text]))('%j stays one word in every command', (text) => {
    for (const [at, values] of shapes(text).entries()) {
      const hostile = commandsIn(textOf(values));
      const calm = commandsIn(textOf(shapes('calm')[at]!));
      expect(hostile).toHaveLength(calm.length);
      // A pipe into grep is deliberately part of one command. The text before it contains the command's words.
      const counts = (lines: readonly string[]) =>
        wordsOfEach(lines.map((line) => line.replace(/ \| grep -i abuse$/, ''))).map(({ length }) => length);
      expect(counts(hostile)).toEqual(counts(calm));
    }
  });
});
