/** Joins marked contacts to episodes: one scan of one source in one direction, from first probe to last. */
import type { DetectionSettings } from '../config/detection.ts';
import { isFailure } from '../contact/seen.ts';
import type { Direction } from '../finding/model.ts';
import { contactKey, type FirstContact } from './first-contacts.ts';
import { type Evidence, type Mark, markScans, union } from './marks.ts';

/** One scan of one source in one direction: its contacts in order, and the evidence, earliest first. */
export interface Episode {
  readonly direction: Direction;
  readonly contacts: readonly FirstContact[];
  readonly evidence: readonly Evidence[];
}

/** A slow scan pauses for up to this many times its usual pause; a longer one ends it. */
const PACE = 10;
const DAY = 86_400;

/** The episodes in a source's contacts, which must be in order: `first` within the hour, `distinct` over days. */
export function findEpisodes(
  first: readonly FirstContact[],
  distinct: readonly FirstContact[],
  settings: DetectionSettings,
): Episode[] {
  const episodes: Episode[] = [];
  const distinctBy = Map.groupBy(distinct, (contact) => contact.direction);
  for (const [direction, group] of Map.groupBy(first, (contact) => contact.direction)) {
    const marks = markScans(group, distinctBy.get(direction) ?? [], settings);
    const evidence = marks.flatMap((mark) => mark.evidence);
    const fast = union(...marks.filter((mark) => !mark.isSlow).map((mark) => mark.contacts));
    for (const part of splitAtSilence(fast, settings.episodeGapSeconds)) {
      episodes.push(...splitAtNewTargets(part, evidence, direction, settings));
    }
    episodes.push(
      ...slowEpisodes(
        marks.filter((mark) => mark.isSlow),
        direction,
        settings,
      ),
    );
  }
  return episodes;
}

/** Each slow group goes at its own pace; those that overlap in time are one scan. */
function slowEpisodes(marks: readonly Mark[], direction: Direction, settings: DetectionSettings): Episode[] {
  const parts = marks
    .flatMap((mark) =>
      splitAtSilence(mark.contacts, paceOf(mark.contacts, settings)).map((contacts) => ({
        contacts,
        evidence: within(mark.evidence, contacts),
      })),
    )
    .filter((part) => part.evidence.length > 0)
    .sort((a, b) => a.contacts[0]!.end - b.contacts[0]!.end);
  const joined: { contacts: FirstContact[]; evidence: Evidence[] }[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last && part.contacts[0]!.end <= last.contacts.at(-1)!.end) {
      last.contacts = union(last.contacts, part.contacts);
      last.evidence.push(...part.evidence);
    } else joined.push({ contacts: [...part.contacts], evidence: [...part.evidence] });
  }
  return joined.map(({ contacts, evidence }) => ({ direction, contacts, evidence: evidence.sort(byTime) }));
}

/** Silence after which a scan is over: as long as its own pace allows it to pause. */
export const silenceOf = (episode: Episode, settings: DetectionSettings): number => paceOf(episode.contacts, settings);

function paceOf(contacts: readonly FirstContact[], settings: DetectionSettings): number {
  const gaps = contacts
    .slice(1)
    .map((contact, at) => contact.end - contacts[at]!.end)
    .sort((a, b) => a - b);
  return Math.max(settings.episodeGapSeconds, Math.min(DAY, PACE * (gaps[Math.floor(gaps.length / 2)] ?? 0)));
}

/** The evidence whose completing contact is among the contacts. */
function within(evidence: readonly Evidence[], contacts: readonly FirstContact[]): Evidence[] {
  const keys = new Set(contacts.map(contactKey));
  const [from, to] = [contacts[0]!.end, contacts.at(-1)!.end];
  return evidence.filter(({ contact }) => contact.end >= from && contact.end <= to && keys.has(contactKey(contact)));
}

function splitAtSilence(contacts: readonly FirstContact[], gapSeconds: number): FirstContact[][] {
  const parts: FirstContact[][] = [];
  for (const contact of contacts) {
    const part = parts.at(-1);
    if (part && contact.end - part.at(-1)!.end <= gapSeconds) part.push(contact);
    else parts.push([contact]);
  }
  return parts;
}

/**
 * A burst after a pause that is a scan by itself, of targets not touched before, is another scan (Zeek issue 1167);
 * unless both sweep the same ports over many targets: then it is one sweep that goes on elsewhere.
 */
function splitAtNewTargets(
  contacts: readonly FirstContact[],
  evidence: readonly Evidence[],
  direction: Direction,
  settings: DetectionSettings,
): Episode[] {
  const episodes: { contacts: FirstContact[]; targets: Set<string>; evidence: Evidence[]; swept: Set<string> }[] = [];
  for (const burst of splitAtSilence(contacts, settings.targetSetGapSeconds)) {
    const targets = new Set(burst.map((contact) => contact.target));
    const own = within(evidence, burst);
    const swept = new Set(own.filter((item) => item.group !== 'vertical').map((item) => item.shared));
    const last = episodes.at(-1);
    const isNew =
      own.length > 0 &&
      last !== undefined &&
      last.evidence.length > 0 &&
      targets.isDisjointFrom(last.targets) &&
      swept.isDisjointFrom(last.swept);
    if (!last || isNew) episodes.push({ contacts: burst, targets, evidence: own, swept });
    else {
      last.contacts.push(...burst);
      last.evidence.push(...own);
      for (const target of targets) last.targets.add(target);
      for (const shared of swept) last.swept.add(shared);
    }
  }
  return episodes
    .filter((episode) => episode.evidence.length > 0 && episode.contacts.some((contact) => isFailure(contact.outcome)))
    .map((episode) => ({ direction, contacts: episode.contacts, evidence: episode.evidence.sort(byTime) }));
}

function byTime(a: Evidence, b: Evidence): number {
  return (
    a.contact.end - b.contact.end ||
    a.contact.start - b.contact.start ||
    a.at - a.from - (b.at - b.from) ||
    (a.shared < b.shared ? -1 : 1)
  );
}
