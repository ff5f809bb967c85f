/**
 * Plans the setting `routingDomains` from the VPCs of an organisation and what connects them. VPCs that reach each other
 * share a domain, so that a scan from one into another is one source. VPCs with overlapping addresses never share one.
 */
import { type Cidr, cidrAround, overlapsCidr } from '../net/cidr.ts';

/** A VPC as far as it is known. */
export interface Vpc {
  readonly id: string;
  /** The account that owns it. */
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  /** Absent where only another end of a connection was looked at. */
  readonly cidrs?: readonly string[] | undefined;
}

/** VPCs that reach each other, and what connects them: `pcx-...`, `tgw-...`. */
export interface Connection {
  readonly by: string;
  readonly vpcs: readonly string[];
  /** What else they reach, such as the peering of two transit gateways. It connects those on its other side. */
  readonly through?: readonly string[];
}

/** Two VPCs that use the same addresses. */
export interface Overlap {
  readonly vpcs: readonly [string, string];
  /** A block of the first one, and the block of the second one that shares addresses with it. */
  readonly cidrs: readonly [string, string];
}

/** VPCs that share one space of private addresses. */
interface DomainGroup {
  /** Absent if the VPCs need no entry in the setting. */
  readonly name?: string;
  readonly vpcs: readonly string[];
  readonly connectedBy: readonly string[];
}

/** The planned setting, and why it is so. */
export interface DomainPlan {
  readonly routingDomains: Readonly<Record<string, readonly string[]>>;
  readonly groups: readonly DomainGroup[];
  /** Overlaps that the setting keeps apart, and which would merge without it. */
  readonly apart: readonly Overlap[];
  /** VPCs that are connected, and were kept apart because they overlap. */
  readonly torn: readonly (Overlap & { readonly by: string })[];
}

/** The connection of VPCs that the present setting names together. */
const PRESENT = 'routingDomains';

interface Block {
  readonly text: string;
  readonly cidr: Cidr;
}

interface Group {
  readonly vpcs: string[];
  readonly by: Set<string>;
}

/** All pairs of VPCs that share addresses, each with one pair of blocks. Sorted by their ids. */
function overlapsOf(vpcs: readonly Vpc[]): Overlap[] {
  const known = byId(vpcs).map(({ id, cidrs }) => ({ id, blocks: blocksOf(cidrs) }));
  return known.flatMap((one, at) =>
    known.slice(at + 1).flatMap((other): Overlap[] => {
      const shared = sharedBlock(one.blocks, other.blocks);
      return shared ? [{ vpcs: [one.id, other.id], cidrs: shared }] : [];
    }),
  );
}

/** The overlaps of VPCs that have one scope, so that their equal addresses would be one source. */
export const mergedOverlaps = (vpcs: readonly Vpc[], scopeOf: (vpc: Vpc) => string): Overlap[] => {
  const scopes = new Map<string, Vpc[]>();
  for (const vpc of vpcs) scopes.set(scopeOf(vpc), [...(scopes.get(scopeOf(vpc)) ?? []), vpc]);
  return [...scopes.values()].flatMap(overlapsOf);
};

/**
 * Plans the setting. The result does not depend on the order of its input.
 * @param present the setting as it is. Its names are kept, and it connects VPCs as the user says.
 */
export function planDomains(
  vpcs: readonly Vpc[],
  connections: readonly Connection[],
  present: Readonly<Record<string, readonly string[]>> = {},
): DomainPlan {
  const given = Object.entries(present).map(([, ids]) => ({ by: PRESENT, vpcs: ids }));
  const all = [
    ...byText(connections, ({ by, vpcs: ids, through = [] }) => `${by} ${ids.join()} ${through.join()}`),
    ...given,
  ];
  const known = new Map<string, Vpc>(all.flatMap((connection) => connection.vpcs).map((id) => [id, { id }]));
  for (const vpc of vpcs) known.set(vpc.id, vpc);
  const everyone = byId([...known.values()]);
  const { groups, torn } = connect(everyone, all);
  const accountOf = (id: string) => known.get(id)?.account;
  const overlaps = overlapsOf(everyone);
  const groupOf = new Map(groups.flatMap((group) => group.vpcs.map((id) => [id, group] as const)));
  const apart = overlaps.filter(
    ({ vpcs: [one, other] }) => groupOf.get(one) !== groupOf.get(other) && accountOf(one) === accountOf(other),
  );
  const colliding = new Set(apart.flatMap((overlap) => overlap.vpcs.map((id) => groupOf.get(id))));
  const names = new Names(present);
  const named = groups.map((group): DomainGroup => {
    const isNeeded = colliding.has(group) || new Set(group.vpcs.map(accountOf)).size > 1;
    const name = names.of(group.vpcs, isNeeded);
    return { ...(name !== undefined && { name }), vpcs: group.vpcs, connectedBy: [...group.by].sort() };
  });
  const routingDomains = Object.fromEntries(
    byText(
      named.flatMap(({ name, vpcs: ids }) => (name === undefined ? [] : [[name, ids] as const])),
      ([name]) => name,
    ),
  );
  return { routingDomains, groups: named, apart, torn };
}

/** Joins VPCs along their connections, but for those that overlap. */
function connect(vpcs: readonly Vpc[], connections: readonly Connection[]) {
  const middles = new Set(connections.flatMap(({ through = [] }) => through));
  const blocks = new Map(vpcs.map(({ id, cidrs }) => [id, blocksOf(cidrs)]));
  const nodes = [...middles, ...blocks.keys()];
  const groupOf = new Map<string, Group>(nodes.map((id) => [id, { vpcs: [id], by: new Set() }]));
  const torn: (Overlap & { by: string })[] = [];
  for (const { by, vpcs: ids, through = [] } of connections) {
    // Groups that this connection has made so far. There are several if VPCs overlap.
    const joined: Group[] = [];
    for (const id of [...through, ...[...new Set(ids)].sort()]) {
      const own = groupOf.get(id)!;
      if (joined.includes(own)) continue;
      let refusal: Overlap | undefined;
      const host = joined.find((group) => {
        const overlap = overlapBetween(own.vpcs, group.vpcs, blocks);
        refusal ??= overlap;
        return overlap === undefined;
      });
      if (!host) {
        joined.push(own);
        if (refusal) torn.push({ ...refusal, by });
        continue;
      }
      host.vpcs.push(...own.vpcs);
      for (const each of [...own.by, by]) host.by.add(each);
      for (const each of own.vpcs) groupOf.set(each, host);
    }
  }
  const groups = [...new Set(groupOf.values())]
    .map((group) => ({ ...group, vpcs: group.vpcs.filter((id) => !middles.has(id)).sort() }))
    .filter((group) => group.vpcs.length > 0);
  return { groups: byText(groups, (group) => group.vpcs[0]!), torn };
}

function overlapBetween(
  some: readonly string[],
  others: readonly string[],
  blocks: ReadonlyMap<string, readonly Block[]>,
): Overlap | undefined {
  for (const one of some)
    for (const other of others) {
      const shared = sharedBlock(blocks.get(one) ?? [], blocks.get(other) ?? []);
      if (shared) return { vpcs: [one, other], cidrs: shared };
    }
  return undefined;
}

function sharedBlock(some: readonly Block[], others: readonly Block[]): [string, string] | undefined {
  for (const one of some)
    for (const other of others) if (overlapsCidr(one.cidr, other.cidr)) return [one.text, other.text];
  return undefined;
}

const blocksOf = (cidrs: readonly string[] = []): Block[] =>
  cidrs.flatMap((text) => {
    const cidr = cidrAround(text);
    return cidr ? [{ text, cidr }] : [];
  });

/** Gives names to groups: those of the present setting first, else the id of the first VPC. */
class Names {
  readonly #present: readonly (readonly [string, readonly string[]])[];
  readonly #taken: Set<string>;
  readonly #given = new Set<string>();

  constructor(present: Readonly<Record<string, readonly string[]>>) {
    this.#present = byText(Object.entries(present), ([name]) => name);
    this.#taken = new Set(Object.keys(present));
  }

  /** A group with a name keeps it, because its findings and evidence are stored under that name. */
  of(vpcs: readonly string[], isNeeded: boolean): string | undefined {
    const kept = this.#present.find(([name, ids]) => !this.#given.has(name) && ids.some((id) => vpcs.includes(id)));
    if (kept) {
      this.#given.add(kept[0]);
      return kept[0];
    }
    // A group that was torn from a named one would be merged with the rest of its account without a name.
    const wasNamed = this.#present.some(([, ids]) => ids.some((id) => vpcs.includes(id)));
    return isNeeded || wasNamed ? this.#free(vpcs[0]!) : undefined;
  }

  #free(id: string): string {
    let name = id;
    for (let at = 2; this.#taken.has(name); at++) name = `${id}-${at}`;
    this.#taken.add(name);
    return name;
  }
}

const byText = <T>(items: readonly T[], textOf: (item: T) => string): T[] =>
  [...items].sort((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0));

const byId = (vpcs: readonly Vpc[]): Vpc[] => byText(vpcs, ({ id }) => id);
