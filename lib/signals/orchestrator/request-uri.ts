/** What the URI of a request to the Kubernetes API says: the command of an exec, the port behind a proxy. */

const NONE = new URLSearchParams();

/** The query of a URI. Keys repeat and keep their order, and `+` is a space. */
export function queryOf(uri: string | undefined): URLSearchParams {
  const start = uri?.indexOf('?') ?? -1;
  return start < 0 ? NONE : new URLSearchParams(uri!.slice(start + 1));
}

/** The words of the command. */
export const execCommand = (query: URLSearchParams): string[] => query.getAll('command');

/** `https:name:port` or `name:port` is how a proxy request names scheme and port. A service port may be a name. */
export function proxyTarget(name: string, uri: string | undefined): { host: string; port: number | undefined } {
  const inUri = uri === undefined ? undefined : /\/(?:pods|services|nodes)\/([^/?]+)\/proxy/.exec(uri)?.[1];
  const text = inUri === undefined ? name : decoded(inUri);
  const parts = text.split(':').filter((part, at) => at > 0 || (part !== 'http' && part !== 'https'));
  const port = Number(parts[1]);
  return { host: parts[0] || name, port: Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
