/** Lists of ports such as `22,443,8000-8100`. */

/** Longer lists, which only somebody who writes into the table can make, would hold up every alert. */
const LONGEST = 1000;

/** The ports of a list. Undefined if it is malformed, empty or too long. */
export function portsOf(text: string): ReadonlySet<number> | undefined {
  if (text.length > LONGEST) return undefined;
  const ports = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^ *(\d{1,5})(?:-(\d{1,5}))? *$/.exec(part);
    const from = Number(match?.[1]);
    const to = match?.[2] === undefined ? from : Number(match[2]);
    // A malformed part gives NaN, which no comparison holds for.
    if (!(from <= to && to <= 65_535)) return undefined;
    for (let port = from; port <= to; port++) ports.add(port);
  }
  return ports;
}
