/** The parts of an update of a finding's item. */
import { randomUUID } from 'node:crypto';
import { announceShardOf } from './keys.ts';

/** The expression that sets the given attributes and removes others, with its names and values. */
export function updateOf(attributes: Readonly<Record<string, unknown>>, optional: readonly string[]) {
  const names = Object.keys(attributes).filter((name) => attributes[name] !== undefined);
  const absent = optional.filter((name) => attributes[name] === undefined);
  return {
    expression: `SET ${names.map((_, at) => `#n${at} = :v${at}`).join(', ')} REMOVE ${absent.map((_, at) => `#r${at}`).join(', ')}`,
    names: Object.fromEntries([
      ...names.map((name, at) => [`#n${at}`, name]),
      ...absent.map((name, at) => [`#r${at}`, name]),
    ]),
    values: Object.fromEntries(names.map((name, at) => [`:v${at}`, attributes[name]])),
  };
}

/** The attributes that put a finding into the outbox. */
export const announcementMark = (id: string, now: number) => ({
  announceShard: announceShardOf(id),
  // Unique, so that delivering one mark never clears another one of the same instant.
  announceSince: `${new Date(now * 1000).toISOString()}#${randomUUID()}`,
});
