/** What is asked of a new watch. The functions take what is stored. */
import { epochSeconds } from '../finding/model.ts';
import { cidrAround } from '../net/cidr.ts';
import { WATCH_PARTS, type Watch, type WatchPart, type WatchScope } from './watch.ts';

/** How long a watch may last. */
const MOST_DAYS = 30;
/** How far back a watch may begin. Older evidence is seldom judged again. */
const MOST_DAYS_BACK = 3;
const DAY = 86_400;
/** The widest networks that can be watched. Everything in them is judged more closely, which costs. */
const WIDEST = { ipv4: 16, ipv6: 48 } as const;

const FORMS: readonly (readonly [WatchPart, RegExp, string])[] = [
  ['instance', /^i-[0-9a-f]{1,17}$/, 'an instance id such as i-0a1b2c3d4e5f60718'],
  ['subnet', /^subnet-[0-9a-f]{1,17}$/, 'a subnet id such as subnet-0a1b2c3d4e5f60718'],
  ['account', /^\d{12}$/, 'an account id such as 123456789012'],
  ['namespace', /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a Kubernetes namespace such as shop'],
];

/** Explains the mistake in a new watch. Undefined if it is valid. @param now epoch seconds. */
export function watchFault(watch: Watch, now: number): string | undefined {
  const fault = scopeFault(watch);
  if (fault) return fault;
  if (!watch.owner.trim()) return 'owner must name the person responsible for the watch, got nothing';
  if (!watch.reason.trim()) return 'reason must say why sensitivity is raised, got nothing';
  const [from, until] = [epochSeconds(watch.from), epochSeconds(watch.until)];
  if (Number.isNaN(until)) return `until must be a date such as 2026-12-01, got "${watch.until}"`;
  if (until <= now) return `until must be in the future, got ${watch.until}`;
  if (until - now > MOST_DAYS * DAY)
    return `until must be at most ${MOST_DAYS} days ahead, got ${watch.until}. To raise sensitivity for good, change the setting "sensitivity"`;
  if (!(from <= now && now - from <= MOST_DAYS_BACK * DAY))
    return `since must be at most ${MOST_DAYS_BACK} days back and not ahead, got ${watch.from}`;
  return undefined;
}

/** Explains the mistake in what is watched. Undefined if it is valid. */
export function scopeFault(watch: WatchScope): string | undefined {
  if (WATCH_PARTS.every((part) => watch[part] === undefined))
    return `source must say whom to watch, or one of ${WATCH_PARTS.slice(1).join(', ')} what else, got nothing`;
  if (watch.account !== undefined && WATCH_PARTS.every((part) => part === 'account' || watch[part] === undefined))
    return `account must come with another part such as source or subnet, since a whole account is too much to watch, got ${watch.account} alone. To raise sensitivity for all, change the setting "sensitivity"`;
  for (const part of ['source', 'target'] as const) {
    const text = watch[part];
    if (text === undefined) continue;
    if (!cidrAround(text)) return `${part} must be a CIDR such as 10.0.3.22/32, got "${text}"`;
    const widest = text.includes(':') ? WIDEST.ipv6 : WIDEST.ipv4;
    if (Number(text.split('/')[1]) < widest)
      return `${part} must be a /${widest} or narrower, got ${text}. To raise sensitivity for all, change the setting "sensitivity"`;
  }
  for (const [part, form, example] of FORMS) {
    const text = watch[part];
    if (text !== undefined && !form.test(text)) return `${part} must be ${example}, got "${text}"`;
  }
  return undefined;
}
