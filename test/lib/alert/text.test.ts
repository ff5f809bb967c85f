/** The text that a person reads: top-down, complete, and safe whatever the log's fields hold. */
import { describe, expect, test } from '@jest/globals';
import { alertText } from '../../../lib/alert/text.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { findingOf, HOSTILE } from '../finding/samples.ts';
import { wordsOf } from './shell.ts';

/** When the alert is sent, epoch seconds. */
const NOW = Date.UTC(2026, 11, 1) / 1000;
const place = { deployment: 'Sweepwatch', tables: { findings: 'Findings', region: 'eu-west-1' } };
const textOf = (values: Partial<Finding> = {}, event: 'opened' | 'escalated' | 'closed' = 'opened') =>
  alertText(event, findingOf(values), place, NOW);
const commandsIn = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(aws|npx|kubectl|whois) /.test(line));
const headingsIn = (text: string) => text.split('\n').filter((line) => /^[A-Z][A-Z ]+$/.test(line));

const HEADINGS = [
  'WHO',
  'HOW MUCH',
  'SINCE WHEN',
  'WHAT ANSWERED',
  'WHY IT FIRED',
  'WHAT IT MAY BE INSTEAD',
  'WHAT TO DO NOW',
  'LOOK FURTHER',
  'SILENCE',
];

describe('the text', () => {
  test('has every part, in order', () => {
    expect(headingsIn(textOf())).toEqual(HEADINGS);
    expect(headingsIn(textOf({ dataQuality: ['SKIPDATA: dropped'] }))).toEqual([...HEADINGS, 'NOT VISIBLE']);
  });

  test('says what, who, how much, when, what answered and why', () => {
    const text = textOf();
    for (const part of [
      'HIGH: lateral vertical scan (many ports of one target)',
      'A new scan was found. Confidence 83 of 100.',
      'source 10.0.3.22 (inside)',
      'instance i-1, interface eni-1, VPC vpc-1, account 111122223333',
      '1 target: 10.0.9.9',
      '3 tcp ports: 22, 23, 80',
      '20 contacts failed: 12 rejected, 5 reset, 3 unanswered; 1 established',
      'first probe 2026-09-01T12:00:00Z, last probe 2026-09-01T12:01:00Z (times of the log)',
      '1 service: 10.0.9.9:22/tcp',
      '20 distinct tcp ports failed [failed-ports-of-one-target-5m: 20 against 8]',
      'Finding 8587fc4b0a1b2c3d4e5f6071 of deployment Sweepwatch; T1046 Network Service Discovery.',
    ])
      expect(text).toContain(part);
  });

  test('says what is an estimate, what is only a sample, and how IPv6 services are written', () => {
    const text = textOf({
      targets: { count: 4096, exact: false, sample: ['fd00::9'] },
      openPorts: { count: 9, sample: [{ target: 'fd00::9', port: 22, protocol: 'tcp' }] },
    });
    expect(text).toContain('about 4096 targets: fd00::9 ...');
    expect(text).toContain('9 services: [fd00::9]:22/tcp ...');
    expect(textOf({ openPorts: { count: 0, sample: [] } })).toContain('WHAT ANSWERED\n  nothing');
  });

  test('tells how it ended', () => {
    expect(textOf({ status: 'closed', closedBecause: 'ended' }, 'closed')).toContain('A known scan has ended.');
    expect(textOf({ status: 'closed', closedBecause: 'refuted' }, 'closed')).toContain('It was refuted');
    expect(textOf({ status: 'closed', closedBecause: 'merged', mergedInto: 'a'.repeat(24) }, 'closed')).toContain(
      `It is part of finding ${'a'.repeat(24)}`,
    );
  });

  test('says nothing of what to do once it has ended', () => {
    const text = textOf({ status: 'closed', closedBecause: 'ended' }, 'closed');
    expect(text).toMatch(/^ENDED \(was HIGH\): /);
    expect(text).not.toContain('WHAT TO DO NOW');
    expect(text).not.toContain('SILENCE');
  });

  test('gives five numbered steps, each with a command', () => {
    const steps = textOf().split('WHAT TO DO NOW')[1]!.split('LOOK FURTHER')[0]!;
    for (const [at, title] of ['Verify the source', 'Contain', 'Investigate', 'Remediate', 'Tell'].entries())
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
      // A pipe into grep is part of one command on purpose; what comes before it is the command's words.
      const counts = (lines: readonly string[]) =>
        lines.map((line) => wordsOf(line.replace(/ \| grep -i abuse$/, '')).length);
      expect(counts(hostile)).toEqual(counts(calm));
    }
  });
});
