/** Lines over logarithmic axes as an SVG file, readable on a light and on a dark page. */

/** A line of the plot, with its points in order. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Plot {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Says a value on an axis. */
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
}

const [WIDTH, HEIGHT] = [720, 360];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 150, 40, 36];
/** Distinguishable on white and on black. */
const COLOURS = ['#3b7dd8', '#d9622b', '#3a9a57', '#a259c4'];
const STROKES = ['', '6 4', '2 3', '8 3 2 3'];
/** Marks of a decade of an axis. */
const MARKS = [1, 2, 5];

/** The plot as the text of an SVG file. Each line needs a point, and all values must be positive. */
export function plotOf({ title, lines, xText, yText }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const x = axis(
    points.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = axis(
    points.map((point) => point.y),
    HEIGHT - BOTTOM,
    TOP,
  );
  const parts = [
    ...x.marks.map(
      (mark) =>
        `<line class="grid" x1="${x.at(mark)}" x2="${x.at(mark)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${x.at(mark)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${xText(mark)}</text>`,
    ),
    ...y.marks.map(
      (mark) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.at(mark)}" y2="${y.at(mark)}"/><text x="${LEFT - 8}" y="${y.at(mark) + 4}" text-anchor="end">${yText(mark)}</text>`,
    ),
    ...lines.map(({ name, points }, n) => {
      const colour = COLOURS[n % COLOURS.length];
      const path = points.map((point) => `${x.at(point.x)},${y.at(point.y)}`).join(' ');
      const last = points.at(-1)!;
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${STROKES[n % STROKES.length]}"/>${points.map((point) => `<circle cx="${x.at(point.x)}" cy="${y.at(point.y)}" r="3" fill="${colour}"/>`).join('')}<text x="${x.at(last.x) + 8}" y="${y.at(last.y) + 4}">${name}</text>`;
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title" font-family="sans-serif" font-size="12">
<title id="title">${title}</title>
<style>text{fill:#222}.grid{stroke:#888;stroke-opacity:.3}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>
<text x="${LEFT}" y="22" font-size="14">${title}</text>
${parts.join('\n')}
</svg>
`;
}

/** A logarithmic axis over some values, from one place of the picture to another. */
function axis(values: readonly number[], from: number, to: number) {
  const decades = (value: number) => Math.floor(Math.log10(value));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const all: number[] = [];
  for (let decade = decades(least); decade <= decades(most) + 1; decade++)
    all.push(...MARKS.map((mark) => mark * 10 ** decade));
  // From the mark before the least value to the one after the most.
  const first = all.findLast((mark) => mark <= least)!;
  const last = all.find((mark) => mark >= most && mark > first)!;
  const span = Math.log10(last / first);
  return {
    marks: all.filter((mark) => mark >= first && mark <= last),
    at: (value: number) => Math.round((from + (Math.log10(value / first) / span) * (to - from)) * 10) / 10,
  };
}
