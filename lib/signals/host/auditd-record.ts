/** One record of Linux auditd: `type=EXECVE msg=audit(1795889322.982:75): argc=2 a0="nmap" a1=2D73`. */

export interface AuditRecord {
  /** The name of the type: `SYSCALL`, `EXECVE`. Numbers that matter are translated. */
  readonly type: string;
  readonly node?: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** `1795889322.982:75`, the same for every record of one event. */
  readonly serial: string;
  /** What follows the header, without the interpreted fields. */
  readonly body: string;
  /** The fields that auditd interpreted (`log_format = ENRICHED`), or the empty text. */
  readonly enriched: string;
}

/** Types as the kernel prints them when no auditd runs (linux/audit.h). */
const NUMBERS: Readonly<Record<string, string>> = {
  '1300': 'SYSCALL',
  '1302': 'PATH',
  '1306': 'SOCKADDR',
  '1307': 'CWD',
  '1309': 'EXECVE',
  '1320': 'EOE',
  '1327': 'PROCTITLE',
};

/** Separates a record from its interpreted fields. */
const SEPARATOR = '\x1d';
const HEADER = /type=([A-Z0-9_]{2,40})\s{1,3}(?:msg=)?audit\((\d{9,11})\.(\d{3}):(\d{1,20})\):\s?/y;
/** A syslog header can stand before the record. */
const LONGEST_HEADER = 500;

/** Reads a line, or gives undefined for one that is no audit record. */
export function readAuditRecord(line: string): AuditRecord | undefined {
  const start = line.indexOf('type=');
  if (start < 0 || start > LONGEST_HEADER) return undefined;
  HEADER.lastIndex = start;
  const match = HEADER.exec(line);
  if (!match) return undefined;
  const [header, type, seconds, milliseconds, number] = match;
  const node = start === 0 ? undefined : /(?:^|\s)node=(\S{1,255})\s{1,3}$/.exec(line.slice(0, start))?.[1];
  const body = line.slice(start + header.length);
  const cut = body.indexOf(SEPARATOR);
  return {
    type: NUMBERS[type!] ?? type!,
    node,
    at: Number(seconds) * 1000 + Number(milliseconds),
    serial: `${seconds}.${milliseconds}:${number}`,
    body: cut < 0 ? body : body.slice(0, cut),
    enriched: cut < 0 ? '' : body.slice(cut + 1),
  };
}

/**
 * The fields of a body as written, quotes included: they tell text from hex. Linear. The last of equal keys wins.
 * `isCut` says that a quote does not close, as at the end of a truncated line.
 */
export function fieldsOf(body: string): { fields: Map<string, string>; isCut: boolean } {
  const fields = new Map<string, string>();
  let isCut = false;
  let at = 0;
  while (at < body.length) {
    while (body[at] === ' ' || body[at] === '\n') at += 1;
    const equals = body.indexOf('=', at);
    if (equals < 0) break;
    const blank = body.lastIndexOf(' ', equals);
    const key = body.slice(Math.max(at, blank + 1), equals);
    let end: number;
    if (body[equals + 1] === '"') {
      end = body.indexOf('"', equals + 2) + 1;
      if (end === 0) {
        end = body.length;
        isCut = true;
      }
    } else {
      end = body.indexOf(' ', equals + 1);
      if (end < 0) end = body.length;
    }
    fields.set(key, body.slice(equals + 1, end));
    at = end;
  }
  return { fields, isCut };
}

/** One field of a body as written. The kernel writes texts with blanks as hex, so a blank ends a value. */
export function fieldOf(body: string, key: string): string | undefined {
  const head = `${key}=`;
  for (let at = body.indexOf(head); at >= 0; at = body.indexOf(head, at + 1)) {
    if (at > 0 && body[at - 1] !== ' ') continue;
    const from = at + head.length;
    const end = body[from] === '"' ? body.indexOf('"', from + 1) + 1 : body.indexOf(' ', from);
    return body.slice(from, end <= 0 ? undefined : end);
  }
  return undefined;
}

/** The text of a value: quoted text, or hex. `undefined` for `(null)` and `?`. */
export function textOf(raw: string | undefined): string | undefined {
  if (raw === undefined || raw === '(null)' || raw === '?' || raw === '(none)') return undefined;
  if (raw.startsWith('"')) return raw.slice(1, raw.endsWith('"') && raw.length > 1 ? -1 : undefined);
  return isHex(raw) ? decodeHex(raw) : raw;
}

/** A quoted value or hex digits, without looking at what they mean: `a1="20"` is 20, `a1=20` is a blank. */
const isHex = (raw: string): boolean => raw.length >= 2 && /^[0-9A-F]+$/i.test(raw);

/** Bytes that are no UTF-8 become replacement characters. A digit too many, as at a cut, is left out. */
export const decodeHex = (hex: string): string => Buffer.from(hex.slice(0, hex.length & ~1), 'hex').toString('utf8');

/** The id of an event, the same for each of its records. */
export const auditEventId = (node: string | undefined, serial: string): string => `audit:${node ?? ''}:${serial}`;

/** Whether a login id is set. */
export const isSet = (id: string | undefined): id is string =>
  id !== undefined && id !== '4294967295' && id !== '-1' && id !== 'unset';
