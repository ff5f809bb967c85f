/** Findings as OCSF 1.8.0 Detection Findings (class 2004): all that the class requires, and nothing contradictory. */
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Finding, SEVERITIES } from '../../../lib/finding/model.ts';
import { type OcsfVersion, toOcsf } from '../../../lib/finding/ocsf.ts';
import { schemaAt } from '../../body-schemas.ts';
import { campaignOf, findingOf } from './samples.ts';

// biome-ignore lint/suspicious/noExplicitAny: the mapping is of another project's shape, read by path
const ocsf = (values: Partial<Finding> = {}): any => JSON.parse(JSON.stringify(toOcsf(findingOf(values))));

describe('the mapping', () => {
  test('has every attribute that the class requires', () => {
    expect(ocsf()).toMatchObject({
      activity_id: 1,
      category_uid: 2,
      class_uid: 2004,
      type_uid: 200_401,
      severity_id: 4,
      time: Date.parse('2026-09-01T12:00:08Z'),
      start_time: Date.parse('2026-09-01T12:00:00Z'),
      end_time: Date.parse('2026-09-01T12:01:00Z'),
      metadata: { version: '1.8.0', product: { name: 'Sweepwatch', vendor_name: 'Sweepwatch' } },
      finding_info: {
        uid: '8587fc4b0a1b2c3d4e5f6071',
        title: expect.any(String),
        analytic: { type_id: 1, name: expect.any(String) },
      },
    });
  });

  test('labels a test, and says so in the title', () => {
    expect(ocsf({ test: true })).toMatchObject({
      metadata: { labels: ['TEST'] },
      finding_info: { title: expect.stringMatching(/^TEST /) },
    });
    expect(ocsf().metadata.labels).toBeUndefined();
  });

  test('closes what is closed: activity, type and status agree', () => {
    expect(ocsf({ status: 'closed', closedBecause: 'ended' })).toMatchObject({
      activity_id: 3,
      type_uid: 200_403,
      status_id: 4,
    });
    expect(ocsf()).toMatchObject({ activity_id: 1, type_uid: 200_401, status_id: 1 });
  });

  test('maps every severity to its number, in order', () => {
    expect(SEVERITIES.map((severity) => ocsf({ severity }).severity_id)).toEqual([1, 2, 3, 4, 5]);
  });

  test('says which way, in the evidence', () => {
    const direction = (of: Finding['direction']) => ocsf({ direction: of }).evidences[0].connection_info.direction_id;
    expect([direction('inbound'), direction('outbound'), direction('lateral')]).toEqual([1, 2, 3]);
  });

  test('identifies both ends of the evidence', () => {
    expect(ocsf().evidences[0]).toMatchObject({
      src_endpoint: { ip: '10.0.3.22', interface_uid: 'eni-1', instance_uid: 'i-1', vpc_uid: 'vpc-1' },
      dst_endpoint: { ip: '10.0.9.9' },
    });
  });

  test('has an evidence for each service that answered, and for each other target', () => {
    const { evidences } = ocsf({
      targets: { count: 2, exact: true, sample: ['10.0.9.9', '10.0.9.10'] },
      openPorts: {
        count: 2,
        sample: [
          { target: '10.0.9.9', port: 22, protocol: 'tcp', connected: true },
          { target: '10.0.9.9', port: 53, protocol: 'udp' },
        ],
      },
    });
    expect(evidences).toMatchObject([
      { name: 'service stayed connected to', dst_endpoint: { ip: '10.0.9.9', port: 22 } },
      { name: 'service that answered', dst_endpoint: { port: 53 }, connection_info: { protocol_name: 'udp' } },
      { name: 'probe', dst_endpoint: { ip: '10.0.9.10' } },
    ]);
    for (const evidence of evidences) expect(evidence.src_endpoint.ip).toBe('10.0.3.22');
  });

  test('of a campaign has an evidence for each source that is named, with the target where there is but one', () => {
    const sources = campaignOf().sources!.sample;
    const { evidences } = ocsf(campaignOf({ targets: { count: 1, exact: true, sample: ['10.0.9.9'] } }));
    const target = {
      dst_endpoint: { ip: '10.0.9.9', port: 6379 },
      connection_info: { direction_id: 1, protocol_name: 'tcp' },
    };
    expect(evidences).toEqual(sources.map((ip) => ({ name: 'probe', src_endpoint: { ip }, ...target })));
  });

  test('of a campaign on several targets does not say who tried which', () => {
    const campaign = campaignOf();
    const { evidences } = ocsf(campaign);
    type Evidence = { src_endpoint?: { ip: string }; dst_endpoint?: { ip: string } };
    expect(evidences.map(({ src_endpoint, dst_endpoint }: Evidence) => [src_endpoint?.ip, dst_endpoint?.ip])).toEqual([
      ...campaign.sources!.sample.map((ip) => [ip, undefined]),
      ...campaign.targets.sample.map((ip) => [undefined, ip]),
    ]);
  });

  test.each<[string, Finding]>([
    ['a scan', findingOf()],
    ['a campaign on one target', campaignOf({ targets: { count: 1, exact: true, sample: ['10.0.9.9'] } })],
    ['a campaign on several', campaignOf()],
  ])('of %s has observables that repeat what stands where they point, and nothing else', (_, finding) => {
    const event = ocsf(finding);
    const at = (path: string) => {
      const [list, end, part] = path.split('.') as ['evidences', 'src_endpoint', 'ip'];
      return event[list].map((item: Record<string, Record<string, string>>) => item[end]?.[part]);
    };
    const values = event.observables.map(({ value }: { value: string }) => value);
    expect(values).toEqual([...(finding.sources?.sample ?? ['10.0.3.22']), ...finding.targets.sample]);
    for (const { name, type_id, value } of event.observables) {
      expect(type_id).toBe(2);
      expect(at(name)).toContain(value);
    }
  });

  test('ties the findings about members to their campaign', () => {
    const campaign = campaignOf({ id: 'c'.repeat(24) });
    expect(ocsf(campaign).metadata.correlation_uid).toBe('c'.repeat(24));
    expect(ocsf({ campaign: campaign.id }).metadata.correlation_uid).toBe('c'.repeat(24));
    expect(ocsf().metadata.correlation_uid).toBe(findingOf().id);
  });

  test('tags the tool where there is a guess', () => {
    expect(ocsf({ tool: { name: 'nmap', confidence: 70 } }).finding_info.tags).toEqual([
      { name: 'tool', value: 'nmap' },
      { name: 'tool_confidence', value: '70' },
    ]);
    expect(ocsf().finding_info).not.toHaveProperty('tags');
  });

  test('has a technique in every attack, and the finding itself unmapped', () => {
    expect(ocsf().finding_info.attacks).toEqual([
      { technique: { uid: 'T1046', name: 'Network Service Discovery' }, tactic: { name: 'Discovery' } },
    ]);
    expect(ocsf().unmapped.sweepwatch).toEqual(findingOf());
  });
});

describe('of another version', () => {
  const full = () =>
    findingOf({
      tool: { name: 'nmap', confidence: 70 },
      verdict: 'benign',
      status: 'closed',
      closedBecause: 'analyst',
    });
  // biome-ignore lint/suspicious/noExplicitAny: the mapping is of another project's shape, read by path
  const written = (version: OcsfVersion): any => JSON.parse(JSON.stringify(toOcsf(full(), version)));

  test('1.6 has everything that 1.8 has', () => {
    const { metadata, ...latest } = written('1.8');
    expect(written('1.6')).toEqual({ ...latest, metadata: { ...metadata, version: '1.6.0' } });
  });

  test('1.3 lacks what came later, and has the rest', () => {
    const event = written('1.3');
    const { is_alert, verdict_id, ...latest } = written('1.8');
    expect([is_alert, verdict_id]).toEqual([true, 5]);
    const { tags, ...info } = latest.finding_info;
    const { profiles, ...metadata } = latest.metadata;
    expect([tags, profiles]).toEqual([expect.any(Array), ['incident']]);
    expect(event).toEqual({
      ...latest,
      metadata: { ...metadata, version: '1.3.0' },
      finding_info: info,
      evidences: latest.evidences.map(({ name: _, ...one }: { name: string }) => one),
    });
    expect(event.unmapped.sweepwatch).toEqual(full());
  });

  test('is refused by the schema of 1.3, if it is later', () => {
    const validate = new Ajv2020({ strict: false }).compile(schemaAt('ocsf-1.3'));
    expect(validate(written('1.3'))).toBe(true);
    expect(validate({ ...written('1.8'), metadata: written('1.3').metadata })).toBe(false);
  });
});

test('an update and the end are activities of their own, so that one scan is counted once', () => {
  const uids = (['opened', 'escalated', 'closed'] as const).map((event) => {
    const { activity_id, type_uid } = toOcsf(findingOf(), '1.8', event);
    return [activity_id, type_uid];
  });
  expect(uids).toEqual([
    [1, 200_401],
    [2, 200_402],
    [3, 200_403],
  ]);
});
