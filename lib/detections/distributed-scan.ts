/** Many sources that divide one target's ports, our hosts on one port, or pairs of both. Page: `docs/detections/distributed-scan.md`. */
import type { CampaignDetection } from '../scan/detection.ts';

export const distributedScan = {
  id: 'distributed-scan',
  name: 'distributed scan',
  shape: 'many sources divide the ports or hosts between them',
  directions: ['inbound', 'lateral'],
  sources: 'campaignSources',
  overlap: 'campaignOverlap',
  divides: [
    {
      groupBy: 'target',
      horizon: '1h',
      share: 'campaignPortsPerSource',
      cover: 'campaignPorts',
      tests: { sources: 'campaign-sources', cover: 'campaign-ports', overlap: 'campaign-overlap' },
    },
    {
      groupBy: 'port',
      // A longer window than for ports: dozens of hosts shared out without overlap show a plan by themselves. On one
      // target's ports, three hours of unrelated sources would look like a campaign.
      horizon: '3h',
      share: 'campaignTargetsPerSource',
      cover: 'campaignTargets',
      tests: { sources: 'campaign-sources', cover: 'campaign-targets', overlap: 'campaign-overlap' },
    },
    // Sources that take another address of their network for each probe have one part each.
    {
      groupBy: 'target',
      horizon: '1h',
      isOfNetwork: true,
      cover: 'campaignPorts',
      tests: { sources: 'network-sources', cover: 'network-ports', overlap: 'network-overlap' },
    },
    {
      groupBy: 'port',
      horizon: '3h',
      isOfNetwork: true,
      cover: 'campaignTargets',
      tests: { sources: 'network-sources', cover: 'network-targets', overlap: 'network-overlap' },
    },
    {
      groupBy: 'source',
      horizon: '3h',
      share: 'campaignPairsPerSource',
      cover: 'campaignPairs',
      tests: { sources: 'block-sources', cover: 'campaign-pairs', overlap: 'block-overlap' },
    },
  ],
  settings: {
    campaignSources: {
      default: { low: 24, medium: 12, high: 8 },
      range: [4, 10_000],
      unit: 'count',
      means:
        'Sources, all outside or all inside, that must divide the ports of one target between them ' +
        'within an hour, or inside hosts on one port within three hours. Lower finds smaller campaigns, ' +
        'and more coincidences.',
    },
    campaignPortsPerSource: {
      default: { low: 6, medium: 4, high: 3 },
      range: [2, 100],
      unit: 'count',
      means:
        'Distinct ports of the target that a source must try to be a member. All of them but one ' +
        'must fail. Further ports may answer. Sources of background noise try at most three.',
    },
    campaignTargetsPerSource: {
      default: { low: 3, medium: 3, high: 3 },
      range: [2, 100],
      unit: 'count',
      means: 'The same for inside hosts on the port.',
    },
    campaignPorts: {
      default: { low: 100, medium: 48, high: 32 },
      range: [8, 65_536],
      unit: 'count',
      means: 'Distinct ports of one target that the members must try together.',
    },
    campaignTargets: {
      default: { low: 100, medium: 48, high: 32 },
      range: [8, 65_536],
      unit: 'count',
      means: 'Distinct inside hosts that the members must try together on one port.',
    },
    campaignPairsPerSource: {
      default: { low: 8, medium: 6, high: 5 },
      range: [2, 100],
      unit: 'count',
      means:
        'Distinct pairs of inside host and port that a source must try within three hours to be a member ' +
        'of a campaign that divides neither ports nor hosts.',
    },
    campaignPairs: {
      default: { low: 150, medium: 72, high: 48 },
      range: [8, 65_536],
      unit: 'count',
      means: 'Distinct pairs of inside host and port that its members must try together.',
    },
    campaignOverlap: {
      default: { low: 1.5, medium: 1.5, high: 1.5 },
      range: [1, 4],
      unit: 'share',
      means: 'Members that a port (or target, or pair) may have on average. Higher includes unrelated sources.',
    },
  },
  mayBe: {
    inbound: [
      'an approved external scanning service, which spreads its probes over many addresses',
      'a research project that surveys the whole internet from many addresses',
      'clients of a service that moved, all of which try its old address',
    ],
    lateral: [
      'an approved scanner that runs on many hosts',
      'agents of one product that look for each other after a deployment',
    ],
  },
} as const satisfies CampaignDetection;
