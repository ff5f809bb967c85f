/** Programs that start another program: the command behind `sudo`, `timeout`, `ip netns exec`, `docker exec` and others. */
import { programName } from './words.ts';

/** How a wrapper's words lead to the command that it starts. */
interface Wrapper {
  /** Options that take the next word. */
  readonly valued?: readonly string[];
  /** Words between the options and the command: `timeout 5 nmap` has one. */
  readonly skips?: number;
  /** Words that must come first: `ip netns exec`. */
  readonly verbs?: readonly string[];
  /** Whether `NAME=value` words may stand before the command. */
  readonly hasAssignments?: true;
  /** Whether options begin with a slash. */
  readonly hasSlashes?: true;
  /** Whether only words after `--` are a command. */
  readonly needsDashes?: true;
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  sudo: {
    valued: [
      '-u',
      '-g',
      '-h',
      '-p',
      '-C',
      '-r',
      '-t',
      '-T',
      '-U',
      '-D',
      '-R',
      '--user',
      '--group',
      '--host',
      '--prompt',
      '--chdir',
    ],
    hasAssignments: true,
  },
  doas: { valued: ['-u', '-C'] },
  env: { valued: ['-u', '--unset', '-C', '--chdir', '-S'], hasAssignments: true },
  timeout: { valued: ['-k', '--kill-after', '-s', '--signal'], skips: 1 },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '-t'] },
  nohup: {},
  setsid: {},
  stdbuf: { valued: ['-i', '-o', '-e'] },
  time: { valued: ['-o', '-f'] },
  command: {},
  exec: { valued: ['-a'] },
  builtin: {},
  eval: {},
  strace: { valued: ['-e', '-o', '-p', '-s', '-P'] },
  ltrace: { valued: ['-e', '-o', '-p', '-s'] },
  watch: { valued: ['-n', '--interval'] },
  torsocks: {},
  torify: {},
  proxychains: { valued: ['-f'] },
  proxychains4: { valued: ['-f'] },
  chroot: { valued: ['--userspec', '--groups'], skips: 1 },
  unshare: { valued: ['-S', '-G', '-R', '-w'] },
  nsenter: { valued: ['-t', '--target', '-S', '-G', '-r', '-w'] },
  'su-exec': { skips: 1 },
  gosu: { skips: 1 },
  setpriv: { valued: ['--reuid', '--regid', '--groups'] },
  runuser: { valued: ['-u', '-g', '-G'] },
  screen: { valued: ['-S', '-dmS', '-DmS', '-c', '-e', '-h', '-p', '-s', '-t', '-T'] },
  taskset: { skips: 1 },
  chrt: { skips: 1 },
  wsl: { valued: ['-d', '-u', '--distribution', '--user', '--cd'] },
  start: { hasSlashes: true },
  lxc: { needsDashes: true },
  incus: { needsDashes: true },
  capsh: { needsDashes: true },
  tini: { valued: ['-p', '-e'] },
  'dumb-init': { valued: ['-r', '--rewrite'] },
  ip: { verbs: ['netns', 'exec'], skips: 1 },
  busybox: {},
  toybox: {},
  xargs: {
    valued: [
      '-I',
      '-i',
      '-n',
      '-P',
      '-L',
      '-d',
      '-s',
      '-E',
      '-a',
      '--max-procs',
      '--max-args',
      '--replace',
      '--delimiter',
    ],
  },
  'systemd-run': { valued: ['-u', '--unit', '-p', '--property', '--uid', '--slice'] },
  kubectl: { needsDashes: true },
  oc: { needsDashes: true },
  docker: {
    verbs: ['exec'],
    valued: ['-e', '--env', '-u', '--user', '-w', '--workdir', '--env-file', '--detach-keys'],
    skips: 1,
  },
  podman: { verbs: ['exec'], valued: ['-e', '--env', '-u', '--user', '-w', '--workdir'], skips: 1 },
  nerdctl: { verbs: ['exec'], valued: ['-e', '--env', '-u', '--user', '-w', '--workdir'], skips: 1 },
  crictl: { verbs: ['exec'], valued: ['-r', '--runtime-endpoint', '--timeout'], skips: 1 },
};

/** Dynamic loaders start the program that their first word names. */
const isLoader = (name: string): boolean => name.startsWith('ld-linux') || name.startsWith('ld-musl');

/**
 * The command that a wrapper starts, or undefined if the command is no wrapper or starts nothing. The answer is the rest
 * of the words, so wrappers in wrappers need one call each.
 */
export function unwrap(argv: readonly string[]): readonly string[] | undefined {
  const first = argv[0];
  if (first === undefined) return undefined;
  const name = programName(first);
  const wrapper: Wrapper | undefined = isLoader(name) ? {} : Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (!wrapper) return undefined;
  let at = 1;
  for (const verb of wrapper.verbs ?? []) {
    while (at < argv.length && argv[at]!.startsWith('-')) at += 1;
    if (argv[at] !== verb) return undefined;
    at += 1;
  }
  if (wrapper.needsDashes) {
    const dashes = argv.indexOf('--', 1);
    return dashes < 0 || dashes + 1 >= argv.length ? undefined : argv.slice(dashes + 1);
  }
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      at += 1;
      break;
    }
    if (wrapper.hasAssignments && /^[A-Za-z_]\w*=/.test(word)) continue;
    if (wrapper.hasSlashes && word.startsWith('/')) continue;
    if (!word.startsWith('-') || word === '-') break;
    if (wrapper.valued?.includes(word)) at += 1;
  }
  const rest = argv.slice(at + (wrapper.skips ?? 0));
  return rest.length === 0 ? undefined : rest;
}
