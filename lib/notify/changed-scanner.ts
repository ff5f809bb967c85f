/** Whether a suppressed scanner does something that it did not do before. */
import { epochSeconds, type Finding, type Reason, type Spread } from '../finding/model.ts';
import { networkOf } from '../net/cidr.ts';
import { grouped } from '../text/wording.ts';

/** How far back the behaviour of a scanner is looked up, in days. Monthly scans have one before them. */
export const BEHAVIOUR_DAYS = 35;

/** So many times its own highest rate is another behaviour. */
const RATE = 10;
/** Contacts below which a rate says little. */
const LEAST_CONTACTS = 100;
/** A scan that has just begun has no lower rate than over this time. */
const LEAST_SECONDS = 300;
/** Addresses in a network of {@link networkOf} for IPv4. */
const PER_NETWORK = 256;
const NAMED = 5;

/**
 * The difference between a scan and the earlier ones of its source, as a reason to alert. Undefined if they are
 * alike, or there are no earlier ones. Findings name only some ports and targets of many, so it speaks only where those that are
 * named tell enough.
 * @param earlier findings of the same source that the same rule covers and that were over before.
 */
export function changeOf(finding: Finding, earlier: readonly Finding[]): Reason | undefined {
  if (earlier.length === 0) return undefined;
  const ports = freshOf(
    finding.ports,
    earlier.map((one) => one.ports),
    String,
    1,
  );
  if (ports) return reason('ports that it had not tried', ports);
  const targets = freshOf(
    finding.targets,
    earlier.map((one) => one.targets),
    networkOf,
    PER_NETWORK,
  );
  if (targets) return reason('targets that it had not tried', targets);
  const times = rateOf(finding) / Math.max(...earlier.map(rateOf));
  if (!(times >= RATE) || contactsOf(finding) < LEAST_CONTACTS) return undefined;
  return {
    test: TEST,
    value: Math.round(times),
    threshold: RATE,
    text: `a suppression covers this source, but it scans ${grouped(Math.round(times))} times as fast as in the ${BEHAVIOUR_DAYS} days before`,
  };
}

const TEST = 'suppressed-source-changed';

/** What is new in a finding: by name if names tell, otherwise by number. */
interface Fresh {
  readonly count: number;
  readonly named: readonly string[];
}

/**
 * The values of a finding that are not in the groups of earlier ones. If the earlier ones cannot have named all of
 * their groups, only more values than they had together are new for certain, and otherwise more than the groups hold.
 */
function freshOf<T>(
  now: Spread<T>,
  before: readonly Spread<T>[],
  groupOf: (value: T) => string,
  groupSize: number,
): Fresh | undefined {
  const isWhole = before.every(({ count, sample }) => count <= new Set(sample.map(groupOf)).size * groupSize);
  const known = new Set(before.flatMap(({ sample }) => sample.map(groupOf)));
  const named = isWhole ? [...new Set(now.sample.map(groupOf))].filter((group) => !known.has(group)) : [];
  if (named.length) return { count: named.length, named };
  const most = isWhole ? known.size * groupSize : before.reduce((sum, { count }) => sum + count, 0);
  return now.exact && now.count > most && before.every(({ exact }) => exact)
    ? { count: now.count - most, named: [] }
    : undefined;
}

function reason(what: string, { count, named }: Fresh): Reason {
  const names = named.length ? `: ${named.slice(0, NAMED).join(', ')}${named.length > NAMED ? ' and others' : ''}` : '';
  return {
    test: TEST,
    value: count,
    threshold: 1,
    text: `a suppression covers this source, but it scans ${what} in the ${BEHAVIOUR_DAYS} days before${names}`,
  };
}

const contactsOf = ({ contacts }: Finding): number => contacts.failed + contacts.established;

const rateOf = (finding: Finding): number =>
  contactsOf(finding) / Math.max(LEAST_SECONDS, epochSeconds(finding.lastSeen) - epochSeconds(finding.firstSeen));
