/** Watches: scoped, expiring, attributed rules that raise sensitivity. The opposite of suppressions. */
import type { Sensitivity } from '../detections/settings.ts';
import { epochSeconds, type Finding, type FindingSource, type Reason } from '../finding/model.ts';
import { parseAddress } from '../net/address.ts';
import { type Cidr, cidrAround, containsAddress } from '../net/cidr.ts';
import type { Networks } from '../net/networks.ts';

/** The parts of a scope, in the order in which they are shown. All that are given must fit. */
export const WATCH_PARTS = ['source', 'target', 'instance', 'subnet', 'account', 'namespace'] as const;

export type WatchPart = (typeof WATCH_PARTS)[number];

/** What is watched. `source` and `target` are CIDRs. */
export type WatchScope = { readonly [Part in WatchPart]?: string };

/** The sensitivities that a watch may raise to. */
export const WATCH_SENSITIVITIES = ['medium', 'high'] as const satisfies readonly Sensitivity[];

/**
 * Raises sensitivity for scans whose probes overlap a time of the log. The time of the log decides and not the clock of
 * the judgement, so the same evidence gives the same findings before and after the end of a watch.
 */
export interface Watch extends WatchScope {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  readonly sensitivity: (typeof WATCH_SENSITIVITIES)[number];
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
}

/** A watch that can be compared quickly. One that was written by hand may be invalid, and covers nothing. */
interface Ready {
  readonly watch: Watch;
  readonly source: Cidr | undefined;
  readonly target: Cidr | undefined;
  readonly from: number;
  readonly until: number;
}

function readied(watch: Watch): Ready | undefined {
  const cidrOf = (text: string | undefined) => (text === undefined ? undefined : cidrAround(text));
  const [source, target] = [cidrOf(watch.source), cidrOf(watch.target)];
  const isScoped = WATCH_PARTS.some((part) => watch[part] !== undefined);
  const isReadable = (watch.source === undefined || source) && (watch.target === undefined || target);
  if (!isScoped || !isReadable || !WATCH_SENSITIVITIES.includes(watch.sensitivity)) return undefined;
  const [from, until] = [epochSeconds(watch.from), epochSeconds(watch.until)];
  // A time that cannot be read compares as false.
  return from <= until ? { watch, source, target, from, until } : undefined;
}

/** Whether a watch raises sensitivity now. One that was written into the table by hand may be invalid. */
export function stateOfWatch(watch: Watch, now: number): 'active' | 'ended' | 'void' {
  if (!readied(watch)) return 'void';
  return epochSeconds(watch.until) > now ? 'active' : 'ended';
}

/** A source as far as evidence or a finding tells. */
interface Holder extends Pick<FindingSource, 'address' | 'scope' | 'accountId' | 'subnetId' | 'instanceId'> {
  /** Of the pods that had the address. Undefined if nobody asked, and then it may be any. */
  readonly namespaces?: readonly string[] | undefined;
}

/** What is known of the source of a scan beside its evidence. */
interface Known {
  /** Namespaces of the pods that had its address during the scan. */
  readonly namespaces?: readonly string[] | undefined;
  /** Watches under which the scan was found before. Who held an address may be forgotten before the scan is. */
  readonly kept?: ReadonlySet<string>;
}

/** Some watches, in force or over, prepared for comparing. */
export class Watches {
  readonly #watches: readonly Ready[];

  constructor(watches: readonly Watch[]) {
    this.#watches = watches.flatMap((watch) => readied(watch) ?? []);
  }

  get isEmpty(): boolean {
    return this.#watches.length === 0;
  }

  /** How many are in force at an epoch second. */
  countAt(now: number): number {
    return this.#watches.filter(({ from, until }) => from <= now && until > now).length;
  }

  /** Whether there is a watch with this id. */
  has(id: string): boolean {
    return this.#watches.some(({ watch }) => watch.id === id);
  }

  /** The sensitivities that these watches raise to, the lowest first. */
  get sensitivities(): readonly Watch['sensitivity'][] {
    return WATCH_SENSITIVITIES.filter((one) => this.#watches.some(({ watch }) => watch.sensitivity === one));
  }

  /** Those whose time overlaps some seconds, and that may be about this address. Undefined if there is no such watch. */
  near(address: string, from: number, to: number): Watches | undefined {
    return this.#those((one) => one.from <= to && one.until >= from && isWithin(one.source, address));
  }

  /** Those that name a target and no source, and whose time overlaps some seconds. Undefined if there is no such watch. */
  ofTargets(from: number, to: number): Watches | undefined {
    return this.#those((one) => one.from <= to && one.until >= from && isAnySource(one.watch));
  }

  /**
   * Those that may be about a campaign, and whose time overlaps some seconds. Undefined if there is no such watch. Outside
   * sources have nothing but an address, and signals do not tell the namespaces of so many.
   */
  ofCampaigns(
    isOutside: boolean,
    networks: Pick<Networks, 'isInsideText'>,
    span: { readonly from: number; readonly to: number },
  ): Watches | undefined {
    return this.#those(({ watch, from, until }) => {
      const { source, subnet, account, instance, namespace } = watch;
      if (from > span.to || until < span.from || namespace !== undefined) return false;
      const isInside = source !== undefined && networks.isInsideText(source.split('/')[0]!);
      return !isOutside || !(isInside || subnet || account || instance);
    });
  }

  /**
   * The watch under which a campaign was made: one of the sensitivity whose time it overlaps, that is about any of its
   * members, and about any of its targets. If there are several, the one that lasts longest.
   */
  coverOfCampaign(
    finding: Finding,
    { members, targets, kept }: { members: readonly Holder[]; targets: readonly string[]; kept: ReadonlySet<string> },
    sensitivity: Sensitivity,
  ): Watch | undefined {
    return this.#cover(
      finding,
      sensitivity,
      (one) =>
        kept.has(one.watch.id) ||
        (members.some((member) => isHeldBy(one, member)) && (!one.target || touches(one.target, targets))),
    );
  }

  /** Those about a source that contacted some targets. Undefined if there is no such watch. @param targets called if it matters. */
  about(holder: Holder, targets: () => Iterable<string>): Watches | undefined {
    return this.#those((one) => isHeldBy(one, holder) && (!one.target || touches(one.target, targets())));
  }

  /**
   * Those about a source, whatever it contacts. Undefined if there is no such watch.
   * @param kept ids of those that are about it by what was known before.
   */
  of(holder: Holder, kept: ReadonlySet<string>): Watches | undefined {
    return this.#those((one) => kept.has(one.watch.id) || isHeldBy(one, holder));
  }

  /** Whether any of them goes by a namespace, which only signals tell. */
  get nameNamespaces(): boolean {
    return this.#watches.some(({ watch }) => watch.namespace !== undefined);
  }

  /** Whether any of them says more of a source than the targets that it contacts. */
  get nameSources(): boolean {
    return this.#watches.some(({ watch }) => !isAnySource(watch));
  }

  /**
   * The watch under which a scan was made: one of the sensitivity whose time it overlaps. If there are several, the one
   * that lasts longest.
   * @param targets all targets that are known, more than the finding names.
   * @param known what is known of the source beside the evidence of the scan.
   */
  coverOf(
    finding: Finding,
    targets: readonly string[],
    sensitivity: Sensitivity,
    { namespaces = [], kept }: Known = {},
  ): Watch | undefined {
    if (!finding.source) return undefined;
    const source = { ...finding.source, namespaces };
    return this.#cover(
      finding,
      sensitivity,
      (one) =>
        (kept?.has(one.watch.id) || isHeldBy(one, source)) &&
        isWithin(one.source, source.address) &&
        (!one.target || touches(one.target, targets)),
    );
  }

  /** The watch of a sensitivity that lasts longest, of those about a finding in its time. */
  #cover(finding: Finding, sensitivity: Sensitivity, isAbout: (one: Ready) => boolean): Watch | undefined {
    const [first, last] = [epochSeconds(finding.firstSeen), epochSeconds(finding.lastSeen)];
    return this.#watches
      .filter((one) => one.watch.sensitivity === sensitivity && one.from <= last && one.until >= first)
      .filter(isAbout)
      .sort((a, b) => b.until - a.until || (a.watch.id < b.watch.id ? -1 : 1))[0]?.watch;
  }

  #those(isWanted: (one: Ready) => boolean): Watches | undefined {
    const wanted = this.#watches.filter(isWanted);
    return wanted.length ? new Watches(wanted.map(({ watch }) => watch)) : undefined;
  }
}

const isAnySource = ({ target: _target, ...others }: WatchScope): boolean =>
  WATCH_PARTS.every((part) => part === 'target' || others[part] === undefined);

function isHeldBy({ watch, source }: Ready, holder: Holder): boolean {
  const { instance, subnet, account, namespace } = watch;
  return (
    isWithin(source, holder.address) &&
    (instance === undefined || instance === holder.instanceId) &&
    (subnet === undefined || subnet === holder.subnetId) &&
    (account === undefined || account === (holder.accountId ?? holder.scope)) &&
    (namespace === undefined || isInNamespace(namespace, holder))
  );
}

/** Pods have private addresses. */
const isInNamespace = (namespace: string, { scope, namespaces }: Holder): boolean =>
  scope !== 'internet' && (namespaces?.includes(namespace) ?? true);

function isWithin(network: Cidr | undefined, address: string): boolean {
  if (!network) return true;
  const words = parseAddress(address);
  return words !== undefined && containsAddress(network, words);
}

function touches(network: Cidr, targets: Iterable<string>): boolean {
  for (const target of targets) if (isWithin(network, target)) return true;
  return false;
}

/** All of a log, for a watch without a time. */
export const ALWAYS = { from: '1970-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' };

/** The reason that a finding was judged under a watch. @param isKnown whether it would be a finding without it. */
export const watchedReason = ({ id, owner, until, sensitivity }: Watch, isKnown: boolean): Reason => ({
  test: 'watched',
  value: isKnown ? 0 : 1,
  threshold: 1,
  text: `watched by ${owner}${until === ALWAYS.until ? '' : ` until ${until} (watch ${id})`}: judged at ${sensitivity} sensitivity, ${isKnown ? 'and a finding without the watch too' : 'and no finding without the watch'}`,
});
