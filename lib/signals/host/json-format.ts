/** What the readers of JSON formats share. */
import type { ContainerOf, ProcessEvent } from './process-event.ts';
import { fingerprint, type Json } from './values.ts';

/** A format that one JSON object can be recognised by. `read` gives undefined for events of other kinds. */
export interface JsonFormat {
  readonly name: string;
  readonly isLike: (event: Json) => boolean;
  /** The events, or why it has no events. */
  readonly read: (event: Json) => readonly ProcessEvent[] | 'other-event' | 'no-time';
}

/** An id for events that have none: the same for the same event in every copy of the log. */
export const idOf = (format: string, ...parts: readonly (string | number | undefined)[]): string =>
  `${format}:${fingerprint(parts.map((part) => part ?? '').join('\u0000'))}`;

export const CUT_ARGUMENTS = 'Some arguments of the command are missing.';

export const uidOf = (id: string | undefined): string | undefined => (id === undefined ? undefined : `uid=${id}`);

/** A container, unless nothing is known of it. */
export const containerOf = (container: ContainerOf): ContainerOf | undefined =>
  Object.values(container).some((value) => value !== undefined) ? container : undefined;
