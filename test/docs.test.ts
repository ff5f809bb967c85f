/**
 * Compares the pages about detections and their validation with the code: settings, defaults, tests, links, log lines
 * and alerts. The guides for contributors must name existing files. With `UPDATE_EXAMPLES=1` the test updates the
 * quoted alerts instead.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { detectionDefaults } from '../lib/detections/settings.ts';
import { TESTS } from '../lib/detections/tests.ts';
import { describeEpisodes, episodesOf } from '../lib/finding/describe-signals.ts';
import { epochSeconds, type Finding, severityRank } from '../lib/finding/model.ts';
import { alertText } from '../lib/notify/text.ts';
import { SIGNAL_KINDS } from '../lib/signals/signal.ts';
import { replay, STEPS } from './emulation.ts';
import { signalsOf } from './lib/signals/audit-events.ts';
import { deadLinksOf, prose } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = 'docs/detections';
const VALIDATION = 'docs/validation.md';
const HEADINGS = [
  'Goal',
  'Categorization',
  'Strategy abstract',
  'Technical context',
  'Blind spots and assumptions',
  'False positives',
  'Priority',
  'Validation',
  'Response',
  'Settings',
  'Example alert',
];

/** Whether a page is about a kind that rests on logs of orchestrators and hosts. */
const isAboutSignals = (page: string): boolean => SIGNAL_KINDS.some((kind) => page === `${FOLDER}/${kind}.md`);

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pages = readdirSync(join(ROOT, FOLDER))
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => `${FOLDER}/${file}`);
const documents = [...pages, `${FOLDER}/README.md`, VALIDATION, 'docs/strategies.md'];

const headingsOf = (text: string, level: string): string[] =>
  [...prose(text).matchAll(new RegExp(`^${level} (.+)$`, 'gm'))].map((match) => match[1]!);
const sectionOf = (text: string, heading: string): string =>
  text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** Fenced blocks whose info string begins with a word: what follows it, and the lines. */
const blocksOf = (text: string, word: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`text ${word} (.+)\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map((match) => ({
    of: match[1]!,
    body: match[2]!,
  }));

describe.each(pages)('%s', (page) => {
  const text = read(page);

  test('has a title, and exactly the headings of a detection strategy, in order', () => {
    expect(headingsOf(text, '#')).toHaveLength(1);
    expect(headingsOf(text, '##')).toEqual(HEADINGS);
    for (const heading of HEADINGS) expect(sectionOf(text, heading).trim()).not.toBe('');
  });

  test('names settings that exist, with their default', () => {
    const rows = [...sectionOf(text, 'Settings').matchAll(/^\| `(\w+)` \| (\S+) \|/gm)];
    // The rules about signals have no settings.
    if (isAboutSignals(page)) expect(rows).toEqual([]);
    else expect(rows.length).toBeGreaterThan(1);
    const medium: Readonly<Record<string, number>> = { ...detectionDefaults.medium };
    expect(rows.map(([, name, value]) => [name, Number(value)])).toEqual(rows.map(([, name]) => [name, medium[name!]]));
  });

  test('quotes one alert or more', () => {
    expect(blocksOf(sectionOf(text, 'Example alert'), 'alert').length).toBeGreaterThan(0);
  });
});

describe.each(documents)('in %s', (document) => {
  const text = read(document);

  test('tests of findings, kinds and log fields are words of the code', () => {
    const words = new Set([...prose(text).matchAll(/`([a-z]+(?:-[a-z0-9]+)+)`/g)].map((match) => match[1]!));
    expect([...words].filter((word) => !isWordOfCode(word))).toEqual([]);
  });

  test('links lead somewhere', () => {
    expect(deadLinksOf(document)).toEqual([]);
  });

  test('tests that are named exist', () => {
    const named = [...text.matchAll(/\]\(([^)]+\.test\.ts)\): (.+(?:\n {2}.+)*)/g)].flatMap(([, link, names]) =>
      [...names!.replace(/\n {2}/g, ' ').matchAll(/\*(.+?)\*/g)].map((match) => [link!, match[1]!] as const),
    );
    expect(named.filter(([link, name]) => !read(join(dirname(document), link)).includes(name))).toEqual([]);
  });

  test('log lines are those of the logs that they are said to be from', () => {
    for (const { of, body } of blocksOf(text, 'records')) {
      const lines = linesOf(of);
      expect(
        body
          .trimEnd()
          .split('\n')
          .filter((line) => !lines.has(line)),
      ).toEqual([]);
    }
  });

  test('alerts are quoted as they are', async () => {
    const quoted = blocksOf(text, 'alert');
    const actual = await Promise.all(quoted.map(({ of }) => alertOf(of)));
    if (process.env.UPDATE_EXAMPLES) writeFileSync(join(ROOT, document), withAlerts(text, actual));
    else expect(quoted.map(({ body }) => body)).toEqual(actual);
  });
});

test('the README quotes lines of the real alert, in order', async () => {
  const quoted = read('README.md').split(/^```$/m)[1]!.trim().split('\n');
  const actual = (await alertOf('lab/pod-nmap-1024.log.gz'))
    .split('\n')
    .map((line) => line.replace(/ \[[\w-]+\]$/, ''));
  const lines = quoted.filter((line) => line.trim() !== '...' && line !== '');
  expect(lines.length).toBeGreaterThan(10);
  expect(actual.filter((line) => lines.includes(line))).toEqual(lines);
});

test('the index lists every page', () => {
  const index = read(`${FOLDER}/README.md`);
  const listed = [...index.matchAll(/\]\(([a-z-]+\.md)\)/g)].map((match) => `${FOLDER}/${match[1]}`);
  expect([...new Set(listed)].sort()).toEqual(pages.toSorted());
});

describe.each(['CONTRIBUTING.md', 'docs/architecture.md', 'docs/pipeline.md', 'docs/tables.md', 'docs/glossary.md'])(
  'the guide %s',
  (document) => {
    const text = prose(read(document));

    test('has links that lead somewhere', () => {
      expect(deadLinksOf(document)).toEqual([]);
    });

    test('names files that exist, and what is in them', () => {
      const named = [
        ...text.matchAll(/`((?:bench|cli|docs|functions|infra|lib|local|test|verify)\/[\w./-]+)`(?: \(([^)]+)\))?/g),
      ];
      const wrong = named.filter(([, path, names = '']) => {
        if (!existsSync(join(ROOT, path!))) return true;
        return [...names.matchAll(/`(\w+)`/g)].some(([, name]) => !read(path!).includes(name!));
      });
      expect(wrong.map(([found]) => found)).toEqual([]);
    });
  },
);

describe('the emulation steps', () => {
  const text = read(VALIDATION);

  test('are described in order, each with the finding that it gives', () => {
    const headings = [...prose(text).matchAll(/^##+ (\d\w?: .+)$/gm)].map((match) => match[1]!);
    expect(headings.filter((heading) => STEPS.some(({ name }) => name === heading))).toEqual(
      STEPS.map(({ name }) => name),
    );
    for (const { name, expected } of STEPS) {
      const { kind, severity, techniques, contactsAtDetection, reason } = expected;
      const row = `| \`${kind}\` | ${severity} | ${techniques.join(', ')} | ${contactsAtDetection} | \`${reason}\` |`;
      const section = text.split(new RegExp(`^##+ ${name.replace(/[/.]/g, '\\$&')}$`, 'm'))[1]!.split(/^##+ /m)[0]!;
      expect(section).toContain(row);
    }
  });
});

const code = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => read(join('lib', file)))
  .join('\n');

/** A horizon ends the name of some tests, and is put there by the code. */
const isWordOfCode = (word: string): boolean =>
  TESTS.has(word) ||
  [word, word.replace(/-(5m|1h|24h|72h)$/, '')].some((name) => new RegExp(`[^\\w-]${name}[^\\w-]`).test(code));

const FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags'.split(
    ' ',
  );

/** The lines of a log file of test/data, or of a step's generated records: the default format and tcp-flags. */
function linesOf(name: string): ReadonlySet<string> {
  if (name.endsWith('.gz')) {
    const text = gunzipSync(readFileSync(join(ROOT, 'test/data', name))).toString();
    return new Set(text.split('\n'));
  }
  const step = STEPS.find((item) => item.name === name);
  if (!step || typeof step.log === 'string') throw new Error(`no generated step "${name}"`);
  return new Set(step.log().map((row) => FIELDS.map((field) => row[field] ?? '-').join(' ')));
}

/** An alert about the one finding of medium severity or above in a log file, up to the reasons. */
async function alertOf(name: string): Promise<string> {
  const found = name.startsWith('signals/') ? findingsOfSignals(name) : await replay(name);
  const findings = found.filter(({ severity }) => severityRank(severity) >= severityRank('medium'));
  if (findings.length !== 1) throw new Error(`${name} has ${findings.length} findings to tell`);
  const [finding] = findings as [(typeof findings)[0]];
  const place = { deployment: 'sweepwatch', tables: { findings: 'FindingsTable', region: 'eu-central-1' } };
  const parts = alertText('opened', finding, place, epochSeconds(finding.lastSeen) + 30).split('\n\n');
  return `${parts.slice(0, parts.findIndex((part) => part.startsWith('WHY IT FIRED')) + 1).join('\n\n')}\n`;
}

/** The findings of a file of signals alone. */
function findingsOfSignals(name: string): Finding[] {
  const signals = signalsOf(read(join('test/data', name)));
  const logTime = Math.max(...signals.map(({ at }) => at)) / 1000;
  return describeEpisodes(episodesOf(signals), { secret: 'local', logTime, hasFlowLogs: false });
}

function withAlerts(text: string, alerts: readonly string[]): string {
  const rest = [...alerts];
  return text.replace(/^(```text alert .+\n)[\s\S]*?^```$/gm, (_, opening) => `${opening}${rest.shift()}\`\`\``);
}
