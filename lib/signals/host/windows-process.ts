/** What a Windows event says: a program started (Sysmon 1, Security 4688), a connection (Sysmon 3), PowerShell text. */

import type { ProcessEvent, ScriptPart } from './process-event.ts';
import { fingerprint, textAt } from './values.ts';
import type { WindowsEvent } from './windows-event.ts';

const NO_COMMAND_LINE =
  'The event has no command line: enable "Include command line in process creation events" to see the arguments.';

/** The events of one Windows event. */
export function* readWindowsEvent(
  event: WindowsEvent,
): Generator<ProcessEvent | ScriptPart, 'read' | 'other-event' | 'no-time'> {
  const kind = kindOf(event);
  if (kind === undefined) return 'other-event';
  if (event.at === undefined) return 'no-time';
  switch (kind) {
    case 'start':
      yield startOf(event, event.at);
      return 'read';
    case 'connection': {
      const connection = connectionOf(event, event.at);
      if (!connection) return 'other-event';
      yield connection;
      return 'read';
    }
    case 'part': {
      const block = textAt(event.data, 'ScriptBlockId') ?? idOf(event);
      yield {
        ...commonOf(event, event.at),
        eventId: `script:${event.computer ?? ''}:${block}`,
        type: 'part',
        number: Number(textAt(event.data, 'MessageNumber') ?? 1),
        total: Number(textAt(event.data, 'MessageTotal') ?? 1),
        text: textAt(event.data, 'ScriptBlockText') ?? '',
        limits: [],
      };
      return 'read';
    }
    case 'script': {
      const script = scriptOf(event);
      if (script === undefined) return 'other-event';
      yield { ...commonOf(event, event.at), type: 'script', script, isPartial: false, limits: [] };
      return 'read';
    }
  }
}

function kindOf({ id, channel, provider, data }: WindowsEvent): 'start' | 'connection' | 'part' | 'script' | undefined {
  const source = `${channel} ${provider.toLowerCase()}`;
  const isSysmon = source.includes('sysmon') || (source.trim() === '' && 'ProcessGuid' in data);
  if (id === 1 && isSysmon) return 'start';
  if (id === 3 && isSysmon) return 'connection';
  if (id === 4688 && (source.includes('security') || 'NewProcessName' in data)) return 'start';
  if (id === 4104 && 'ScriptBlockText' in data) return 'part';
  if (id === 4103 && source.includes('powershell')) return 'script';
  if (id === 800 && source.includes('powershell')) return 'script';
  return undefined;
}

/** The number of the record in its channel, or a fingerprint where a shipper dropped it. */
const idOf = ({ channel, computer, record, id, at, data, message }: WindowsEvent): string =>
  record === undefined
    ? `windows:${computer ?? ''}:${id}:${fingerprint(`${at} ${textAt(data, 'ProcessGuid') ?? ''} ${textAt(data, 'NewProcessId') ?? ''} ${textAt(data, 'CommandLine') ?? message ?? ''}`)}`
    : `windows:${computer ?? ''}:${channel}:${record}`;

function commonOf(event: WindowsEvent, at: number) {
  const { data } = event;
  return {
    at,
    eventId: idOf(event),
    host: event.computer,
    pid:
      textAt(data, 'NewProcessId') ??
      textAt(data, 'ProcessId') ??
      textAt(data, 'ExecutionProcessID') ??
      textAt(data, 'ProcessID'),
    user: userOf(event),
  };
}

function userOf({ data }: WindowsEvent): string | undefined {
  const account = (name: string | undefined, domain: string | undefined) =>
    name && domain ? `${domain}\\${name}` : name;
  // 4688 names the creator as subject, and a target only where the process runs as another user.
  return (
    textAt(data, 'User') ??
    account(textAt(data, 'TargetUserName'), textAt(data, 'TargetDomainName')) ??
    account(textAt(data, 'SubjectUserName'), textAt(data, 'SubjectDomainName')) ??
    account(textAt(data, 'AccountName'), textAt(data, 'Domain')) ??
    textAt(data, 'UserID')
  );
}

function startOf(event: WindowsEvent, at: number): ProcessEvent {
  const { data } = event;
  const is4688 = event.id === 4688;
  const program = (is4688 ? textAt(data, 'NewProcessName') : textAt(data, 'Image')) ?? textAt(data, 'Image');
  const line = textAt(data, 'CommandLine') ?? commandInMessage(event.message);
  const isWindows = !event.provider.toLowerCase().startsWith('linux') && !(program?.startsWith('/') ?? false);
  const own = commonOf(event, at);
  const subject = textAt(data, 'SubjectUserName');
  return {
    ...own,
    type: 'start',
    // In 4688, ProcessId is the creator.
    parent: is4688 ? textAt(data, 'ProcessId') : (textAt(data, 'ParentProcessGuid') ?? textAt(data, 'ParentProcessId')),
    session: textAt(data, 'LogonId') ?? textAt(data, 'SubjectLogonId'),
    loginUser: is4688 && subject ? [textAt(data, 'SubjectDomainName'), subject].filter(Boolean).join('\\') : own.user,
    program,
    argv: line === undefined && program !== undefined ? [program] : [],
    line,
    joined: isWindows ? 'windows' : 'quoted',
    about: {
      originalFileName: textAt(data, 'OriginalFileName'),
      product: textAt(data, 'Product'),
      description: textAt(data, 'Description'),
    },
    parentProgram: textAt(data, 'ParentImage') ?? textAt(data, 'ParentProcessName'),
    parentLine: textAt(data, 'ParentCommandLine'),
    directory: textAt(data, 'CurrentDirectory'),
    limits: line === undefined ? [NO_COMMAND_LINE] : [],
  };
}

/** The line of the rendered text, where a shipper kept only that. English Windows only. */
const commandInMessage = (message: string | undefined): string | undefined =>
  /(?:Process Command Line|CommandLine):[ \t]{1,10}([^\r\n]{1,32000})/.exec(message ?? '')?.[1];

function connectionOf(event: WindowsEvent, at: number): ProcessEvent | undefined {
  const { data } = event;
  const address = textAt(data, 'DestinationIp');
  const port = Number(textAt(data, 'DestinationPort'));
  if (address === undefined || !Number.isInteger(port) || String(textAt(data, 'Initiated')).toLowerCase() === 'false')
    return undefined;
  return { ...commonOf(event, at), type: 'connection', program: textAt(data, 'Image'), address, port, limits: [] };
}

/** The commands of a pipeline (4103), or the line that a classic event (800) shows. */
function scriptOf(event: WindowsEvent): string | undefined {
  if (event.id === 4103) {
    const payload = textAt(event.data, 'Payload');
    return payload === undefined ? undefined : commandsOfPayload(payload);
  }
  const message = event.message ?? textAt(event.data, '0');
  const head = 'Pipeline execution details for command line:';
  const from = message?.indexOf(head) ?? -1;
  if (message === undefined || from < 0)
    return message !== undefined && !message.includes('Context Information') ? message : undefined;
  const end = message.indexOf('Context Information', from);
  return message
    .slice(from + head.length, end < 0 ? undefined : end)
    .replace(/\.\s*$/, '')
    .trim();
}

/**
 * `CommandInvocation(X): "X"` and `ParameterBinding(X): name="A"; value="B"` as lines of code: `X -A "B"`. Values of
 * several lines are cut at the first.
 */
function commandsOfPayload(payload: string): string {
  const lines: string[] = [];
  for (const line of payload.split('\n')) {
    const invocation = /^CommandInvocation\(([\w.:-]{1,100})\)/.exec(line);
    if (invocation) lines.push(invocation[1]!);
    const binding = /^ParameterBinding\(([\w.:-]{1,100})\): name="([\w]{1,80})"; value="(.{0,2000})/.exec(line);
    if (!binding) continue;
    const at = lines.findLastIndex((text) => text.split(' ', 1)[0] === binding[1]);
    const value = binding[3]!.trimEnd().replace(/"$/, '').replaceAll("'", "''");
    if (at >= 0) lines[at] += ` -${binding[2]} '${value}'`;
  }
  return lines.join('\n');
}
