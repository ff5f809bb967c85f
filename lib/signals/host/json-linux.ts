/** JSON of laurel, Falco and Tetragon. The last two know the pod and the command together. */
import { auditEventId, isSet } from './auditd-record.ts';
import { CUT_ARGUMENTS, containerOf, idOf, type JsonFormat, uidOf } from './json-format.ts';
import { at, isObject, type Json, textAt, textsAt, timeOf } from './values.ts';

/** laurel: `{"ID":"1795889322.982:75","SYSCALL":{...},"EXECVE":{"ARGV":[...]}}`. */
export const laurel: JsonFormat = {
  name: 'laurel',
  isLike: (event) => typeof event.ID === 'string' && /^\d{9,11}\.\d{1,9}:\d+$/.test(event.ID),
  read: (event) => {
    const [time, serial] = String(event.ID).split(':');
    const when = timeOf(time);
    const call = textAt(event, 'SYSCALL', 'SYSCALL') ?? textAt(event, 'SYSCALL', 'syscall');
    const host = textAt(event, 'NODE');
    if (when === undefined) return 'no-time';
    const user = textAt(event, 'SYSCALL', 'UID') ?? textAt(event, 'SYSCALL', 'uid');
    const login = textAt(event, 'SYSCALL', 'AUID') ?? textAt(event, 'SYSCALL', 'auid');
    const session = textAt(event, 'SYSCALL', 'ses');
    const container = at(event, 'CONTAINER_INFO') ?? at(event, 'SYSCALL', 'container') ?? at(event, 'container');
    const common = {
      at: when,
      eventId: auditEventId(host, `${time}:${serial}`),
      host,
      pid: textAt(event, 'SYSCALL', 'pid'),
      parent: textAt(event, 'SYSCALL', 'ppid'),
      session: isSet(session) ? session : undefined,
      user,
      loginUser: isSet(login) ? login : undefined,
      program: textAt(event, 'SYSCALL', 'exe'),
      container: isObject(container) ? { id: textAt(container, 'ID') ?? textAt(container, 'id') } : undefined,
    };
    const address = textAt(event, 'SOCKADDR', 'SADDR', 'addr') ?? textAt(event, 'SOCKADDR', 'SADDR', 'laddr');
    const port = textAt(event, 'SOCKADDR', 'SADDR', 'port') ?? textAt(event, 'SOCKADDR', 'SADDR', 'lport');
    if (call === 'connect' || call === '42')
      return address && port
        ? [{ ...common, type: 'connection', address, port: Number(port), limits: [] }]
        : 'other-event';
    const argv = textsAt(event, 'EXECVE', 'ARGV') ?? argumentsOf(event);
    const title = textsAt(event, 'PROCTITLE', 'ARGV');
    const words = argv ?? (call?.startsWith('exec') ? title : undefined);
    if (!words || words.length === 0) return 'other-event';
    const limits = argv ? [] : ['The arguments come from the title of the process, of which 128 bytes are kept.'];
    return [
      {
        ...common,
        type: 'start',
        argv: words,
        parentProgram: textAt(event, 'PARENT_INFO', 'exe'),
        parentLine: textsAt(event, 'PARENT_INFO', 'ARGV')?.join(' '),
        directory: textAt(event, 'CWD', 'cwd'),
        limits,
      },
    ];
  },
};

/** `"EXECVE":{"argc":3,"a0":"nmap",...}`, with which laurel can be told to keep the arguments. */
function argumentsOf(event: Json): string[] | undefined {
  const text = textAt(event, 'EXECVE', 'ARGV_STR');
  if (text !== undefined) return text.split(' ');
  const argv: string[] = [];
  for (let index = 0; index < 5000; index++) {
    const word = at(event, 'EXECVE', `a${index}`);
    if (typeof word !== 'string') break;
    argv.push(word);
  }
  return argv.length > 0 ? argv : undefined;
}

/** Falco: an alert of one of its rules, with the fields that the rule prints. */
export const falco: JsonFormat = {
  name: 'falco',
  isLike: (event) =>
    typeof event.rule === 'string' && (isObject(event.output_fields) || typeof event.output === 'string'),
  read: (event) => {
    const when = timeOf(event.time) ?? timeOf(at(event, 'output_fields', 'evt.time'));
    if (when === undefined) return 'no-time';
    const field = (...names: readonly string[]): string | undefined => {
      for (const name of names) {
        const text = textAt(event, 'output_fields', name);
        if (text !== undefined && text !== 'null') return text;
      }
      return undefined;
    };
    const line = field('proc.cmdline') ?? commandInOutput(textAt(event, 'output'));
    const repository = field('container.image.repository', 'container.image');
    const tag = field('container.image.tag');
    const host = textAt(event, 'hostname');
    const id = field('container.id');
    const container =
      id === 'host'
        ? undefined
        : containerOf({
            id,
            name: field('container.name'),
            image: repository && tag && !repository.includes(':') ? `${repository}:${tag}` : repository,
            pod: field('k8s.pod.name', 'k8smeta.pod.name'),
            podUid: field('k8s.pod.uid', 'k8smeta.pod.uid'),
            namespace: field('k8s.ns.name', 'k8smeta.ns.name'),
          });
    const program = field('proc.exepath') ?? field('proc.name', 'proc.exe');
    if (line === undefined && program === undefined) return 'other-event';
    const login = field('user.loginname');
    return [
      {
        type: 'start',
        at: when,
        eventId: textAt(event, 'uuid') ?? idOf('falco', host, when, id, field('proc.pid'), line),
        host,
        pid: field('proc.pid'),
        parent: field('proc.ppid', 'proc.pcmdline', 'proc.pname'),
        user: field('user.name', 'user.uid'),
        loginUser: login,
        program,
        argv: line === undefined ? [program!] : [],
        line,
        joined: 'blanks',
        parentProgram: field('proc.pexepath', 'proc.pname'),
        parentLine: field('proc.pcmdline'),
        directory: field('proc.cwd'),
        container,
        limits: ['A Falco alert shows only what one of its rules matched.'],
      },
    ];
  },
};

/** `... command=nmap -p 80 10.0.0.0/24 pid=...` in the text of an alert whose fields are absent. */
function commandInOutput(output: string | undefined): string | undefined {
  const from = output === undefined ? -1 : output.search(/\b(?:command|cmdline)=/);
  if (output === undefined || from < 0) return undefined;
  const rest = output.slice(output.indexOf('=', from) + 1);
  const end = rest.search(/ [a-z_.]{2,30}=|\)$/);
  return (end < 0 ? rest : rest.slice(0, end)).trim() || undefined;
}

/** Tetragon: `{"process_exec":{"process":{...},"parent":{...}},"node_name":..,"time":..}`. */
export const tetragon: JsonFormat = {
  name: 'tetragon',
  isLike: (event) =>
    [
      'process_exec',
      'process_connect',
      'process_kprobe',
      'process_exit',
      'process_tracepoint',
      'process_loader',
      'process_lsm',
      'process_uprobe',
      'process_accept',
      'process_close',
      'process_listen',
    ].some((key) => isObject(event[key])),
  read: (event) => {
    const kind = ['process_exec', 'process_connect', 'process_kprobe'].find((key) => isObject(event[key]));
    const process = kind && at(event, kind, 'process');
    if (!kind || !isObject(process)) return 'other-event';
    const when = timeOf(event.time) ?? timeOf(process.start_time);
    if (when === undefined) return 'no-time';
    const image = at(process, 'pod', 'container', 'image');
    const auid = textAt(process, 'auid');
    const common = {
      at: when,
      eventId: `tetragon:${kind}:${textAt(process, 'exec_id') ?? idOf('', textAt(event, 'node_name'), when, textAt(process, 'pid'))}`,
      host: textAt(event, 'node_name'),
      pid: textAt(process, 'pid'),
      parent: textAt(process, 'parent_exec_id') ?? textAt(event, kind, 'parent', 'pid'),
      user: uidOf(textAt(process, 'uid')),
      loginUser: isSet(auid) ? uidOf(auid) : undefined,
      program: textAt(process, 'binary'),
      container: containerOf({
        id: textAt(process, 'pod', 'container', 'id') ?? textAt(process, 'docker'),
        name: textAt(process, 'pod', 'container', 'name'),
        image: textAt(image, 'name') ?? textAt(image, 'id'),
        pod: textAt(process, 'pod', 'name'),
        podUid: textAt(process, 'pod', 'uid'),
        namespace: textAt(process, 'pod', 'namespace'),
      }),
      limits: [],
    };
    if (kind === 'process_exec') {
      const line = [textAt(process, 'binary') ?? '', textAt(process, 'arguments') ?? ''].join(' ').trim();
      const isCut = String(textAt(process, 'flags') ?? '').includes('truncArgs');
      return [
        {
          ...common,
          type: 'start',
          argv: [],
          line,
          joined: 'quoted',
          parentProgram: textAt(event, kind, 'parent', 'binary'),
          parentLine: textAt(event, kind, 'parent', 'arguments'),
          directory: textAt(process, 'cwd'),
          limits: isCut ? [CUT_ARGUMENTS] : [],
        },
      ];
    }
    const socket = kind === 'process_kprobe' ? socketOf(at(event, kind, 'args')) : at(event, kind);
    const address = textAt(socket, 'destination_ip') ?? textAt(socket, 'daddr');
    const port = textAt(socket, 'destination_port') ?? textAt(socket, 'dport');
    if (address === undefined || port === undefined) return 'other-event';
    return [
      { ...common, eventId: `${common.eventId}:${address}:${port}`, type: 'connection', address, port: Number(port) },
    ];
  },
};

const socketOf = (args: unknown): unknown =>
  Array.isArray(args)
    ? args.map((argument) => at(argument, 'sock_arg') ?? at(argument, 'sockaddr_arg')).find(isObject)
    : undefined;
