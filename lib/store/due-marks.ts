/**
 * Due marks: the sources of one object that fall due at the same time, packed into items of the windows table. So marks
 * cost by the file and not by the source.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isoTime } from '../finding/model.ts';
import { duePartition, hourText, type SourceName } from './keys.ts';

/** Sources in one item, which then takes a write unit or two. */
const SOURCES = 256;

/** Sources to judge again, from one item. */
export interface DueMark {
  readonly pk: string;
  readonly sk: string;
  readonly scope: string;
  readonly hour: number;
  /** Addresses of the sources, in order. */
  readonly addresses: readonly string[];
  /** Whether the horizons of days are due as well. */
  readonly isLong: boolean;
  /** The addresses as stored. They change when another delivery of the object adds sources. */
  readonly stored: Uint8Array;
}

/** When a source falls due, in epoch seconds, and because of which epoch hour. */
export interface Due extends SourceName {
  readonly hour: number;
  readonly dueAt: number;
  readonly isLong: boolean;
  /** When the mark expires, epoch seconds. */
  readonly expires: number;
}

/** Collects the due sources of one object. */
export class DueMarks {
  readonly #objectId: string;
  readonly #groups = new Map<string, { readonly of: Due; readonly addresses: Set<string> }>();

  constructor(objectId: string) {
    this.#objectId = objectId;
  }

  add(due: Due): void {
    const key = `${isoTime(due.dueAt)}#${this.#objectId}#${hourText(due.hour)}#${due.scope}`;
    const group = this.#groups.get(key) ?? { of: due, addresses: new Set() };
    group.addresses.add(due.address);
    this.#groups.set(key, group);
  }

  /** The items. The same sources, in any order, give the same items. */
  *items(): Generator<Record<string, unknown>> {
    for (const [key, { of, addresses }] of this.#groups) {
      const { scope, hour, isLong, expires } = of;
      const sorted = [...addresses].sort();
      for (let from = 0; from < sorted.length; from += SOURCES)
        yield {
          pk: duePartition(scope),
          sk: `${key}#${from / SOURCES}`,
          scope,
          hour,
          sources: deflateRawSync(sorted.slice(from, from + SOURCES).join('\n')),
          expiresAt: expires,
          ...(isLong && { isLong }),
        };
    }
  }
}

/** The mark in an item. */
export function dueMarkOf({ pk, sk, scope, hour, isLong, sources }: Record<string, unknown>): DueMark {
  const stored = sources as Uint8Array;
  return {
    pk: String(pk),
    sk: String(sk),
    scope: String(scope),
    hour: Number(hour),
    addresses: inflateRawSync(stored).toString().split('\n'),
    isLong: isLong === true,
    stored,
  };
}
