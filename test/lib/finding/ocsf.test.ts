/** Findings as OCSF 1.8.0 Detection Findings (class 2004): all that the class requires, and nothing contradictory. */
import { describe, expect, test } from '@jest/globals';
import { type Finding, SEVERITIES } from '../../../lib/finding/model.ts';
import { toOcsf } from '../../../lib/finding/ocsf.ts';
import { findingOf } from './samples.ts';

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

  test('of a campaign has no source endpoint, and a target all the same', () => {
    const campaign = ocsf({ source: null, kind: 'distributed-scan', sources: { count: 40, sample: ['203.0.113.1'] } });
    expect(campaign.evidences[0]).not.toHaveProperty('src_endpoint');
    expect(campaign.evidences[0].dst_endpoint).toEqual({ ip: '10.0.9.9' });
    expect(campaign.observables.map(({ value }: { value: string }) => value)).toEqual(['10.0.9.9']);
  });

  test('has a technique in every attack, and the finding itself unmapped', () => {
    expect(ocsf().finding_info.attacks).toEqual([
      { technique: { uid: 'T1046', name: 'Network Service Discovery' }, tactic: { name: 'Discovery' } },
    ]);
    expect(ocsf().unmapped.sweepwatch).toEqual(findingOf());
  });
});
