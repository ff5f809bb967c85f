/** The house holds: data flows one way, the pure rooms know no clock, network or environment, and AWS has one door. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');

/** Each room with the other rooms it may import from. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'lib/net': [],
  'lib/text': [],
  'lib/flowlog': ['lib/net', 'lib/text'],
  'lib/config': [
    'lib/net',
    'lib/text',
    'lib/flowlog/fields.ts',
    'lib/flowlog/read-columns.ts',
    'lib/scan',
    'lib/detections',
    'lib/signals/signal.ts',
    'lib/finding/model.ts',
  ],
  'lib/kernel': ['lib/net', 'lib/flowlog'],
  'lib/evidence': ['lib/net', 'lib/flowlog', 'lib/kernel'],
  'lib/scan': ['lib/net', 'lib/evidence'],
  'lib/detections': ['lib/evidence', 'lib/scan'],
  'lib/signals': ['lib/net', 'lib/text'],
  'lib/finding': ['lib/net', 'lib/text', 'lib/evidence', 'lib/scan', 'lib/detections', 'lib/signals'],
  'lib/notify': ['lib/net', 'lib/text', 'lib/detections', 'lib/finding'],
  'lib/report': ['lib/net', 'lib/text', 'lib/detections', 'lib/finding', 'lib/notify'],
  'lib/store': ['lib/net', 'lib/flowlog', 'lib/evidence', 'lib/scan', 'lib/signals', 'lib/finding', 'lib/notify'],
  'lib/pipeline': [
    'lib/net',
    'lib/text',
    'lib/config',
    'lib/flowlog',
    'lib/evidence',
    'lib/scan',
    'lib/detections',
    'lib/signals',
    'lib/finding',
    'lib/notify',
    'lib/store',
  ],
  functions: ['lib'],
  infra: [
    'lib/config',
    'lib/signals/orchestrator/subscription-pattern.ts',
    'lib/signals/sigma/load.ts',
    'lib/store/keys.ts',
    'lib/store/look-back-batch.ts',
  ],
  cli: ['lib', 'local'],
  local: [],
};

const PURE = [
  'lib/net',
  'lib/text',
  'lib/flowlog',
  'lib/kernel',
  'lib/evidence',
  'lib/scan',
  'lib/detections',
  'lib/signals',
  'lib/finding',
  'lib/notify',
  'lib/report',
];

/** Compiles the kernel from its sources. Code that runs must not import it. */
const COMPILER = 'lib/kernel/compile.ts';

interface Import {
  readonly from: string;
  readonly to: string;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

const roomOf = (file: string): string =>
  file.startsWith('lib/') ? file.split('/').slice(0, 2).join('/') : file.split('/')[0]!;

const PRODUCT = ['lib', 'functions', 'infra', 'cli', 'local'];
const files = PRODUCT.flatMap(filesIn);
/** AssemblyScript names files without their ending. */
const withEnding = (name: string) => (/\.\w+$/.test(name) ? name : `${name}.ts`);
const localImportsOf = (file: string): Import[] =>
  importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ from: file, to: relative(ROOT, resolve(ROOT, dirname(file), withEnding(name))) }));
const local = files.flatMap(localImportsOf);
const everything = [...local, ...['bench', 'verify', 'supply', 'test'].flatMap(filesIn).flatMap(localImportsOf)];

/** Files that import each other, directly or through others, in groups. */
function cyclesOf(imports: readonly Import[]): string[][] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const reachOf = (file: string): Set<string> => {
    const reached = new Set<string>();
    const waiting = [file];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
      for (const { to } of targets.get(next) ?? [])
        if (!reached.has(to)) {
          reached.add(to);
          waiting.push(to);
        }
    return reached;
  };
  const reach = new Map([...targets.keys()].map((file) => [file, reachOf(file)]));
  const cyclic = [...reach].filter(([file, reached]) => reached.has(file)).map(([file]) => file);
  const groups = Map.groupBy(cyclic, (file) => cyclic.filter((other) => isMutual(reach, file, other)).join(' '));
  return [...groups.values()].map((group) => group.sort());
}

const isMutual = (reach: ReadonlyMap<string, ReadonlySet<string>>, one: string, other: string): boolean =>
  one === other || (reach.get(one)!.has(other) && reach.get(other)!.has(one));

describe('imports', () => {
  test('are found', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(local.length).toBeGreaterThan(200);
  });

  test('lead to existing files, also those of the kernel', () => {
    const there = new Set(files);
    expect(local.filter(({ to }) => to.endsWith('.ts') && !there.has(to))).toEqual([]);
    expect(local.filter(({ from }) => from.startsWith('lib/kernel/assembly/')).length).toBeGreaterThan(15);
    expect(local.filter(({ to }) => to === COMPILER)).toEqual([]);
  });

  test('go one way, from room to room', () => {
    const wrong = local.filter(({ from, to }) => {
      const [source, target] = [roomOf(from), roomOf(to)];
      return source !== target && !(ALLOWED[source] ?? []).some((room) => to === room || to.startsWith(`${room}/`));
    });
    expect(wrong).toEqual([]);
  });

  test('go from a room of lib to none below it in the list of docs/architecture.md', () => {
    const listed = [...readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8').matchAll(/^ {2}(\w+)\/ /gm)];
    const order = listed.map(([, room]) => `lib/${room}`);
    expect(order.toSorted()).toEqual(
      Object.keys(ALLOWED)
        .filter((room) => room.startsWith('lib/'))
        .toSorted(),
    );
    const roomIn = (path: string) => path.split('/').slice(0, 2).join('/');
    const upwards = order.flatMap((room, at) =>
      ALLOWED[room]!.filter((path) => order.indexOf(roomIn(path)) >= at).map((path) => `${room} from ${path}`),
    );
    expect(upwards).toEqual([]);
  });

  test('form no cycle between files, not even of types, in the product, its tests and its tools', () => {
    expect(cyclesOf(everything)).toEqual([]);
  });

  test('that form a cycle are found', () => {
    const edge = (from: string, to: string) => ({ from, to });
    const edges = [edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('c', 'd'), edge('e', 'e'), edge('d', 'f')];
    expect(cyclesOf(edges)).toEqual([['b', 'c'], ['e']]);
  });

  test('of the AWS clients are only in lib/store, the demo and the local cloud', () => {
    const users = files.filter((file) => importsOf(file).some((name) => name.startsWith('@aws-sdk/')));
    expect(users.filter((file) => !file.startsWith('lib/store/') && !file.startsWith('local/'))).toEqual([
      'cli/commands/demo.ts',
    ]);
  });

  test('of zod stay out of everything that a function bundles', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { from, to } of local) if (from === file && !isTypeOnly(file, to)) visit(to);
    };
    for (const file of filesIn('functions')) visit(file);
    expect([...seen].filter((file) => importsOf(file).includes('zod'))).toEqual([]);
  });
});

function isTypeOnly(file: string, target: string): boolean {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const name = target.split('/').at(-1)!.replace('.', '\\.');
  return !new RegExp(`(?:import (?!type)|from)[^;]*${name}'`).test(text.replace(/import type [^;]*;/g, ''));
}

describe('the pure rooms', () => {
  test.each(PURE)('%s reads no clock, no environment and no network', (room) => {
    const impure =
      /Date\.now|new Date\(\)|process\.env|performance\.now|node:(?:fs|net|http|https|child_process|os)'|Math\.random/;
    const offenders = filesIn(room).filter(
      (file) => file !== COMPILER && impure.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });
});

describe('every file', () => {
  test('says in its first line what it is for', () => {
    const silent = files.filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(silent).toEqual([]);
  });
});
