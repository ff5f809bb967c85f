/** One event whose records came in several payloads: what each of them tells, put together in any order. */
import { INCOMPLETE, NO_SYSCALL } from './auditd.ts';
import type { ProcessEvent } from './process-event.ts';
import { MISSING } from './script-blocks.ts';

/** What two readings of one event say together. The one with more of the command or script leads. */
export function sameEvent(one: ProcessEvent, other: ProcessEvent): ProcessEvent {
  const [most, least] = tellsMore(one, other) ? [one, other] : [other, one];
  const limits = [...new Set([...most.limits, ...least.limits])].filter((limit) => {
    if (limit === NO_SYSCALL) return most.limits.includes(limit) && least.limits.includes(limit);
    return (limit !== INCOMPLETE && limit !== MISSING) || most.limits.includes(limit);
  });
  const rules = most.rules ?? least.rules;
  return { ...defined(least), ...defined(most), limits, ...(rules && { rules }) } as ProcessEvent;
}

function tellsMore(one: ProcessEvent, other: ProcessEvent): boolean {
  const [a, b] = [textOf(one), textOf(other)];
  if (a.length !== b.length) return a.length > b.length;
  return JSON.stringify(one) >= JSON.stringify(other);
}

const textOf = (event: ProcessEvent): string =>
  event.type === 'start' ? (event.line ?? event.argv.join(' ')) : event.type === 'script' ? event.script : '';

/** An event without the fields that are undefined, which would hide those of another. */
const defined = (event: ProcessEvent): Partial<ProcessEvent> =>
  Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)) as Partial<ProcessEvent>;
