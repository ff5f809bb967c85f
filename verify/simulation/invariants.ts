/** What must hold when a history has come to rest, whatever happened in it. */
import { isVoid, newsOf } from '../../lib/finding/lifecycle.ts';
import { type Finding, isoTime, severityRank } from '../../lib/finding/model.ts';
import { fromItem, type StoredFinding } from '../../lib/store/finding-item.ts';
import { foundAtOf } from '../../lib/store/findings-store.ts';
import { VARIABLES } from './clients.ts';
import type { Cloud, Published } from './cloud.ts';
import { BUCKET, type Delivery, type Rest } from './delivery.ts';
import { findingsOf, windowsOf } from './oracle.ts';
import { SUPPRESSED } from './story.ts';

const MOST_BYTES = 100 * 1024;
const WINDOWS = /^(source|calm|noise|loud|shares)#/;

/** Compares a history's end with one pass over the same records. */
export async function violationsOf(
  cloud: Cloud,
  deliveries: readonly Delivery[],
  rest: Rest & { readonly digestHour: number; readonly isAged: boolean },
): Promise<{ violations: string[]; repeated: number }> {
  const sound = deliveries.filter(({ isPoison }) => !isPoison);
  const bodies = sound.map(({ body }) => body);
  const expected = await findingsOf(bodies, VARIABLES.HASH_KEY, rest.end / 1000);
  const stored = [...cloud.tables.findings.items()]
    .filter(({ pk, sk }) => String(sk).startsWith('finding#') && !String(pk).startsWith('target#'))
    .map(fromItem);
  // Where the table took no more, background noise was dropped, and what would have been found in it.
  const isJudged = ({ direction }: Pick<Finding, 'direction'>) => !cloud.sourcesDropped || direction !== 'inbound';
  const published = cloud.published.flatMap(toldIn);
  const alerts = published.filter(({ attributes }) => attributes.event !== 'digest');
  const repeated = repeatsIn(published);
  const violations = [
    ...(await windowViolations(cloud, sound)),
    ...findingViolations(stored, expected.filter(isJudged), isJudged, rest.isAged),
    ...announcementViolations(alerts, expected.filter(isJudged), stored, rest.isAged),
    ...repeated.filter(({ isAllowed }) => !isAllowed).map(({ text }) => `told twice without a reason: ${text}`),
    ...digestViolations(cloud, stored, rest),
    ...cloud.wentBack.map((sk) => `${sk}: an older judgement replaced a newer one`),
    ...queueViolations(cloud, deliveries),
  ];
  if (cloud.largestItem > MOST_BYTES) violations.push(`an item of ${cloud.largestItem} bytes was written`);
  return { violations, repeated: repeated.length };
}

async function windowViolations(cloud: Cloud, deliveries: readonly Delivery[]): Promise<string[]> {
  const violations: string[] = [];
  const left = new Map(
    [...cloud.tables.windows.items()]
      .filter(({ pk }) => WINDOWS.test(String(pk)))
      .map(({ pk, sk, data }) => [`${pk} ${sk}`, data as Uint8Array]),
  );
  for (const { key, body } of deliveries)
    for (const [place, data] of await windowsOf(BUCKET, key, body, VARIABLES.HASH_KEY)) {
      const found = left.get(place);
      left.delete(place);
      if (!found && !(cloud.sourcesDropped && place.startsWith('noise#')))
        violations.push(`window ${place} is missing`);
      else if (found && Buffer.compare(found, data)) violations.push(`window ${place} is another`);
    }
  for (const place of left.keys()) violations.push(`window ${place} was not to be written`);
  return violations;
}

/** A finding as it compares: without what is undefined, in one order of names. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, plain(item)]),
  );
};

function findingViolations(
  stored: readonly StoredFinding[],
  expected: readonly Finding[],
  isJudged: (finding: Finding) => boolean,
  isAged: boolean,
): string[] {
  const violations: string[] = [];
  const known = new Map(expected.map((finding) => [finding.id, finding]));
  for (const { finding, announceSince } of stored) {
    const name = `finding ${finding.id} (${finding.kind} by ${finding.source?.address}, ${finding.firstSeen})`;
    if (finding.status !== 'closed') violations.push(`${name} is still open`);
    if (announceSince) violations.push(`${name} is still marked to be announced`);
    const oracle = known.get(finding.id);
    if (finding.closedBecause === 'merged' && isJudged(finding) && !known.has(finding.mergedInto ?? ''))
      violations.push(`${name} is merged into ${finding.mergedInto}, which the oracle lacks`);
    if (finding.closedBecause !== 'ended') continue;
    known.delete(finding.id);
    if (!oracle) {
      // Of logs older than the windows are kept, evidence against a finding cannot be told from evidence that has expired.
      if (isJudged(finding) && !isAged) violations.push(`${name} stands, and the oracle lacks it`);
      continue;
    }
    const { suppressedBy: _, ...rest } = finding;
    for (const key of new Set([...Object.keys(rest), ...Object.keys(oracle)]) as Set<keyof Finding>) {
      if (!isJudged(finding)) continue;
      const [ours, theirs] = [JSON.stringify(plain(rest[key as 'id'])), JSON.stringify(plain(oracle[key]))];
      if (ours !== theirs) violations.push(`${name}: ${key} is ${ours}, for the oracle ${theirs}`);
    }
  }
  for (const { id, kind, source, firstSeen } of known.values())
    violations.push(`finding ${id} (${kind} by ${source?.address}, ${firstSeen}) is lost`);
  return violations;
}

/** A message about an alert storm as one for each finding that it tells of. */
function toldIn(message: Published): Published[] {
  const { body } = message;
  if (body.event !== 'storm') return [message];
  const worst = body.worst as { event: string; severity: string; direction: string }[];
  if (worst.length !== body.count) throw new Error(`a storm of ${body.count} names ${worst.length}`);
  return worst.map((one) => ({
    ...message,
    attributes: { event: one.event, severity: one.severity, direction: one.direction },
    body: one,
  }));
}

/** The source of an alert, or of one in a storm's message. */
const addressIn = ({ source }: Published['body']): unknown =>
  typeof source === 'string' ? source : (source as Finding['source'])?.address;

function announcementViolations(
  alerts: readonly Published[],
  expected: readonly Finding[],
  stored: readonly StoredFinding[],
  isAged: boolean,
): string[] {
  const violations = alerts
    .filter(({ body }) => addressIn(body) === SUPPRESSED)
    .map(({ body }) => `finding ${body.id} is of the suppressed source, and was told of`);
  const told = Map.groupBy(alerts, ({ body }) => String(body.id));
  for (const finding of expected) {
    const messages = told.get(finding.id) ?? [];
    const name = `finding ${finding.id} (${finding.kind} by ${finding.source?.address}, ${finding.firstSeen})`;
    if (finding.source?.address === SUPPRESSED) continue;
    if (newsOf(finding, undefined, 'medium') !== 'opened') continue;
    const last = messages.at(-1);
    if (!last) violations.push(`${name}: nobody was told`);
    else {
      if (!messages.some(({ attributes }) => attributes.event === 'opened'))
        violations.push(`${name}: nobody was told that it opened`);
      // That a scan became less severe is no news.
      const rankOf = ({ attributes }: Published) => severityRank(attributes.severity as Finding['severity']);
      if (!messages.some((message) => rankOf(message) >= severityRank(finding.severity)))
        violations.push(`${name}: nobody was told that it is ${finding.severity}`);
      // A scan that is over when it is found is announced once.
      if (!messages.some(({ body }) => body.closedBecause === 'ended'))
        violations.push(`${name}: nobody was told of its end`);
    }
  }
  const right = new Set(expected.map(({ id }) => id));
  for (const [id, messages] of told) {
    if (right.has(id)) continue;
    const of = stored.find(({ finding }) => finding.id === id);
    const inbound = messages[0]!.attributes.direction === 'inbound';
    if (of && isVoid(of.finding)) {
      if (messages.at(-1)!.attributes.event !== 'closed')
        violations.push(`finding ${id} was told of, and not taken back`);
    } else if (!isAged && (!of || !inbound || of.finding.closedBecause !== 'ended'))
      violations.push(`finding ${id} was told of, and there is none`);
  }
  return violations;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Runs within this time cannot all have been held up by a claim. */
const ENOUGH = 1.5 * HOUR;

/** A scan that ended this long before it was found is in no digest. */
const OLD = 5 * DAY;

/** A day's digest is due where something was found on that day, and where runs that nothing disturbed could send it. */
function digestViolations(
  cloud: Cloud,
  stored: readonly StoredFinding[],
  { healed, end, digestHour }: Rest & { readonly digestHour: number },
): string[] {
  const sent = new Set(cloud.published.map(({ body }) => body.day));
  const missing = new Set<string>();
  for (const each of stored) {
    const { pk, sk, finding, announced } = each;
    if (announced || finding.suppressedBy || finding.closedBecause !== 'ended') continue;
    if (Date.parse(finding.lastSeen) < foundAtOf(each) * 1000 - OLD) continue;
    const day = isoTime(foundAtOf(each)).slice(0, 10);
    const due = Date.parse(day) + DAY + digestHour * HOUR;
    const calm = Math.min(end, Date.parse(day) + 2 * DAY) - Math.max(healed, due);
    if (calm >= ENOUGH && cloud.firstWritten.get(`${pk} ${sk}`)! < due && !sent.has(day)) missing.add(day);
  }
  return [...missing].map((day) => `the digest of ${day} was not sent`);
}

/**
 * Messages that repeat what was last said about a finding since it was announced as closed. A repetition is allowed if
 * the run that said it first met a fault during or after it, and so may not have recorded it.
 */
function repeatsIn(published: readonly Published[]): { text: string; isAllowed: boolean }[] {
  const repeats: { text: string; isAllowed: boolean }[] = [];
  const told = new Map<string, Map<string, Published>>();
  for (const message of published) {
    const { attributes, body } = message;
    const about = String(body.id ?? `digest ${body.day}`);
    const word = wordOf(message);
    const words = told.get(about);
    const before = words?.get(word);
    if (before) repeats.push({ text: `${about} ${word}`, isAllowed: before.by.hurtAt >= before.sentAt });
    if (!words || attributes.event === 'closed') told.set(about, new Map([[word, message]]));
    else words.set(word, message);
  }
  return repeats;
}

const wordOf = ({ attributes, body }: Published): string =>
  [
    attributes.event,
    attributes.severity,
    body.closedBecause,
    Number((body.openPorts as { count: number })?.count) > 0,
  ].join(' ');

function queueViolations(cloud: Cloud, deliveries: readonly Delivery[]): string[] {
  const violations: string[] = [];
  for (const [name, { messages, deadLetters }] of Object.entries(cloud.queues)) {
    for (const { body } of messages.values()) violations.push(`the ${name} queue still holds ${body}`);
    if (name === 'alert') for (const { body } of deadLetters) violations.push(`a dead letter of alert: ${body}`);
  }
  const poison = new Set(deliveries.filter(({ isPoison }) => isPoison).map(({ key }) => key));
  const dead = cloud.queues.ingest.deadLetters.map(({ body }) =>
    decodeURIComponent(JSON.parse(body).Records[0].s3.object.key),
  );
  for (const key of dead) if (!poison.has(key)) violations.push(`dead letter ${key} is no poison`);
  for (const key of poison) if (!dead.includes(key)) violations.push(`poison ${key} is not among the dead letters`);
  return violations;
}
