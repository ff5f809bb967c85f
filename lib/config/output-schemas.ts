/** The shapes of what commands print for programs, from which their JSON schemas are written. They change by addition. */
import { z } from 'zod';
import { SEVERITIES } from '../finding/model.ts';
import { HORIZONS } from '../scan/detection.ts';

/** Objects may gain fields, so consumers must accept unknown ones. */
const open = z.looseObject;
const count = z.int().min(0);
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const share = z.number().min(0).max(1);
const severity = z.enum(SEVERITIES);
const direction = z.enum(['lateral', 'inbound', 'outbound']);
const horizon = z.enum(Object.keys(HORIZONS) as (keyof typeof HORIZONS)[]);
const against = open({ value: z.number(), threshold: z.number() });

const doctor = open({
  schemaVersion: z.literal(1),
  heading: z.string().describe('What was looked at.'),
  exitCode: z.union([z.literal(0), z.literal(1)]).describe('1 if a check failed.'),
  checks: z
    .array(
      open({
        id: z.string().describe('Stable id of the check. A check may have several entries.'),
        status: z.enum(['ok', 'warn', 'FAIL', 'skip']).describe('skip: it could not be asked, or does not apply.'),
        text: z.string(),
        because: z.string().optional().describe('What follows from it, or what AWS says.'),
        command: z.string().optional().describe('The command to run next.'),
        see: z.string().describe('The document and section about it.'),
        permission: z.string().describe('The permission that the check needs.'),
      }),
    )
    .describe('In the order in which they are printed.'),
}).describe('What doctor --json prints.');

const stats = z
  .array(
    open({
      kind: z.string().describe('A kind of finding, or "all" in the last row.'),
      findings: count.describe('Findings that stand. Merged and withdrawn ones do not.'),
      withdrawn: count,
      suppressed: count,
      judged: count.describe('Findings with a verdict.'),
      true: count,
      benign: count,
      tuned: count,
      precision: share.optional().describe('Share of true verdicts. Absent without verdicts.'),
      interval: z
        .tuple([share, share])
        .optional()
        .describe('Where the precision lies with a confidence of 95%, if the judged findings are like the others.'),
    }),
  )
  .describe('What findings stats --format json prints. With ndjson, each line is one entry. Empty without findings.');

const finding = { id: z.string(), kind: z.string(), severity, firstSeen: time, lastSeen: time };

const spread = open({ count, exact: z.boolean(), sample: z.array(z.union([z.string(), z.number()])) });

const whySource = open({
  source: open({ address: z.string(), scope: z.string() }).describe('As the source of a finding.'),
  inside: z.boolean(),
  from: time.describe('First contact.'),
  to: time.describe('Last contact.'),
  contacts: open({
    begun: count.describe('Distinct contacts of each hour that the source began.'),
    first: count.describe('Those that were not made in the hour before, and are decided.'),
    failed: count,
    answered: count,
    recurring: count,
    waiting: count.describe('Contacts whose answer is not overdue yet.'),
  }),
  windows: z
    .array(
      open({
        detection: z.string(),
        test: z.string(),
        direction,
        horizon,
        shared: z.string().optional().describe('The target or the port that the contacts share, if any.'),
        from: time,
        to: time,
        failures: against,
        perSuccess: open({ value: z.number().optional(), threshold: z.number() }).describe(
          'Failures for each success. The value is absent without successes.',
        ),
        walk: against,
        recurring: against.describe('Recurring failures, which count only beyond the limit.'),
        lacks: z.array(z.enum(['failures', 'ratio', 'walk', 'condition', 'sequel'])).describe('Empty if met.'),
        nearness: share.describe('1 if met.'),
        contexts: z.array(
          open({
            context: z.string(),
            contacts: count,
            failure: z.number().describe('What each is worth for a scan.'),
            success: z.number().describe('What each is worth against it.'),
            atMost: z.enum(['low', 'medium']).optional().describe('The highest severity that they allow alone.'),
          }),
        ),
      }),
    )
    .describe('For each detection and horizon, the nearest first.'),
  scans: z
    .array(open({ ...finding, direction: direction.optional() }))
    .describe('The scans that this evidence shows, before the traffic of others is weighed.'),
  isSampled: z.boolean(),
  dataQuality: z.array(z.string()),
  findings: z
    .array(
      open({
        ...finding,
        state: z.string(),
        campaign: z.string().optional().describe('The campaign that the scan is part of.'),
        members: count.optional().describe('Number of members, of a campaign that has the address as a member.'),
      }),
    )
    .optional()
    .describe('Stored findings of that time. Absent if the findings table is not known.'),
}).describe('What the evidence says of an address.');

const whyFinding = open({
  finding: open({ ...finding, direction: direction.optional(), detectedAt: time, state: z.string() }),
  tests: z
    .array(
      open({
        test: z.string(),
        value: z.number().describe('When the evidence was first enough.'),
        threshold: z.number(),
        text: z.string(),
        isCeiling: z.boolean().describe('Whether the value had to stay at or below the threshold.'),
        margin: z.number().describe('How far the value was beyond the threshold.'),
        final: count.optional().describe('The value in the end, of tests that go on counting.'),
      }),
    )
    .describe('Thresholds of a campaign, or rules about signals.'),
  shared: z
    .array(z.string())
    .optional()
    .describe(
      'Targets, or ports with protocol numbers such as "22/6", that all members tried. Empty for pairs of both.',
    ),
  members: z
    .array(
      open({
        address: z.string(),
        share: count.optional().describe('Distinct parts that it tried. Absent without evidence.'),
        failed: count.optional(),
        nearest: open({ test: z.string(), failures: against, nearness: share })
          .optional()
          .describe('The threshold of a single source that it came nearest to.'),
      }),
    )
    .optional()
    .describe('Members of a campaign, at most 20, those with the most contacts first.'),
  sources: open({ count, sample: z.array(z.string()), scope: z.string().optional() }).optional(),
  targets: spread,
  ports: spread,
  contacts: open({ failed: count, established: count }),
  actor: open({ kind: z.string(), name: z.string() }).optional().describe('As in a finding.'),
  signals: open({ count, sample: z.array(open({ at: z.string(), type: z.string(), summary: z.string() })) })
    .optional()
    .describe('As in a finding.'),
  prevention: z.array(z.string()).describe('What would have prevented the finding, each alone, as text.'),
  dataQuality: z.array(z.string()),
}).describe('Why a campaign, or a finding of signals alone, was reported.');

const why = z
  .array(z.union([whySource, whyFinding]))
  .describe(
    'What findings why --format json and detect --why print: an entry for each scope that has the address, or one for a finding without a single source that was asked for by its id. With ndjson, each line is one entry.',
  );

const watches = z
  .array(
    open({
      id: z.string(),
      source: z.string().optional(),
      target: z.string().optional(),
      instance: z.string().optional(),
      subnet: z.string().optional(),
      account: z.string().optional(),
      namespace: z.string().optional(),
      owner: z.string(),
      reason: z.string(),
      sensitivity: z.string().describe('medium or high, unless the watch is void.'),
      from: z.string(),
      until: z.string(),
      state: z.enum(['active', 'ended', 'void']),
    }),
  )
  .describe('What watch list --json prints, those that end last first.');

const overlap = {
  vpcs: z.tuple([z.string(), z.string()]),
  cidrs: z.tuple([z.string(), z.string()]).describe('A block of each of the two that has addresses of the other.'),
};

const domains = open({
  schemaVersion: z.literal(1),
  routingDomains: z.record(z.string(), z.array(z.string())).describe('The setting. Empty if none is needed.'),
  groups: z
    .array(
      open({
        name: z.string().optional().describe('Absent if the VPCs need no entry.'),
        vpcs: z.array(z.string()),
        connectedBy: z
          .array(z.string())
          .describe('Ids of peering connections and transit gateways, and routingDomains for the setting of --config.'),
      }),
    )
    .describe('All VPCs, those that share private addresses together.'),
  apart: z.array(open(overlap)).describe('VPCs of one account with equal addresses that nothing connects.'),
  notJoined: z
    .array(open({ ...overlap, by: z.string() }))
    .describe('VPCs with equal addresses that are connected and still kept apart.'),
  vpcs: z.array(
    open({
      id: z.string(),
      account: z.string().optional(),
      region: z.string().optional(),
      cidrs: z.array(z.string()).optional(),
    }),
  ),
  assumedRoutes: z.array(z.string()).describe('Transit gateways all of whose VPCs count as connected.'),
  unknownAddresses: z.array(z.string()).describe('VPCs whose addresses could not be looked at.'),
  notLookedAt: z.array(z.string()).describe('What could not be looked at, with the reason.'),
}).describe('What setup domains --json prints.');

/** The shapes by the names of their schemas. */
export const OUTPUTS = {
  doctor,
  'findings-stats': stats,
  'findings-why': why,
  'setup-domains': domains,
  'watch-list': watches,
};

/** The JSON schema of what a command prints. */
export const outputJsonSchema = (name: keyof typeof OUTPUTS): Record<string, unknown> => ({
  ...z.toJSONSchema(OUTPUTS[name], { io: 'output' }),
  title: `Sweepwatch ${name}`,
});
