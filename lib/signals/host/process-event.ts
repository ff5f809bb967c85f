/** What every host log is read to: a program that started, a script that ran, or a connection that a program made. */

import type { Credit } from '../sigma/rule.ts';

interface HostEvent {
  /** Epoch milliseconds, from the event. */
  readonly at: number;
  /** Identifies the event in its log, the same in every copy and every part of it. */
  readonly eventId: string;
  /** The name of the host, as the event gives it. */
  readonly host?: string;
  readonly pid?: string;
  /** What tells the parent process from others of the host. */
  readonly parent?: string;
  /** The session of the login, where the log counts sessions. */
  readonly session?: string;
  /** Whose rights the process has. */
  readonly user?: string;
  /** Who logged in, which `sudo` does not change. */
  readonly loginUser?: string;
  readonly container?: ContainerOf;
  /** The path of the program. */
  readonly program?: string;
  /** What the event could not show, as sentences. */
  readonly limits: readonly string[];
  /** The rules of the user that fit. Absent if none does. */
  readonly rules?: readonly Credit[];
}

/** The container of a process, as far as the event tells. */
export interface ContainerOf {
  readonly id?: string;
  readonly name?: string;
  readonly image?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly namespace?: string;
}

/** A program started. */
export interface ProcessStart extends HostEvent {
  readonly type: 'start';
  /** The command with its own name first. Empty if only {@link line} is known. */
  readonly argv: readonly string[];
  /** The command as one text, for logs that do not keep the words apart. */
  readonly line?: string;
  /** How {@link line} was joined: as Windows does, with quotes of a shell, or with blanks only. */
  readonly joined?: 'windows' | 'quoted' | 'blanks';
  /** What a Windows program says about itself. */
  readonly about?: About;
  /** The program and command of the parent, where the log tells. */
  readonly parentProgram?: string;
  readonly parentLine?: string;
  /** The working directory. */
  readonly directory?: string;
}

export interface About {
  readonly originalFileName?: string;
  readonly product?: string;
  readonly description?: string;
}

/** PowerShell text ran. */
export interface ScriptRun extends HostEvent {
  readonly type: 'script';
  readonly script: string;
  /** Whether parts of the text are missing, so that a comment may look like code. */
  readonly isPartial: boolean;
  /** Where the parts of a whole script begin, if it came in several. */
  readonly cuts?: readonly number[];
  /** The log in which its first part stands, if that is another one. */
  readonly log?: string;
}

/** A part of a PowerShell script whose other parts have not come yet. All parts have the `eventId` of the script. */
export interface ScriptPart extends HostEvent {
  readonly type: 'part';
  /** From 1 to `total`. */
  readonly number: number;
  readonly total: number;
  readonly text: string;
}

/** A program connected. */
interface Connection extends HostEvent {
  readonly type: 'connection';
  readonly address: string;
  readonly port: number;
}

export type ProcessEvent = ProcessStart | ScriptRun | Connection;

/** Why a line or an event gave nothing. Each is counted under its reason. */
export type Unread =
  | 'auoms'
  | 'agent-text'
  | 'evtx'
  | 'invalid-json'
  | 'invalid-utf8'
  | 'invalid-xml'
  | 'no-time'
  | 'split-script'
  | 'other-event'
  | 'too-long'
  | 'truncated'
  | 'unified-log'
  | 'unknown';

/** The reasons, with what to do about them. */
export const UNREAD: Readonly<Record<Unread, string>> = {
  auoms: 'auoms records are not understood: send auditd, laurel or Sysmon for Linux records',
  'agent-text': 'the text form of Windows events is not understood: set event_format to xml in the CloudWatch agent',
  evtx: 'EVTX files are binary: convert them with "wevtutil qe FILE /lf:true /f:xml" or "evtx_dump -o jsonl FILE"',
  'invalid-json': 'lines that begin like JSON but are not JSON',
  'invalid-utf8': 'lines with bytes that are not UTF-8: read all the same, with replacement characters',
  'invalid-xml': 'events that begin like XML but do not end',
  'no-time': 'events without a time that can be read',
  'split-script': 'scripts that waited for parts when their room was needed: each part was judged by itself',
  'other-event': 'events of kinds that say nothing about scans',
  'too-long': 'events longer than 2 MB: dropped',
  truncated: 'events of which a part is missing: judged by what was left',
  'unified-log': 'the unified log of macOS does not record program starts: use eslogger',
  unknown: 'lines in no known format',
};

/** What a reader saw. */
export interface HostCounts {
  lines: number;
  /** Events that were read, by format. */
  readonly formats: Map<string, number>;
  /** Lines and events that gave nothing, by reason. {@link UNREAD} explains each. */
  readonly unread: Map<Unread, number>;
  /** Counters of repeated programs that were dropped for want of room. */
  droppedCounters: number;
}
