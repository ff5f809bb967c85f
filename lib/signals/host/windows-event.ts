/** Windows events in XML and in the JSON shapes of shippers, as one record. */
import { at, isObject, type Json, textAt, timeOf } from './values.ts';

export interface WindowsEvent {
  readonly id: number;
  /** Lower case. Shippers spell channels both ways. */
  readonly channel: string;
  readonly provider: string;
  readonly computer?: string;
  /** Epoch milliseconds, or undefined if no field has a time. */
  readonly at?: number;
  readonly record?: string;
  /** The fields of EventData, by their names in the event's schema. */
  readonly data: Json;
  /** The rendered text, for classic events without named fields. */
  readonly message?: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });

/** The text of an element, or undefined. Only the first element of the name is looked at. Linear. */
function elementOf(xml: string, name: string): string | undefined {
  const open = xml.indexOf(`<${name}`);
  if (open < 0) return undefined;
  const start = xml.indexOf('>', open);
  if (start < 0 || xml[start - 1] === '/') return undefined;
  const end = xml.indexOf(`</${name}>`, start);
  return end < 0 ? undefined : xml.slice(start + 1, end);
}

function attributeOf(xml: string, element: string, name: string): string | undefined {
  const open = xml.indexOf(`<${element}`);
  const tag = open < 0 ? '' : xml.slice(open, xml.indexOf('>', open) + 1);
  const value = new RegExp(`\\s${name}\\s?=\\s?(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return value ? decoded(value[1] ?? value[2]!) : undefined;
}

/** The `<Data Name="X">value</Data>` of an event. Nameless ones get their number. */
function dataOfXml(xml: string): Json {
  const data: Record<string, string> = {};
  let number = 0;
  for (let at = xml.indexOf('<Data'); at >= 0; at = xml.indexOf('<Data', at + 5)) {
    const start = xml.indexOf('>', at);
    if (start < 0) break;
    const tag = xml.slice(at, start);
    const name = /\sName\s?=\s?["']([^"']{1,80})["']/.exec(tag)?.[1] ?? String(number);
    number += 1;
    if (xml[start - 1] === '/') continue;
    const end = xml.indexOf('</Data>', start);
    // Of an event that is cut, the beginning of the last value counts.
    data[name] = decoded(xml.slice(start + 1, end < 0 ? undefined : end));
    if (end < 0) break;
    at = end;
  }
  return data;
}

/** An event as Windows and Sysmon for Linux write it: `<Event><System>...</System><EventData>...</EventData></Event>`. */
export function windowsEventOfXml(xml: string): WindowsEvent | undefined {
  const system = elementOf(xml, 'System');
  if (system === undefined) return undefined;
  const id = Number(elementOf(system, 'EventID')?.trim());
  if (!Number.isInteger(id)) return undefined;
  const data = dataOfXml(xml.slice(xml.indexOf('</System>')));
  return {
    id,
    channel: (elementOf(system, 'Channel') ?? '').toLowerCase(),
    provider: attributeOf(system, 'Provider', 'Name') ?? '',
    computer: elementOf(system, 'Computer')?.trim() || undefined,
    at: timeOf(data.UtcTime) ?? timeOf(attributeOf(system, 'TimeCreated', 'SystemTime')),
    record: elementOf(system, 'EventRecordID'),
    data,
  };
}

/** The shapes of JSON, in the order in which they are tried. Undefined if an object is no Windows event. */
export function windowsEventOfJson(event: Json): WindowsEvent | undefined {
  const winlog = isObject(event.winlog) ? event.winlog : undefined;
  if (winlog) return winlogbeatEvent(event, winlog);
  const inner = at(event, 'Event', 'System');
  if (isObject(inner)) return dumpedEvent(event, inner);
  if (event.EventId !== undefined && typeof event.Payload === 'string') return ezEvent(event);
  const id = numberOf(event.EventID ?? event.event_id ?? event.EventId ?? event.Id);
  if (id === undefined || !isWindows(event)) return undefined;
  return flatEvent(event, id);
}

const isWindows = (event: Json): boolean =>
  [
    'Channel',
    'ProviderName',
    'SourceName',
    'EventSourceName',
    'ProviderGuid',
    'LogName',
    'Provider',
    'EventData',
    'NewProcessName',
  ].some((key) => key in event);

/** A number, a text, or `{"#text": 4688}` with the qualifiers of classic events. */
function numberOf(value: unknown): number | undefined {
  const plain = isObject(value) ? (value['#text'] ?? value.Value ?? value.$t) : value;
  const number = typeof plain === 'string' && /^\d{1,6}$/.test(plain) ? Number(plain) : plain;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** Winlogbeat and Elastic Agent. */
function winlogbeatEvent(event: Json, winlog: Json): WindowsEvent | undefined {
  const id = numberOf(winlog.event_id ?? at(event, 'event', 'code'));
  if (id === undefined) return undefined;
  const data = isObject(winlog.event_data) ? winlog.event_data : {};
  return {
    id,
    channel: (textAt(winlog, 'channel') ?? '').toLowerCase(),
    provider: textAt(winlog, 'provider_name') ?? '',
    computer: textAt(winlog, 'computer_name') ?? textAt(event, 'host', 'name'),
    at: timeOf(data.UtcTime) ?? timeOf(event['@timestamp']),
    record: textAt(winlog, 'record_id'),
    // Newer releases move fields to process.* and drop them from event_data.
    data: { ...fromProcess(event), ...data },
    message: textAt(event, 'message'),
  };
}

const fromProcess = (event: Json): Json => ({
  Image: textAt(event, 'process', 'executable'),
  NewProcessName: textAt(event, 'process', 'executable'),
  CommandLine: textAt(event, 'process', 'command_line'),
  ProcessId: textAt(event, 'process', 'pid'),
  ParentProcessId: textAt(event, 'process', 'parent', 'pid'),
  OriginalFileName: textAt(event, 'process', 'pe', 'original_file_name'),
  Product: textAt(event, 'process', 'pe', 'product'),
  Description: textAt(event, 'process', 'pe', 'description'),
  ScriptBlockText: textAt(event, 'powershell', 'file', 'script_block_text'),
  ScriptBlockId: textAt(event, 'powershell', 'file', 'script_block_id'),
  MessageNumber: textAt(event, 'powershell', 'sequence'),
  MessageTotal: textAt(event, 'powershell', 'total'),
});

/** Dumps of EVTX files, with the structure of the XML. */
function dumpedEvent(event: Json, system: Json): WindowsEvent | undefined {
  const id = numberOf(system.EventID);
  if (id === undefined) return undefined;
  const data = dataOf(at(event, 'Event', 'EventData'));
  const time =
    at(system, 'TimeCreated', '#attributes', 'SystemTime') ??
    at(system, 'TimeCreated', 'SystemTime') ??
    at(system, 'TimeCreated', '@SystemTime');
  return {
    id,
    channel: (textAt(system, 'Channel') ?? '').toLowerCase(),
    provider:
      textAt(system, 'Provider', '#attributes', 'Name') ??
      textAt(system, 'Provider', 'Name') ??
      textAt(system, 'Provider', '@Name') ??
      '',
    computer: textAt(system, 'Computer'),
    at: timeOf(data.UtcTime) ?? timeOf(time),
    record: textAt(system, 'EventRecordID'),
    data,
  };
}

/** EventData as an object, as a list of `{"@Name": .., "#text": ..}`, or as XML in a text. */
function dataOf(value: unknown): Json {
  if (typeof value === 'string') return value.includes('<Data') ? dataOfXml(value) : {};
  if (!isObject(value)) return {};
  const list = value.Data;
  if (!Array.isArray(list)) return value;
  const data: Record<string, unknown> = {};
  for (const [number, item] of list.entries()) {
    if (isObject(item)) {
      const name = textAt(item, '@Name') ?? textAt(item, 'Name') ?? textAt(item, '#attributes', 'Name');
      data[name ?? String(number)] = item['#text'] ?? item.content ?? item.Value;
    } else data[String(number)] = item;
  }
  return data;
}

/** EvtxECmd: `Payload` is JSON in a text. */
function ezEvent(event: Json): WindowsEvent | undefined {
  const id = numberOf(event.EventId);
  let data: Json = {};
  try {
    const payload: unknown = JSON.parse(String(event.Payload));
    data = dataOf(at(payload, 'EventData'));
  } catch {
    // A payload that is cut still has the command line in ExecutableInfo.
  }
  if (id === undefined) return undefined;
  return {
    id,
    channel: (textAt(event, 'Channel') ?? '').toLowerCase(),
    provider: textAt(event, 'Provider') ?? '',
    computer: textAt(event, 'Computer'),
    at: timeOf(data.UtcTime) ?? timeOf(event.TimeCreated),
    record: textAt(event, 'EventRecordId') ?? textAt(event, 'RecordNumber'),
    data: { CommandLine: textAt(event, 'ExecutableInfo'), ...data },
  };
}

/** NXLog, OTRF, Log Analytics, Fluent Bit: the fields stand beside those of the system, or in `EventData`. */
function flatEvent(event: Json, id: number): WindowsEvent {
  const inner = dataOf(event.EventData ?? event.event_data ?? event.StringInserts);
  const data = { ...event, ...inner };
  return {
    id,
    channel: (textAt(event, 'Channel') ?? textAt(event, 'LogName') ?? textAt(event, 'EventLog') ?? '').toLowerCase(),
    provider:
      textAt(event, 'SourceName') ??
      textAt(event, 'ProviderName') ??
      textAt(event, 'EventSourceName') ??
      textAt(event, 'Provider') ??
      '',
    computer:
      textAt(event, 'Hostname') ??
      textAt(event, 'Computer') ??
      textAt(event, 'ComputerName') ??
      textAt(event, 'MachineName') ??
      textAt(event, 'host'),
    // EventTime of NXLog is local time without a zone, so it comes last.
    at: ['UtcTime', '@timestamp', 'TimeCreated', 'TimeGenerated', 'EventReceivedTime', 'EventTime', 'timestamp']
      .map((key) => timeOf((data as Json)[key]))
      .find((time) => time !== undefined),
    record: textAt(event, 'RecordNumber') ?? textAt(event, 'EventRecordID') ?? textAt(event, 'RecordID'),
    data,
    message: textAt(event, 'Message'),
  };
}
