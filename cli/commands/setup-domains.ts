/** `sweepwatch setup domains`: prints the setting `routingDomains` for the VPCs of some accounts and Regions. */
import { loadSettings, SettingsError } from '../../lib/config/load.ts';
import {
  type Connection,
  type DomainPlan,
  type Overlap,
  planDomains,
  type Vpc,
} from '../../lib/config/routing-domains.ts';
import { known } from '../../lib/store/health/ask.ts';
import type { Answer } from '../../lib/store/health/facts.ts';
import { type ConnectionFacts, gatherNetworks, type NetworkFacts } from '../../lib/store/health/networks.ts';
import { jsonText, printable, printableLines } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `setup domains`, as the program reads them. */
export interface SetupDomainsOptions {
  readonly region?: readonly string[];
  readonly profile?: readonly string[];
  readonly config?: string;
  readonly json?: boolean;
}

/** Overlaps, groups and problems that are printed before the rest is counted. */
const MOST_SHOWN = 20;

/** Runs `setup domains` and returns the exit code: 0 printed, 1 if something could not be looked at. */
export async function setupDomainsCommand(options: SetupDomainsOptions, terminal: Terminal): Promise<number> {
  const present = options.config === undefined ? {} : presentIn(options.config);
  const networks: NetworkFacts[] = [];
  for (const profile of options.profile ?? [undefined])
    for (const region of options.region ?? [undefined]) networks.push(await gatherNetworks({ profile, region }));
  const notSeen = problemsOf(networks);
  const vpcs = vpcsIn(networks);
  const all = withoutRefuted(
    networks.flatMap(({ peerings, gateways }) => [...(known(peerings) ?? []), ...(known(gateways) ?? [])]),
  );
  const connections = distinct(all);
  const plan = planDomains(vpcs, connections, present);
  const assumed = [...new Set(all.filter(({ isAssumed }) => isAssumed).map(({ by }) => by))].sort();
  const unknown = unknownIn(plan, vpcs);
  const result = { plan, vpcs, assumed, unknown, notSeen };
  terminal.stdout(options.json ? `${jsonText(documentOf(result), 2)}\n` : textOf(result));
  for (const problem of notSeen) terminal.stderr(`sweepwatch: ${printable(problem)}\n`);
  return notSeen.length ? 1 : 0;
}

/** The setting as a file has it. @throws UsageError */
function presentIn(file: string): Readonly<Record<string, readonly string[]>> {
  try {
    return loadSettings(file).routingDomains;
  } catch (error) {
    throw error instanceof SettingsError ? new UsageError(error.message) : error;
  }
}

interface Result {
  readonly plan: DomainPlan;
  readonly vpcs: readonly Vpc[];
  /** Transit gateways whose routes could not be looked at. */
  readonly assumed: readonly string[];
  /** VPCs whose addresses are not known. */
  readonly unknown: readonly string[];
  readonly notSeen: readonly string[];
}

/** The VPCs of all Regions, each once. What its own Region says of a VPC counts more than what others say. */
function vpcsIn(networks: readonly NetworkFacts[]): Vpc[] {
  const found = new Map<string, Vpc>();
  for (const { peerings, gateways } of networks)
    for (const { vpcs } of [...(known(peerings) ?? []), ...(known(gateways) ?? [])])
      for (const vpc of vpcs) found.set(vpc.id, { ...found.get(vpc.id), ...vpc });
  for (const { region, vpcs } of networks) for (const vpc of known(vpcs) ?? []) found.set(vpc.id, { region, ...vpc });
  return [...found.values()];
}

/** Leaves out what an account assumes of a gateway whose routes another one sees. */
function withoutRefuted(all: readonly ConnectionFacts[]): readonly ConnectionFacts[] {
  const seen = new Set(all.filter(({ isAssumed }) => !isAssumed).map(({ by }) => by));
  return all.filter(({ by, isAssumed }) => !isAssumed || !seen.has(by));
}

/** The same peering is seen from both of its Regions, and the same gateway with each of its tables. */
const distinct = (all: readonly ConnectionFacts[]): Connection[] => [
  ...new Map(
    all.map(({ by, vpcs, through = [] }) => {
      const connection = { by, vpcs: [...new Set(vpcs.map(({ id }) => id))].sort(), through: [...through].sort() };
      return [jsonText(connection), connection] as const;
    }),
  ).values(),
];

/** VPCs of which nobody told the addresses, so that their overlaps are not known. */
const unknownIn = ({ groups }: DomainPlan, vpcs: readonly Vpc[]): string[] => {
  const told = new Set(vpcs.filter(({ cidrs }) => cidrs?.length).map(({ id }) => id));
  return groups.flatMap((group) => group.vpcs.filter((id) => !told.has(id)));
};

function problemsOf(networks: readonly NetworkFacts[]): string[] {
  const problems = networks.flatMap(({ region, vpcs, peerings, gateways, routes }) =>
    [
      ['VPCs', vpcs],
      ['peering connections', peerings],
      ['transit gateways', gateways],
      ['route tables of transit gateways', routes],
    ].flatMap(([what, answer]) => {
      const because = reasonOf(answer as Answer<unknown>);
      return because ? [`${what} of ${region}: not looked at, ${because}`] : [];
    }),
  );
  return [...new Set(problems)];
}

function reasonOf(answer: Answer<unknown>): string | undefined {
  if ('value' in answer) return undefined;
  if ('denied' in answer) return `because the caller may not call ${answer.denied}`;
  return 'missing' in answer ? answer.missing : answer.failed;
}

const documentOf = ({ plan, vpcs, assumed, unknown, notSeen }: Result) => ({
  schemaVersion: 1,
  routingDomains: plan.routingDomains,
  groups: plan.groups,
  apart: plan.apart,
  notJoined: plan.torn,
  vpcs: [...vpcs]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, account, region, cidrs }) => ({ id, account, region, cidrs })),
  assumedRoutes: assumed,
  unknownAddresses: unknown,
  notLookedAt: notSeen,
});

function textOf({ plan, vpcs, assumed, unknown }: Result): string {
  const { routingDomains, groups, apart, torn } = plan;
  const regionOf = new Map(vpcs.map(({ id, region, account }) => [id, [account, region].filter(Boolean).join(' ')]));
  const named = groups.filter(({ name }) => name !== undefined);
  const plain = groups.filter(({ name }) => name === undefined).flatMap((group) => group.vpcs);
  const lines = [
    named.length
      ? 'Put this into the settings file:'
      : `${countOf(groups.flatMap((group) => group.vpcs).length, 'VPC')} found. The setting routingDomains may stay empty: equal addresses of different VPCs do not merge.`,
    '',
    ...(named.length ? [`"routingDomains": ${jsonText(routingDomains, 2)}`, ''] : []),
    ...shown(named, ({ name, vpcs: ids, connectedBy }) => [
      `${name}: ${ids.map((id) => `${id} (${regionOf.get(id) || 'not looked at'})`).join(', ')}${connectedBy.length ? `, connected by ${connectedBy.join(', ')}` : ''}`,
    ]),
    ...shown(apart, (overlap) => [`kept apart, not connected: ${wordsOf(overlap)}`]),
    ...shown(torn, ({ by, ...overlap }) => [
      `kept apart, though ${by} connects them: ${wordsOf(overlap)}. A scan that crosses between their domains is reported once for each side`,
    ]),
    ...(plain.length && named.length
      ? [
          `${countOf(plain.length, 'VPC')} ${plain.length === 1 ? 'needs' : 'need'} no entry, because ${plain.length === 1 ? 'its account has each of its' : 'their accounts have each of their'} addresses once.`,
        ]
      : []),
    ...assumed.map(
      (gateway) =>
        `${gateway}: its routes are visible to its owner only, or too many to be listed, so all its VPCs count as connected`,
    ),
    ...(unknown.length
      ? [
          `addresses unknown, so overlaps may be missing: ${unknown.slice(0, MOST_SHOWN).join(', ')}${more(unknown)}. Add their accounts with --profile and their Regions with --region`,
        ]
      : []),
  ];
  return `${printableLines(lines.join('\n')).trimEnd()}\n`;
}

/** The words of the first items, and how many there are beyond. */
const shown = <T>(items: readonly T[], words: (item: T) => readonly string[]): string[] => [
  ...items.slice(0, MOST_SHOWN).flatMap(words),
  ...(items.length > MOST_SHOWN ? [`... and ${items.length - MOST_SHOWN} more (--json prints all)`] : []),
];

const more = (items: readonly unknown[]): string =>
  items.length > MOST_SHOWN ? ` and ${items.length - MOST_SHOWN} more` : '';

const wordsOf = ({ vpcs: [one, other], cidrs: [ofOne, ofOther] }: Overlap): string =>
  ofOne === ofOther ? `${one} and ${other} both have ${ofOne}` : `${one} has ${ofOne}, ${other} has ${ofOther}`;
