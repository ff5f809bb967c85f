/** The page of a report: complete without script and style, loads nothing, and nothing from a log becomes markup. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { type ReportSubject, reportPage } from '../../../lib/report/page.ts';
import { campaignOf, findingOf, HOSTILE } from '../finding/samples.ts';

const subjectOf = (findings: readonly Finding[], parts: Partial<ReportSubject> = {}): ReportSubject => ({
  findings,
  madeAt: Date.UTC(2026, 10, 29) / 1000,
  madeBy: 'sweepwatch 0.0.0',
  options: [['sensitivity', 'medium']],
  inputs: [{ name: 'flow.log.gz', records: 12 }],
  notes: ['other.log: no such file'],
  ...parts,
});
const pageOf = (findings: readonly Finding[], parts: Partial<ReportSubject> = {}) =>
  reportPage(subjectOf(findings, parts));
/** The page as a reader sees whose browser runs no script and applies no style. */
const textIn = (page: string) =>
  page
    .replace(/<(script|style)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
const numbered = (count: number, parts: (n: number) => Partial<Finding> = () => ({})) =>
  Array.from({ length: count }, (_, n) => findingOf({ id: n.toString(16).padStart(24, '0'), ...parts(n) }));

describe('a page', () => {
  const open = { count: 1, sample: [{ target: '10.0.9.9', port: 22, protocol: 'tcp', connected: true }] };

  test('says what an alert says', () => {
    const finding = findingOf({ openPorts: open });
    const text = textIn(pageOf([finding]));
    for (const { test: name, text: sentence } of finding.reasons) {
      expect(text).toContain(name);
      expect(text).toContain(sentence);
    }
    expect(text).toContain(`Finding ${finding.id}`);
    expect(text).toContain('the scanner stayed connected to 10.0.9.9:22/tcp');
    expect(text).toContain('Do first: isolate the source (step 2).');
    expect(text).toContain('Verify the source.');
    expect(text).toContain('What it may be instead');
  });

  test('names what was read and what was not', () => {
    const text = textIn(pageOf([findingOf()], { inputs: [{ name: 'a.log', records: 7, trouble: 'cut short' }] }));
    for (const part of ['a.log 7 cut short', 'other.log: no such file', 'sensitivity medium', '2026-11-29T00:00:00Z'])
      expect(text).toContain(part);
  });

  test('of no findings says so', () => {
    const text = textIn(pageOf([]));
    expect(text).toContain('No scan was found in what was read.');
    expect(text).not.toContain('Timeline');
  });

  test('puts the worst finding first', () => {
    const findings = [
      findingOf({ id: '1'.repeat(24), severity: 'low' }),
      findingOf({ id: '2'.repeat(24), severity: 'critical' }),
    ];
    const page = pageOf(findings);
    expect(page.indexOf(`id="finding-${'2'.repeat(24)}"`)).toBeLessThan(page.indexOf(`id="finding-${'1'.repeat(24)}"`));
  });

  test('has steps for what needs action, with the names of the deployment', () => {
    const tables = { findings: 'Findings-1', region: 'eu-west-1' };
    expect(pageOf([findingOf()], { tables })).toContain('--table Findings-1');
    expect(pageOf([findingOf()])).toContain('FINDINGS_TABLE');
    expect(textIn(pageOf([findingOf({ severity: 'low' })]))).not.toMatch(/What to do now|Do first/);
  });

  test('shows campaigns by the number of their sources', () => {
    expect(textIn(pageOf([campaignOf()]))).toMatch(/by \d+ sources/);
  });
});

describe('markup', () => {
  test('loads nothing, and its policy allows just its own style and script', () => {
    const page = pageOf(numbered(3));
    expect(page).not.toMatch(/\b(src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import|style="/);
    const hashes = ['style', 'script'].map((name) => {
      const [, content] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page)!;
      return `${name}-src 'sha256-${createHash('sha256').update(content!).digest('base64')}'`;
    });
    for (const hash of hashes) expect(page).toContain(hash);
    expect(page).toContain("default-src 'none'");
  });

  const MARKUP = ['<img src=x onerror=alert(1)>', '</script><script>alert(1)</script>', '" onmouseover="alert(1)'];
  test.each([...HOSTILE, ...MARKUP])('keeps %j a text', (text) => {
    const hostile = findingOf({
      source: { address: '10.0.3.22', scope: text, instanceId: text },
      dataQuality: [text],
      reasons: [{ test: text, value: 1, threshold: 1, text }],
      actor: { kind: 'pod', name: text, user: text, command: text, at: '2026-11-21T10:00:00Z' },
    });
    const harmless = pageOf([
      { ...hostile, ...JSON.parse(JSON.stringify(hostile).replaceAll(JSON.stringify(text), '"x"')) },
    ]);
    const tagsIn = (page: string) =>
      page.match(/<[a-z!/][^>]*>/gi)!.map((tag) => tag.replace(/ (aria-label)="[^"]*"/g, ''));
    const page = pageOf([hostile], { inputs: [{ name: text, records: 1 }], notes: [text] });
    expect(new Set(tagsIn(page))).toEqual(new Set(tagsIn(harmless)));
  });

  test('has each id once, and every link leads somewhere', () => {
    const page = pageOf(numbered(150));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(to);
  });
});

describe('size', () => {
  const long = (n: number): Partial<Finding> => ({
    source: { address: `10.0.${n >> 8}.${n & 255}`, scope: 'x'.repeat(40), instanceId: `i-${n}` },
    targets: { count: 900, exact: true, sample: Array.from({ length: 20 }, (_, at) => `10.${n % 200}.${at}.9`) },
    dataQuality: [`what ${n} did not show`, 'y'.repeat(500)],
    reasons: Array.from({ length: 8 }, (_, at) => ({ test: `t${at}`, value: 1, threshold: 1, text: 'z'.repeat(400) })),
  });

  test.each([200, 2000])('of %i large findings is below a megabyte', (count) => {
    const page = pageOf(numbered(count, long));
    expect(page.length).toBeLessThan(1_000_000);
    expect(textIn(page)).toMatch(/There is room for the worst \d+ of the 200 in the table/);
  });

  test('of more than 200 findings says how many there are', () => {
    expect(textIn(pageOf(numbered(201)))).toContain('The page shows the worst 200 of 201.');
  });
});

describe('the timeline', () => {
  test.each([
    ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
    ['2026-11-21T10:00:00Z', '2026-11-21T10:04:00Z'],
    ['2026-11-21T10:00:00Z', '2026-11-24T10:04:00Z'],
    ['2020-11-21T10:00:00Z', '2026-11-24T10:04:00Z'],
  ])('from %s to %s has marks and stays within its frame', (firstSeen, lastSeen) => {
    const page = pageOf([findingOf({ firstSeen, lastSeen })]);
    const drawing = /<figure>([\s\S]*?)<\/figure>/.exec(page)![1]!;
    expect(drawing).not.toContain('NaN');
    const bar = /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/.exec(drawing)!;
    expect(Number(bar[1]) + Number(bar[2])).toBeLessThanOrEqual(960);
    if (firstSeen !== lastSeen) expect(drawing).toContain('<line');
  });
});
