/** Linux auditd: joins the records of an event, which may be mixed with those of others, and reads what started. */
import { type AuditRecord, auditEventId, decodeHex, fieldOf, fieldsOf, isSet, textOf } from './auditd-record.ts';
import type { ProcessEvent, Unread } from './process-event.ts';

/** Events that are open at once, the text of their arguments, and how much older than the newest they may be. */
const MOST_OPEN = 512;
const MOST_TEXT = 16_000_000;
const MOST_TEXT_OF_EVENT = 1_000_000;
const SILENCE_MS = 2000;

/** Numbers of execve, execveat and connect by architecture (asm/unistd.h). */
const CALLS: Readonly<Record<string, Readonly<Record<string, 'exec' | 'connect'>>>> = {
  c000003e: { '59': 'exec', '322': 'exec', '42': 'connect' },
  c00000b7: { '221': 'exec', '281': 'exec', '203': 'connect' },
  '40000003': { '11': 'exec', '358': 'exec', '362': 'connect' },
  '40000028': { '11': 'exec', '387': 'exec', '283': 'connect' },
};

interface OpenEvent {
  readonly at: number;
  readonly node?: string;
  readonly serial: string;
  readonly argv: Map<number, string[]>;
  argc?: number;
  size: number;
  isCut: boolean;
  /** The body of the SYSCALL record, and its interpreted fields. */
  syscall?: string;
  names?: string;
  proctitle?: string;
  sockaddr?: string;
  directory?: string;
  isEnded: boolean;
}

export class AuditdReader {
  readonly #open = new Map<string, OpenEvent>();
  readonly #count: (reason: Unread) => void;
  #newest = 0;
  #size = 0;

  constructor(count: (reason: Unread) => void) {
    this.#count = count;
  }

  /** Takes a record and gives the events that it completes. */
  *read(record: AuditRecord): Generator<ProcessEvent> {
    if (!USED.has(record.type)) {
      this.#count('other-event');
      return;
    }
    const key = `${record.node ?? ''} ${record.serial}`;
    let event = this.#open.get(key);
    if (!event) {
      // The end of an event that was judged already says nothing.
      if (record.type === 'EOE' || record.type === 'CWD' || record.type === 'PATH') return;
      const { at, node, serial } = record;
      event = { at, node, serial, argv: new Map(), size: 0, isCut: false, isEnded: false };
      this.#open.set(key, event);
    }
    const before = event.size;
    add(event, record);
    this.#size += event.size - before;
    if (isWhole(event)) yield* this.#close(key, event);
    if (record.at > this.#newest) this.#newest = record.at;
    yield* this.#closeOld();
  }

  /** Gives what is left at the end of the input. */
  *finish(): Generator<ProcessEvent> {
    for (const [key, event] of [...this.#open]) yield* this.#close(key, event);
  }

  /** Events that wait too long, or for which there is no room. The oldest stand first. */
  *#closeOld(): Generator<ProcessEvent> {
    for (const [key, event] of this.#open) {
      const isOld = this.#newest - event.at > SILENCE_MS;
      if (!isOld && this.#open.size <= MOST_OPEN && this.#size <= MOST_TEXT) return;
      yield* this.#close(key, event);
    }
  }

  *#close(key: string, event: OpenEvent): Generator<ProcessEvent> {
    this.#open.delete(key);
    this.#size -= event.size;
    const found = eventOf(event);
    if (!found) this.#count('other-event');
    else {
      if (event.isCut || found.limits.includes(INCOMPLETE)) this.#count('truncated');
      yield found;
    }
  }
}

const USED = new Set(['SYSCALL', 'EXECVE', 'PROCTITLE', 'SOCKADDR', 'EOE', 'CWD', 'PATH', 'BPRM_FCAPS']);

/** Part of the arguments came in no record. */
export const INCOMPLETE = 'Some arguments of the command are missing in the audit records.';
/** The record with program and user is missing. */
export const NO_SYSCALL = 'The audit record of the system call is missing, so the program and the user are unknown.';
const NO_CONTAINER = 'auditd does not say whether the process ran in a container.';

function add(event: OpenEvent, { type, body, enriched }: AuditRecord): void {
  switch (type) {
    case 'SYSCALL':
      event.syscall = body;
      event.names = enriched;
      event.size += body.length;
      break;
    case 'EXECVE':
      addArguments(event, body);
      break;
    case 'PROCTITLE':
      event.proctitle = fieldOf(body, 'proctitle');
      event.isEnded = true;
      break;
    case 'SOCKADDR':
      event.sockaddr = fieldOf(body, 'saddr');
      break;
    case 'CWD':
      event.directory = textOf(fieldOf(body, 'cwd'));
      break;
    case 'EOE':
      event.isEnded = true;
      break;
  }
}

/** `a0="nmap"`, and `a3_len=18000 a3[0]=6E6D a3[1]=...` over several records. */
function addArguments(event: OpenEvent, body: string): void {
  const { fields, isCut } = fieldsOf(body);
  if (isCut) event.isCut = true;
  for (const [key, raw] of fields) {
    if (key === 'argc') {
      event.argc = Number(raw);
      continue;
    }
    const match = /^a(\d{1,6})(?:\[(\d{1,5})\])?$/.exec(key);
    if (!match) continue;
    if (event.size + raw.length > MOST_TEXT_OF_EVENT) {
      event.isCut = true;
      continue;
    }
    const parts = event.argv.get(Number(match[1])) ?? [];
    parts[Number(match[2] ?? 0)] = raw;
    event.argv.set(Number(match[1]), parts);
    event.size += raw.length;
  }
}

const isWhole = (event: OpenEvent): boolean => {
  if (!event.isEnded || !event.syscall) return false;
  const call = callOf(event);
  return call === 'exec'
    ? event.argc === undefined || event.argv.size >= event.argc
    : call !== 'connect' || event.sockaddr !== undefined;
};

function callOf({ syscall, names }: OpenEvent): 'exec' | 'connect' | undefined {
  const name = fieldOf(names ?? '', 'SYSCALL');
  if (name === 'execve' || name === 'execveat') return 'exec';
  if (name === 'connect') return 'connect';
  return CALLS[fieldOf(syscall ?? '', 'arch') ?? '']?.[fieldOf(syscall ?? '', 'syscall') ?? ''];
}

function eventOf(event: OpenEvent): ProcessEvent | undefined {
  const { at, node, serial, syscall, names, sockaddr } = event;
  const call = callOf(event);
  if (syscall !== undefined && call === undefined) return undefined;
  const number = (field: string): string | undefined => fieldOf(syscall ?? '', field);
  const user = (field: string): string | undefined => {
    const id = number(field);
    if (!isSet(id)) return undefined;
    return textOf(fieldOf(names ?? '', field.toUpperCase())) ?? `${field}=${id}`;
  };
  const session = number('ses');
  const common = {
    at,
    eventId: auditEventId(node, serial),
    host: node,
    pid: number('pid'),
    parent: number('ppid'),
    session: isSet(session) ? session : undefined,
    user: user('uid'),
    loginUser: user('auid'),
    program: textOf(number('exe')),
  };
  if (call === 'connect') {
    const target = targetOf(sockaddr);
    return target && { ...common, type: 'connection', ...target, limits: [] };
  }
  if (syscall && call !== 'exec') return undefined;
  if (number('success') === 'no' && event.argv.size === 0) return undefined;
  const { argv, isComplete } = argumentsOf(event);
  if (argv.length === 0) return undefined;
  const limits = [
    ...(isComplete ? [] : [INCOMPLETE]),
    ...(syscall ? (isSet(number('auid')) ? [] : [NO_CONTAINER]) : [NO_SYSCALL]),
  ];
  return { ...common, type: 'start', argv, directory: event.directory, limits };
}

/** The arguments in order. Of the title of the process, 128 bytes are left, so it serves only without EXECVE. */
function argumentsOf({ argv, argc, proctitle, isCut }: OpenEvent): { argv: string[]; isComplete: boolean } {
  if (argv.size === 0) {
    if (proctitle === undefined) return { argv: [], isComplete: false };
    const text = proctitle.startsWith('"') ? (textOf(proctitle) ?? '') : decodeHex(proctitle);
    return { argv: text.split('\0'), isComplete: text.length < 127 };
  }
  const indexes = [...argv.keys()].sort((a, b) => a - b);
  const isComplete = !isCut && (argc === undefined || indexes.length >= argc);
  return { argv: indexes.map((index) => joined(argv.get(index)!)), isComplete };
}

/** Parts of one long argument are hex each, or quoted each. */
const joined = (parts: readonly string[]): string => {
  // A part that is missing leaves a hole.
  const found = parts.filter((part) => part !== undefined);
  if (found.some((part) => part.startsWith('"'))) return found.map((part) => part.replace(/^"|"$/g, '')).join('');
  return textOf(found.join('')) ?? '';
};

/** The address and port of a raw socket address: family in the order of the host, the rest in that of the network. */
function targetOf(saddr: string | undefined): { address: string; port: number } | undefined {
  if (saddr === undefined || !/^[0-9A-F]{16,}$/i.test(saddr)) return undefined;
  const bytes = Buffer.from(saddr.slice(0, 64), 'hex');
  const family = bytes[0]! | (bytes[1]! << 8);
  const port = bytes.readUInt16BE(2);
  if (family === 2) return { address: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port };
  if (family !== 10 || bytes.length < 24) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(8 + index * 2).toString(16));
  return { address: groups.join(':'), port };
}
