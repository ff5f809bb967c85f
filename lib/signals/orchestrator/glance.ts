/**
 * A glance at the text of an audit event: whether it can hold a fact at all. Most of a log are leases, status reports and
 * reads, and parsing them takes most of the time. Whatever is not surely without a fact is parsed.
 */
import { ENTRIES, MAPS, REVIEWS, SEEKERS, WORKLOADS } from './audit-resources.ts';

const REFERENCE = '"objectRef":{';
/** How API servers begin an event. Events with sorted fields begin otherwise. */
const BEGINNING = '{"kind":"Event"';
const CODE = '"code":';
const PHASE = '"phase":"';
/** An objectRef is flat and short, and what stands before and after it is not much longer. */
const LONGEST = 2000;
const FARTHEST = 8000;

/**
 * Whether an event surely holds no fact. Names within strings have a backslash before each quote, and in the order in
 * which API servers write fields the verb stands before `objectRef`, and answer and bodies after it. Events in another
 * order are parsed.
 */
export function isSurelyWithoutFact(text: string): boolean {
  const start = text.indexOf(REFERENCE);
  if (start < 0 || start > FARTHEST || !text.startsWith(BEGINNING) || !text.endsWith('}')) return false;
  const end = text.indexOf('}', start);
  const head = text.slice(0, start);
  const verb = textBehind('"verb":"', head);
  if (end < 0 || end - start > LONGEST || verb === undefined || SEEKERS.test(head)) return false;
  const reference = text.slice(start, end);
  const resource = textBehind('"resource":"', reference);
  if (resource === undefined || mayHoldFact(verb, resource, textBehind('"subresource":"', reference))) return false;
  // Denied requests are facts, whatever they ask for.
  const code = text.indexOf(CODE, end);
  if (code < 0 || code - end > FARTHEST || text[code + CODE.length] === '4') return false;
  if (resource !== 'pods' || !reference.includes('"subresource":"status"')) return true;
  const phase = text.indexOf(PHASE, end);
  const isEnd = phase >= 0 && 'SF'.includes(text[phase + PHASE.length] ?? '');
  return !isEnd && text.indexOf('"podIP', end) < 0;
}

function mayHoldFact(verb: string, resource: string, subresource: string | undefined): boolean {
  if (subresource !== undefined) return subresource === 'proxy' || Object.hasOwn(ENTRIES, subresource);
  if (verb === 'list' || verb === 'watch') return MAPS.has(resource);
  return verb !== 'get' && (WORKLOADS.has(resource) || REVIEWS.has(resource));
}

/** The text behind a name, up to the next quote. Undefined if it is escaped, or not there. */
function textBehind(name: string, text: string): string | undefined {
  const start = text.indexOf(name);
  if (start < 0) return undefined;
  const end = text.indexOf('"', start + name.length);
  const value = end < 0 ? '' : text.slice(start + name.length, end);
  return value === '' || value.includes('\\') ? undefined : value;
}
