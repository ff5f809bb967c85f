/** How the project writes, checked in everything that people read: alerts, help, documents, comments and test names. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { main } from '../cli/main.ts';
import { alternatives } from '../lib/detections/alternatives.ts';
import { KINDS } from '../lib/detections/index.ts';
import { describeQuality } from '../lib/evidence/quality.ts';
import { VULNERABLE_SERVICES } from '../lib/finding/vulnerable-services.ts';
import { SKIP_REASONS } from '../lib/flowlog/skipped.ts';
import { digestMessage } from '../lib/notify/digest.ts';
import { alertMessage } from '../lib/notify/message.ts';
import { stormMessage } from '../lib/notify/storm.ts';
import { replay } from './emulation.ts';
import { campaignOf, findingOf } from './lib/finding/samples.ts';
import { prose } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..');

/** Words that hide a plainer one, each with what to write instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bsuffic(e|es|ed|ing)\b/gi, 'enough, at least, threshold'],
  [/\blets? go of\b|\blet go\b/gi, 'drop'],
  [/\bgiven up\b/gi, 'drop, stop'],
  [/\btold of\b/gi, 'alert, report'],
  [/\bweather\b/gi, 'background noise'],
  [/\bmend(s|ed|ing)?\b/gi, 'fix'],
  [/\banew\b/gi, 'again'],
  [/\bbesides\b/gi, 'also, and'],
  [/\bof ours\b/gi, 'our'],
  [/\bstands? in\b/gi, 'is in'],
  [/\b(is|are) none\b/gi, 'is not'],
  [/\bfrom which on\b/gi, 'threshold, at least'],
];

/** Banned words and semicolons of some prose. Code and table rows are skipped. */
function offencesIn(text: string): string[] {
  const plain = text
    .replace(/`[^`]*`/g, '')
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('|'))
    .join('\n');
  const words = BANNED.flatMap(([word, instead]) =>
    [...plain.matchAll(word)].map(([found]) => `"${found}": write ${instead}`),
  );
  return [...words, ...[...plain.matchAll(/\S*;/g)].map(([found]) => `"${found}": write two sentences`)];
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const filesBelow = (folder: string, extension: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => join(folder, file));

/** The comments of a program. */
const commentsOf = (code: string): string =>
  [...code.matchAll(/(?<=^|[\s(,])\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)]
    .map(([comment]) => comment.replace(/^\s*(\/\*\*?|\*(?!\/)|\/\/)|\*\/$/gm, ''))
    .join('\n');

/** The names of tests and of groups of tests. */
const testNamesOf = (code: string): string =>
  [...code.matchAll(/\b(?:test|describe)(?:\.each\([\s\S]*?\n? *\]\))?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g)]
    .map(([, , name]) => name)
    .join('\n');

const DOCUMENTS = ['README.md', 'SECURITY.md', ...filesBelow('docs', '.md')];
const CODE = ['lib', 'cli', 'infra', 'functions', 'local', 'test', 'verify', 'bench', 'supply']
  .flatMap((folder) => filesBelow(folder, '.ts'))
  // This file quotes what the rules forbid. Installed packages have their own style.
  .filter((path) => path !== 'test/prose.test.ts' && !path.includes('node_modules'));

async function helpOf(...args: string[]): Promise<string> {
  let help = '';
  const stdout = (text: string) => {
    help += text;
  };
  await main([...args, '--help'], { stdout, stderr: stdout, isInteractive: false });
  return help;
}

/** Help by the command line that prints it. */
async function allHelp(): Promise<[string, string][]> {
  const whole = await helpOf();
  const commands = [
    ...whole
      .split('Commands:')[1]!
      .split('\n\n')[0]!
      .matchAll(/^ {2}([a-z]+)/gm),
  ].map(([, name]) => name!);
  const each = await Promise.all(
    commands.map(async (name): Promise<[string, string]> => [`sweepwatch ${name} --help`, await helpOf(name)]),
  );
  return [['sweepwatch --help', whole], ...each];
}

/** What breaks the rules, and where. */
async function offenders(): Promise<Map<string, string[]>> {
  const texts: [string, string][] = [
    ...DOCUMENTS.map((path): [string, string] => [path, prose(read(path))]),
    ...CODE.map((path): [string, string] => [path, `${commentsOf(read(path))}\n${testNamesOf(read(path))}`]),
    ...(await allHelp()),
  ];
  return new Map(
    texts
      .map(([where, text]) => [where, offencesIn(text)] as const)
      .filter(([, offences]) => offences.length > 0)
      .map(([where, offences]) => [where, [...offences]]),
  );
}

const PLACE = { deployment: 'sweepwatch', tables: { findings: 'FindingsTable', region: 'eu-central-1' } };
const NOW = Date.UTC(2026, 11, 1) / 1000;
const isCommand = (line: string): boolean => /^ *(aws|npx|kubectl|whois) /.test(line);
const sentencesOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !isCommand(line))
    .join('\n');

test('the rules notice what they forbid', () => {
  expect(offencesIn('Eight ports suffice; the rest is weather, besides.')).toHaveLength(4);
  expect(offencesIn('Run `a; b` when `anew` is set.\n| a; b |')).toEqual([]);
  expect(testNamesOf("test('is one; is two', () => {});\ntest.each([\n  ['a;'],\n])('of %s; b', f);")).toBe(
    'is one; is two\nof %s; b',
  );
  expect(commentsOf("const url = 'http://x'; // one; two\n/** three; */\ncode();")).toMatch(/^ one; two\n three; $/);
});

describe('alerts follow the rules', () => {
  test('in the texts of findings of every shape, event, digest and storm', () => {
    const SSH = { target: '10.0.9.9', port: 22, protocol: 'tcp' };
    const shapes = [
      findingOf(),
      findingOf({
        openPorts: { count: 0, sample: [] },
        tool: { name: 'nmap', confidence: 70 },
        campaign: 'c'.repeat(24),
      }),
      findingOf({ openPorts: { count: 1, sample: [{ ...SSH, connected: true }] } }),
      findingOf({ direction: 'inbound', source: { address: '198.51.100.7', scope: 'internet' } }),
      findingOf({ direction: 'outbound', protocols: ['icmp'], ports: { count: 0, exact: true, sample: [] } }),
      findingOf({ source: { address: '10.0.0.1', scope: '1', ecs: { cluster: 'shop', taskId: 'f00d' } } }),
      findingOf({ source: { address: '10.0.0.1', scope: '1', behindInterface: true } }),
      campaignOf(),
      campaignOf({ targets: { count: 2, exact: true, sample: ['10.0.0.1', '198.51.100.1'] } }),
    ];
    const closings = (['ended', 'refuted', 'merged', 'analyst'] as const).map((closedBecause) =>
      findingOf({ status: 'closed', closedBecause }),
    );
    const messages = [
      ...shapes.flatMap((finding) => [
        alertMessage('opened', finding, PLACE, NOW),
        alertMessage('escalated', finding, PLACE, NOW),
      ]),
      ...closings.map((finding) => alertMessage('closed', finding, PLACE, NOW)),
      digestMessage('2026-09-01', shapes, PLACE)!,
      stormMessage(
        shapes.map((finding) => ({ event: 'opened', finding })),
        true,
        PLACE,
        NOW,
      ),
    ];
    for (const { subject, bodies } of messages) {
      expect(offencesIn(subject)).toEqual([]);
      expect(offencesIn(sentencesOf(bodies.email!))).toEqual([]);
    }
  });

  test('in reasons, blind spots, services, explanations and skipped lines', async () => {
    const logs = ['pod-nmap-1024', 'inet-distributed-32', 'rdp-24', 'fin-top1000', 'masscan-24x10'];
    const findings = (await Promise.all(logs.map((log) => replay(`lab/${log}.log.gz`)))).flat();
    expect(findings.length).toBeGreaterThan(logs.length);
    const texts = [
      ...findings.flatMap(({ reasons, dataQuality }) => [...reasons.map(({ text }) => text), ...dataQuality]),
      ...describeQuality(0xffffffff, { inside: true }),
      ...VULNERABLE_SERVICES.map(({ why }) => why),
      ...KINDS.flatMap((kind) =>
        (['lateral', 'inbound', 'outbound'] as const).flatMap((direction) => alternatives({ kind, direction })),
      ),
      ...Object.values(SKIP_REASONS),
    ];
    expect(texts.flatMap(offencesIn)).toEqual([]);
  });
});

test('help, documents, comments and test names follow the rules', async () => {
  expect(Object.fromEntries(await offenders())).toEqual({});
});
