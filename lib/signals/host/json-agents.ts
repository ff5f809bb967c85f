/** JSON of osquery, eslogger and Elastic agents. */
import { isSet } from './auditd-record.ts';
import { CUT_ARGUMENTS, containerOf, idOf, type JsonFormat, uidOf } from './json-format.ts';
import type { ProcessStart } from './process-event.ts';
import { at, isObject, textAt, textsAt, timeOf } from './values.ts';

/** osquery results: one row a line (`columns`), rows of a difference, or a snapshot. */
export const osquery: JsonFormat = {
  name: 'osquery',
  isLike: (event) =>
    typeof event.name === 'string' &&
    (isObject(event.columns) || isObject(event.diffResults) || Array.isArray(event.snapshot)) &&
    ('hostIdentifier' in event || 'unixTime' in event || 'calendarTime' in event),
  read: (event) => {
    if (event.action === 'removed') return 'other-event';
    const added = at(event, 'diffResults', 'added');
    const rows = isObject(event.columns) ? [event.columns] : Array.isArray(added) ? added : (event.snapshot as unknown);
    if (!Array.isArray(rows)) return 'other-event';
    const host = textAt(event, 'decorations', 'hostname') ?? textAt(event, 'hostIdentifier');
    const found = rows.filter(isObject).flatMap((row): ProcessStart[] => {
      const line = textAt(row, 'cmdline');
      const program = textAt(row, 'path');
      const when = timeOf(at(row, 'time')) ?? timeOf(at(row, 'start_time')) ?? timeOf(event.unixTime);
      if ((line === undefined && program === undefined) || when === undefined) return [];
      const auid = textAt(row, 'auid');
      return [
        {
          type: 'start',
          at: when,
          eventId: idOf('osquery', host, when, textAt(row, 'pid'), line ?? program),
          host,
          pid: textAt(row, 'pid'),
          parent: textAt(row, 'parent') ?? textAt(row, 'parent_pid'),
          user: textAt(row, 'username') ?? uidOf(textAt(row, 'uid')),
          loginUser: isSet(auid) ? uidOf(auid) : undefined,
          program,
          argv: line === undefined ? [program!] : [],
          line,
          joined: program?.includes('\\') ? 'windows' : 'quoted',
          directory: textAt(row, 'cwd'),
          container: containerOf({ id: textAt(row, 'container_id') ?? textAt(row, 'docker_container_id') }),
          limits: [],
        },
      ];
    });
    return found.length > 0 ? found : 'other-event';
  },
};

/** eslogger of macOS. The new image is `event.exec.target`. The environment is never read: it can hold secrets. */
export const eslogger: JsonFormat = {
  name: 'eslogger',
  isLike: (event) =>
    isObject(event.event) &&
    isObject(event.process) &&
    ('event_type' in event || 'schema_version' in event || isObject(at(event, 'event', 'exec'))),
  read: (event) => {
    const target = at(event, 'event', 'exec', 'target');
    if (!isObject(target)) return 'other-event';
    const when = timeOf(event.time);
    if (when === undefined) return 'no-time';
    const program = textAt(target, 'executable', 'path');
    const argv = textsAt(event, 'event', 'exec', 'args') ?? [];
    const pid = textAt(target, 'audit_token', 'pid');
    const login = textAt(target, 'audit_token', 'auid');
    return [
      {
        type: 'start',
        at: when,
        eventId: idOf(
          'eslogger',
          String(event.time),
          pid,
          textAt(event, 'global_seq_num') ?? textAt(event, 'seq_num'),
          argv.join(' '),
        ),
        host: textAt(event, 'hostname') ?? textAt(event, 'host'),
        pid,
        parent: textAt(target, 'ppid') ?? textAt(event, 'process', 'ppid'),
        session: textAt(target, 'session_id'),
        user: uidOf(textAt(target, 'audit_token', 'euid')),
        loginUser: isSet(login) ? uidOf(login) : undefined,
        program,
        argv: argv.length > 0 ? argv : program === undefined ? [] : [program],
        parentProgram: textAt(event, 'process', 'executable', 'path'),
        directory: textAt(event, 'event', 'exec', 'cwd', 'path'),
        limits: argv.length > 0 ? [] : [CUT_ARGUMENTS],
      },
    ];
  },
};

/** Auditbeat, Elastic Defend and others that write `process.args` of the Elastic Common Schema. */
export const elastic: JsonFormat = {
  name: 'elastic',
  isLike: (event) =>
    isObject(event.process) &&
    (Array.isArray(at(event, 'process', 'args')) || 'command_line' in event.process) &&
    !('winlog' in event),
  read: (event) => {
    const action = [
      textAt(event, 'event', 'action'),
      ...(textsAt(event, 'event', 'type') ?? [textAt(event, 'event', 'type')]),
    ];
    if (!action.some((word) => word !== undefined && STARTS.has(word))) return 'other-event';
    const when = timeOf(event['@timestamp']);
    if (when === undefined) return 'no-time';
    const argv = textsAt(event, 'process', 'args') ?? [];
    const line = textAt(event, 'process', 'command_line');
    const program = textAt(event, 'process', 'executable');
    const host =
      textAt(event, 'host', 'name') ?? textAt(event, 'host', 'hostname') ?? textAt(event, 'agent', 'hostname');
    return [
      {
        type: 'start',
        at: when,
        eventId:
          textAt(event, 'event', 'id') ?? idOf('elastic', host, when, textAt(event, 'process', 'pid'), argv.join(' ')),
        host,
        pid: textAt(event, 'process', 'pid'),
        parent:
          textAt(event, 'process', 'parent', 'entity_id') ??
          textAt(event, 'process', 'parent', 'pid') ??
          textAt(event, 'process', 'ppid'),
        user: textAt(event, 'user', 'effective', 'name') ?? textAt(event, 'user', 'name'),
        loginUser: textAt(event, 'user', 'audit', 'name') ?? textAt(event, 'user', 'name'),
        program,
        argv,
        line: argv.length > 0 ? undefined : line,
        joined: program?.includes('\\') ? 'windows' : 'quoted',
        parentProgram: textAt(event, 'process', 'parent', 'executable'),
        parentLine: textAt(event, 'process', 'parent', 'command_line'),
        directory: textAt(event, 'process', 'working_directory'),
        container: containerOf({
          id: textAt(event, 'container', 'id'),
          name: textAt(event, 'container', 'name'),
          image: textAt(event, 'container', 'image', 'name'),
          pod: textAt(event, 'kubernetes', 'pod', 'name') ?? textAt(event, 'orchestrator', 'resource', 'name'),
          podUid: textAt(event, 'kubernetes', 'pod', 'uid'),
          namespace: textAt(event, 'kubernetes', 'namespace') ?? textAt(event, 'orchestrator', 'namespace'),
        }),
        limits: [],
      },
    ];
  },
};

const STARTS = new Set([
  'executed',
  'process_started',
  'exec',
  'start',
  'fork_exec',
  'Process Create (rule: ProcessCreate)',
]);
