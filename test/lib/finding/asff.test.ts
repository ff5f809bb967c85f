/** Findings in the format of Security Hub: under the account that imports, within its limits, archived at the end. */
import { describe, expect, test } from '@jest/globals';
import { ASFF_LIMITS } from '../../../lib/finding/asff.ts';
import { type Finding, SEVERITIES } from '../../../lib/finding/model.ts';
import { asffProblem } from '../../../local/checks/asff.ts';
import { asffOf } from '../../body-schemas.ts';
import { campaignOf, findingOf, HOSTILE } from './samples.ts';

// biome-ignore lint/suspicious/noExplicitAny: the format of another project, read by path
const asff = (values: Partial<Finding> = {}): any => asffOf('opened', findingOf(values));

describe('the mapping', () => {
  test('belongs to the account that imports, and names the source in its own', () => {
    const finding = findingOf({ source: { ...findingOf().source!, accountId: '999988887777' } });
    expect(asffOf('opened', finding)).toMatchObject({
      AwsAccountId: '111122223333',
      ProductArn: 'arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default',
      Id: `sweepwatch/sweepwatch/${finding.id}`,
      GeneratorId: 'sweepwatch/vertical-scan',
      Title: '[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)',
      Description: expect.stringMatching(/^10\.0\.3\.22 scanned 3 TCP ports of 10\.0\.9\.9\. 1 service answered\. /),
      CreatedAt: finding.detectedAt,
      UpdatedAt: '2026-11-30T12:00:00.123Z',
      RecordState: 'ACTIVE',
      Resources: [
        {
          Type: 'AwsEc2Instance',
          Id: 'arn:aws:ec2:eu-west-1:999988887777:instance/i-1',
          Partition: 'aws',
          Region: 'eu-west-1',
        },
        { Type: 'AwsEc2NetworkInterface' },
      ],
    });
  });

  test('gives severity, types and confidence where they leave alone what a person has set', () => {
    const { Severity, Types, FindingProviderFields } = asff();
    expect([Severity, Types]).toEqual([undefined, undefined]);
    expect(FindingProviderFields).toEqual({
      Severity: { Label: 'HIGH', Original: 'high' },
      Types: ['TTPs/Discovery/NetworkServiceScan', 'Unusual Behaviors/Network Flow'],
      Confidence: 83,
    });
    expect(SEVERITIES.map((severity) => asff({ severity }).FindingProviderFields.Severity.Label)).toEqual([
      'INFORMATIONAL',
      'LOW',
      'MEDIUM',
      'HIGH',
      'CRITICAL',
    ]);
  });

  test('has no category for reconnaissance, which the format does not know', () => {
    expect((asffOf('opened', campaignOf()).FindingProviderFields as { Types: string[] }).Types).toEqual([
      'Unusual Behaviors/Network Flow',
    ]);
  });

  test('marks a test as a sample, and archives it', () => {
    expect(asff({ test: true })).toMatchObject({ Sample: true, RecordState: 'ARCHIVED' });
    expect(asff()).not.toHaveProperty('Sample');
  });

  test('archives what is closed, and says how it ended', () => {
    const closed = asffOf('closed', findingOf({ status: 'closed', closedBecause: 'ended' }));
    expect(closed).toMatchObject({ RecordState: 'ARCHIVED', ProductFields: { 'sweepwatch/closedBecause': 'ended' } });
    expect(closed).not.toHaveProperty('Remediation');
    expect(asff()).toMatchObject({ Remediation: { Recommendation: { Text: expect.stringMatching(/^Do first: /) } } });
  });

  test.each(['opened', 'escalated'] as const)('shows a scan that was over when it was %s', (event) => {
    const over = findingOf({ status: 'closed', closedBecause: 'ended' });
    expect(asffOf(event, over)).toMatchObject({ RecordState: 'ACTIVE', Remediation: expect.any(Object) });
  });

  test('of a scan from outside names the targets, and the services that answered it', () => {
    const source = { address: '198.51.100.7', scope: 'internet' };
    const finding = asff({ source, direction: 'inbound' });
    expect(finding.Resources).toEqual([
      { Type: 'Other', Id: '198.51.100.7' },
      { Type: 'Other', Id: '10.0.9.9' },
    ]);
    expect(finding.Action).toEqual({
      ActionType: 'PORT_PROBE',
      PortProbeAction: {
        Blocked: false,
        PortProbeDetails: [
          {
            LocalPortDetails: { Port: 22 },
            LocalIpDetails: { IpAddressV4: '10.0.9.9' },
            RemoteIpDetails: { IpAddressV4: '198.51.100.7' },
          },
        ],
      },
    });
    expect(finding.Network).toEqual({
      Direction: 'IN',
      Protocol: 'TCP',
      SourceIpV4: '198.51.100.7',
      DestinationIpV4: '10.0.9.9',
    });
  });

  test('of IPv6 names it as such, and has no port probe, which knows IPv4 only', () => {
    const source = { address: '2001:db8::7', scope: 'internet' };
    const openPorts = { count: 1, sample: [{ target: '2001:db8:1::9', port: 22, protocol: 'tcp' }] };
    const targets = { count: 1, exact: true, sample: ['2001:db8:1::9'] };
    const finding = asff({ source, direction: 'inbound', openPorts, targets });
    expect(finding.Network).toMatchObject({ SourceIpV6: '2001:db8::7', DestinationIpV6: '2001:db8:1::9' });
    expect(finding).not.toHaveProperty('Action');
  });

  test('of a campaign has its sources as resources, and relates its members to it', () => {
    const { Resources } = asffOf('opened', campaignOf()) as { Resources: { Id: string }[] };
    expect(Resources.map(({ Id }) => Id)).toEqual([...campaignOf().sources!.sample, ...campaignOf().targets.sample]);
    const member = asff({ campaign: 'c'.repeat(24) });
    expect(member.FindingProviderFields.RelatedFindings).toEqual([
      { ProductArn: member.ProductArn, Id: `sweepwatch/sweepwatch/${'c'.repeat(24)}` },
    ]);
  });

  test('of signals alone has the actor as resource', () => {
    const { source: _, direction: __, ...rest } = findingOf({ kind: 'tool-execution' });
    const actor = { kind: 'pod', name: 'web-1', namespace: 'shop', at: '2026-09-01T12:00:00Z' } as const;
    const finding = asffOf('opened', { ...rest, source: null, actor });
    expect(finding.Resources).toEqual([{ Type: 'Other', Id: 'pod/shop/web-1' }]);
    expect(finding).not.toHaveProperty('Network');
    expect(asffProblem(finding)).toBeUndefined();
  });
});

describe('the limits', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `10.0.0.${n}`);

  test('of lists and texts are kept', () => {
    const reasons = [{ test: 'x', value: 1, threshold: 1, text: 'x'.repeat(9000) }];
    const sources = { count: 40, sample: many(20) };
    const targets = { count: 60, exact: true, sample: many(40).slice(20) };
    const finding = asffOf('opened', campaignOf({ sources, targets, reasons, dataQuality: ['y'.repeat(9000)] }));
    expect(asffProblem(finding)).toBeUndefined();
    expect((finding.Resources as object[]).length).toBe(ASFF_LIMITS.resources);
    expect(JSON.stringify(finding).length).toBeLessThan(ASFF_LIMITS.bytes);
  });

  test.each(HOSTILE)('hold for %j in every name', (text) => {
    const source = {
      ...findingOf().source!,
      address: text || '10.0.3.22',
      instanceId: text,
      interfaceId: text,
      vpcId: text,
    };
    const finding = asff({ source, tool: { name: text, confidence: 50 } });
    expect(asffProblem(finding)).toBeUndefined();
    expect(JSON.stringify(finding)).toMatch(/^[\x20-\x7e]*$/);
  });
});

test.each<[string, object]>([
  ['Title has 257 characters, expected at most 256', { Title: 'x'.repeat(257) }],
  ['Title is "  ", expected a text', { Title: '  ' }],
  ['Resources must be 1 to 32', { Resources: [] }],
  ['Note is unknown', { Note: {} }],
  ['CreatedAt is "yesterday"', { CreatedAt: 'yesterday' }],
  [
    'Types has "TTPs/Reconnaissance"',
    { FindingProviderFields: { Severity: { Label: 'LOW' }, Types: ['TTPs/Reconnaissance'] } },
  ],
])('the hub of the local cloud refuses: %s', (problem, change) => {
  expect(asffProblem({ ...asff(), ...change })).toBe(problem);
});
