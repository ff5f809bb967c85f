/** Lists of ports such as `22,443,8000-8100`. */

/** The ports of a list. Undefined if it is malformed or empty. */
export function portsOf(text: string): ReadonlySet<number> | undefined {
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
