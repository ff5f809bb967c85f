/** A flood of sources costs bounded memory, drops whole sources, says so, and hides no large campaign. */
import { expect, test } from '@jest/globals';
import { distributedScan } from '../../../lib/detections/distributed-scan.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import type { SourceEvidence } from '../../../lib/evidence/evidence.ts';
import { EVERYTHING } from '../../../lib/evidence/sample.ts';
import { detectCampaigns } from '../../../lib/finding/describe-campaign.ts';
import { CampaignContacts, MOST_CONTACTS } from '../../../lib/scan/campaign-contacts.ts';
import { NOON } from './traffic.ts';

const HOUR = NOON / 3600;
/** SYN, REJECT, TCP, and the target belongs to a logged interface. */
const REJECTED = 1 | 8 | 8192 | 4096;

const outsider = (
  address: string,
  contacts: readonly { target: string; port: number; at: number }[],
): SourceEvidence => ({
  scope: 'internet',
  address,
  inside: false,
  panes: [
    {
      hour: HOUR,
      sample: EVERYTHING,
      quality: 0,
      fragments: 1,
      contacts: contacts.map(({ target, port, at }, n) => ({
        target,
        port,
        protocol: 6,
        seen: REJECTED,
        hash: n,
        firstStart: at,
        firstEnd: at,
        lastEnd: at,
        minutesLow: 1,
        minutesHigh: 0,
        sourcePort: 40_000,
        packetBytes: 44,
        flows: 1,
      })),
    },
  ],
});

test('a flood of sources is dropped by half and half again, and a campaign of many is found all the same', () => {
  const context = {
    settings: detectionSettings(),
    secret: 'a test',
    logTime: NOON + 3600,
    overdueBefore: Number.POSITIVE_INFINITY,
  };
  const inbound = new CampaignContacts({ ...context, campaign: distributedScan });
  const STRANGERS = 60_000;
  for (let n = 0; n < STRANGERS; n++) {
    const contacts = [0, 1, 2].map((k) => ({
      target: `10.0.1.${(n * 7 + k * 31) % 200}`,
      port: 23,
      at: NOON + (n % 3000),
    }));
    inbound.add(outsider(`11.${n & 255}.${(n >> 8) & 255}.${n >> 16}`, contacts));
  }
  for (let n = 0; n < 200; n++) {
    const contacts = Array.from({ length: 5 }, (_, k) => ({
      target: '10.0.9.9',
      port: 1 + n * 5 + k,
      at: NOON + n * 10,
    }));
    inbound.add(outsider(`203.0.${n}.113`, contacts));
  }
  for (const isOfNetwork of [false, true])
    expect(inbound.contactsFor({ isOfNetwork, kind: 'vertical' }).length).toBeLessThanOrEqual(MOST_CONTACTS);
  // Pairs are one group, which takes much more memory for each contact.
  expect(inbound.contactsFor({ isOfNetwork: false, kind: 'block' }).length).toBeLessThanOrEqual(8_000);
  expect(inbound.dropped).toBeGreaterThan(STRANGERS / 4);
  const campaigns = detectCampaigns(inbound, context);
  expect(campaigns).toHaveLength(1);
  expect(campaigns[0]!.finding).toMatchObject({ kind: 'distributed-scan', targets: { sample: ['10.0.9.9'] } });
  expect(campaigns[0]!.finding.dataQuality).toEqual([expect.stringContaining('sample')]);
  // A quarter of the sources is left, so a quarter of the two hundred members, give or take.
  expect(campaigns[0]!.finding.sources!.count).toBeGreaterThan(30);
});
