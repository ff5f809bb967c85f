/** The scans over time as SVG: a lane for each source, a bar for each scan. */
import { epochSeconds, type Finding, isoTime, severityRank, sourceKey } from '../finding/model.ts';
import { whoseOf } from '../notify/name.ts';
import { SEVERITY_COLOURS } from './colours.ts';
import { html, type Markup } from './html.ts';

const LANES = 30;
const LANE = 22;
const LEFT = 190;
const WIDTH = 960;
const TOP = 26;
const FEWEST_PIXELS = 5;

/** Steps between marks of the axis, in seconds. */
const STEPS = [
  60, 300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 7_776_000, 31_536_000,
];
const MOST_MARKS = 8;

interface Lane {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** The figure. Undefined without findings. `linked` are the ids of those that are on the page in full. */
export function timeline(findings: readonly Finding[], linked: ReadonlySet<string>): Markup | undefined {
  if (!findings.length) return undefined;
  const all = lanesOf(findings);
  const lanes = all.slice(0, LANES);
  const shown = lanes.flatMap((lane) => lane.findings);
  const from = Math.min(...shown.map(({ firstSeen }) => epochSeconds(firstSeen)));
  const to = Math.max(from + 60, ...shown.map(({ lastSeen }) => epochSeconds(lastSeen)));
  const x = (time: number) => LEFT + ((time - from) / (to - from)) * (WIDTH - LEFT - 12);
  const height = TOP + lanes.length * LANE + 8;
  const more = all.length > lanes.length ? ` The ${lanes.length} worst of ${all.length} sources are drawn.` : '';
  return html`<figure>
<svg viewBox="0 0 ${WIDTH} ${height}" role="group" aria-labelledby="timeline-title timeline-desc" font-size="12" fill="currentColor">
<title id="timeline-title">Scans over time</title>
<desc id="timeline-desc">A lane for each source, a bar from the first probe to the last for each scan. The table of findings has the same times.</desc>
${marksOf(from, to).map(
  (time) =>
    html`<line x1="${px(x(time))}" x2="${px(x(time))}" y1="${TOP - 6}" y2="${height - 4}" stroke="currentColor" stroke-opacity="0.2"/><text x="${px(x(time))}" y="14" text-anchor="middle">${label(time, to - from)}</text>\n`,
)}${lanes.map(({ name, findings: scans }, at) => {
  const y = TOP + at * LANE;
  return html`<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${cut(name)}</text>${scans.map((finding) => bar(finding, x, y, linked.has(finding.id)))}\n`;
})}</svg>
<figcaption>Times are UTC. The letter is the severity: C critical, H high, M medium, L low, I informational. A ring marks scans that found an open service.${more}</figcaption>
</figure>`;
}

function bar(finding: Finding, x: (time: number) => number, y: number, isLinked: boolean): Markup {
  const { severity, id, firstSeen, lastSeen, openPorts } = finding;
  const start = x(epochSeconds(firstSeen));
  const width = Math.max(FEWEST_PIXELS, x(epochSeconds(lastSeen)) - start);
  const end = Math.min(start + width, WIDTH - 12);
  const letter =
    width > 14
      ? html`<text x="${px(start + 3)}" y="${y + 14}" font-size="10" fill="#fff">${severity[0]!.toUpperCase()}</text>`
      : '';
  const drawn = html`<rect x="${px(start)}" y="${y + 4}" width="${px(width)}" height="12" rx="2" fill="${SEVERITY_COLOURS[severity]}"><title>${severity} ${finding.kind}, ${firstSeen} to ${lastSeen}</title></rect>${letter}`;
  const ring = openPorts.count
    ? html`<circle cx="${px(end)}" cy="${y + 10}" r="5" fill="none" stroke="currentColor" stroke-width="1.5"/>`
    : '';
  return html`${isLinked ? html`<a href="#finding-${id}">${drawn}</a>` : drawn}${ring}`;
}

/** Sources, the one with the worst scan first. */
function lanesOf(findings: readonly Finding[]): Lane[] {
  const groups = Map.groupBy(findings, (finding) => (finding.source ? sourceKey(finding.source) : finding.id));
  const worst = (scans: readonly Finding[]) => Math.max(...scans.map(({ severity }) => severityRank(severity)));
  return [...groups.values()]
    .map((scans) => ({ name: whoseOf(scans[0]!), findings: scans }))
    .sort(
      (a, b) => worst(b.findings) - worst(a.findings) || (a.findings[0]!.firstSeen < b.findings[0]!.firstSeen ? -1 : 1),
    );
}

/** Round times within a span, at most {@link MOST_MARKS}. */
function marksOf(from: number, to: number): number[] {
  const step = STEPS.find((seconds) => (to - from) / seconds <= MOST_MARKS) ?? STEPS.at(-1)!;
  const marks: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) marks.push(time);
  return marks;
}

const label = (time: number, span: number): string =>
  span > 2 * 86_400 ? isoTime(time).slice(5, 10) : `${isoTime(time).slice(11, 16)}`;

const px = (value: number): string => value.toFixed(1);

const LONGEST_NAME = 24;
const cut = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, 13)}…${name.slice(-10)}` : name);
