/**
 * Sigma rules of the user against process events and Kubernetes audit events.
 */
import type { ProcessEvent } from '../host/process-event.ts';
import { baseName } from '../tools/words.ts';
import type { FieldValues, SigmaRule } from './rule.ts';

/** An event with the rules that fit it. */
export function withRules(rules: readonly SigmaRule[], event: ProcessEvent): ProcessEvent {
  const found = matchProcessRules(rules, event);
  return found.length
    ? { ...event, rules: found.map(({ id, title, author, level }) => ({ id, title, author, level })) }
    : event;
}

/** The rules that fit a process event. */
export function matchProcessRules(rules: readonly SigmaRule[], event: ProcessEvent): SigmaRule[] {
  if (rules.length === 0 || event.type === 'connection') return [];
  const log = event.type === 'start' ? 'process' : 'script';
  const system = systemOf(event);
  const values = processValues(event);
  return rules.filter(
    (rule) => rule.log === log && (rule.product === undefined || rule.product === system) && rule.matches(values),
  );
}

/** The rules that fit a Kubernetes audit event. */
export function matchAuditRules(rules: readonly SigmaRule[], event: unknown): SigmaRule[] {
  const values = nestedValues(event);
  return rules.filter((rule) => rule.log === 'kubernetes' && rule.matches(values));
}

/** Folders that only macOS has. */
const MACOS = /^\/(?:System|Applications|Users|Library|private|opt\/homebrew)\//;

/** Paths tell the system. */
function systemOf(event: ProcessEvent): string {
  if (event.type === 'script') return 'windows';
  const path = event.program ?? '';
  if (path.includes('\\') || (event.type === 'start' && event.joined === 'windows')) return 'windows';
  return event.eventId.startsWith('eslogger:') || MACOS.test(path) ? 'macos' : 'linux';
}

function processValues(event: ProcessEvent): FieldValues {
  const fields = new Map<string, string>();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) fields.set(name, value);
  };
  set('User', event.loginUser ?? event.user);
  set('Computer', event.host);
  set('ProcessId', event.pid);
  if (event.type === 'script') set('ScriptBlockText', event.script);
  if (event.type === 'start') {
    set('Image', event.program);
    set('CommandLine', event.line ?? event.argv.join(' '));
    set('OriginalFileName', event.about?.originalFileName);
    set('Product', event.about?.product);
    set('Description', event.about?.description);
    set('ParentImage', event.parentProgram);
    set('ParentCommandLine', event.parentLine);
    set('CurrentDirectory', event.directory);
    // Names of audit records. One event here is a SYSCALL and an EXECVE record there.
    set('exe', event.program);
    set('comm', event.program && baseName(event.program).slice(0, 15));
    for (const [index, word] of event.argv.slice(0, 100).entries()) set(`a${index}`, word);
  }
  return (field) => {
    if (field === undefined) return [...fields.values()];
    if (field === 'type') return ['EXECVE', 'SYSCALL'];
    const value = fields.get(field);
    return value === undefined ? [] : [value];
  };
}

/** Deeper values are not looked at. */
const DEEPEST = 20;
const MOST_VALUES = 2000;

/** The values at a dotted path, each element of a list on the way. */
function nestedValues(event: unknown): FieldValues {
  return (field) => {
    const found: string[] = [];
    const collect = (value: unknown, path: readonly string[] | undefined, depth: number): void => {
      if (depth > DEEPEST || found.length >= MOST_VALUES) return;
      if (Array.isArray(value)) for (const item of value) collect(item, path, depth + 1);
      else if (typeof value === 'object' && value !== null) {
        if (path === undefined) for (const inner of Object.values(value)) collect(inner, undefined, depth + 1);
        else if (path.length > 0 && Object.hasOwn(value, path[0]!))
          collect((value as Record<string, unknown>)[path[0]!], path.slice(1), depth + 1);
        // A field that holds an object exists.
        else if (path.length === 0) found.push('');
      } else if ((path === undefined || path.length === 0) && value !== null && value !== undefined)
        found.push(String(value));
    };
    collect(event, field?.split('.'), 0);
    return found;
  };
}
