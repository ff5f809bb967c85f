/**
 * `npm run test:browser`: opens reports in Chromium (Debian's package `chromium`, or the path in $CHROMIUM) at three
 * widths, in both colour schemes, without script, and in print. Fails where something loads, logs an error, does not fit,
 * or breaks a rule of axe. `--screenshots FOLDER` keeps pictures.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { detectCommand } from '../../cli/commands/detect.ts';
import { HOSTILE_PAGE } from './hostile.ts';

const WIDTHS = [360, 768, 1280];
const HEIGHT = 900;
const SCHEMES = ['light', 'dark'] as const;
/** Chromium as the tests start it: it must look nothing up. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });
const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (existsSync(program)) process.exitCode = await main();
else {
  console.error(`there is no Chromium at ${program}. Install Debian's package chromium, or set CHROMIUM to its path`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(os.tmpdir(), 'sweepwatch-report-'));
  if (values.screenshots) await mkdir(values.screenshots, { recursive: true });
  const browser = await chromium.launch({ executablePath: program, args: FLAGS });
  const problems: string[] = [];
  try {
    for (const [name, file] of await writePages(folder)) problems.push(...(await problemsOf(browser, name, file)));
  } finally {
    await browser.close();
    await rm(folder, { recursive: true });
  }
  for (const problem of problems) console.log(problem);
  console.log(`${problems.length} problems`);
  return problems.length ? 1 : 0;
}

/** A report of real findings, an empty one, and one whose every text is hostile. */
async function writePages(folder: string): Promise<[name: string, file: string][]> {
  const silent = { stdout: () => undefined, stderr: () => undefined, isInteractive: false };
  const file = (name: string) => join(folder, `${name}.html`);
  const options = { format: 'ndjson', minSeverity: 'informational' } as const;
  await detectCommand(['test/data/shapes'], { ...options, report: file('shapes') }, silent);
  await detectCommand(
    ['test/data/shapes/fp11-quic-blocked.log.gz'],
    { ...options, minSeverity: 'critical', report: file('empty') },
    silent,
  );
  await writeFile(file('hostile'), HOSTILE_PAGE);
  return ['shapes', 'empty', 'hostile'].map((name) => [name, file(name)]);
}

async function problemsOf(browser: Browser, name: string, file: string): Promise<string[]> {
  const problems: string[] = [];
  const say = (where: string, what: string) => problems.push(`${name}, ${where}: ${what}`);
  const visit = async (where: string, options: BrowserContextOptions, look: (page: Page) => Promise<void>) => {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') say(where, `console: ${message.text()}`);
    });
    page.on('pageerror', (error) => say(where, `script: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) say(where, `asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await look(page);
    await context.close();
  };
  for (const width of WIDTHS)
    for (const colorScheme of SCHEMES) {
      const where = `${width} pixels, ${colorScheme}`;
      // axe is injected, which the page's own policy would refuse.
      const options = { viewport: { width, height: HEIGHT }, colorScheme, bypassCSP: true };
      await visit(where, options, async (page) => {
        await page.evaluate(
          'for (const part of [...document.querySelectorAll("details")].slice(0, 3)) part.open = true',
        );
        const overflow = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
        if (overflow > 0) say(where, `is ${overflow} pixels too wide`);
        await page.addScriptTag({ path: AXE });
        const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
        for (const { id, help, nodes } of violations) say(where, `axe ${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`);
        if (values.screenshots)
          await page.screenshot({ path: join(values.screenshots, `${name}-${width}-${colorScheme}.png`) });
      });
    }
  await visit('its own policy', {}, async (page) => {
    const filter = page.getByRole('searchbox');
    if (name !== 'empty' && !(await filter.count())) say('its own policy', 'the script does not run');
    if (name === 'shapes') {
      await filter.fill('horizontal');
      const shown = await page.locator('#findings-table tbody tr:visible').allTextContents();
      if (!shown.length || !shown.every((row) => row.includes('horizontal'))) say('filter', 'shows other rows');
      await page.getByRole('button', { name: 'Targets' }).click();
      const counts = await page.locator('#findings-table tbody tr:visible td:nth-child(4)').allTextContents();
      if (counts.some((count, at) => at > 0 && Number(count) < Number(counts[at - 1])))
        say('sorting', counts.join(' '));
    }
  });
  await visit('no script', { javaScriptEnabled: false }, async (page) => {
    if (!(await page.getByRole('heading', { name: 'How this was made' }).isVisible()))
      say('no script', 'is incomplete');
    const part = page.locator('details').first();
    if (await part.count()) {
      await part.locator('summary').click();
      if (!(await part.locator('table').first().isVisible())) say('no script', 'a finding does not open');
    }
  });
  await visit('print', {}, async (page) => {
    await page.emulateMedia({ media: 'print' });
    if (!(await page.pdf()).length) say('print', 'nothing');
    const part = page.locator('details dl').first();
    if ((await part.count()) && !(await part.isVisible())) say('print', 'findings are closed');
  });
  return problems;
}
