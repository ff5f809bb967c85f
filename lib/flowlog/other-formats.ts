/**
 * Recognises by their first bytes files that are not flow logs, or contain flow logs in an unsupported form, with
 * advice.
 */

/** How to read a file that another program must decompress first. */
const through = (command: string): string => `. Decompress it first: ${command} FILE | sweepwatch detect -`;
const unpacked = (command: string): string => `. Unpack it first (${command} FILE) and give the folder`;

/** Magic bytes as Latin-1 text, their position, and the kind of file (from the specifications of the formats). */
const KINDS: readonly (readonly [magic: string, at: number, kind: string, wayOut?: string])[] = [
  ['%PDF', 0, 'a PDF'],
  ['PK\x03\x04', 0, 'a zip archive', unpacked('unzip')],
  ['PK\x05\x06', 0, 'a zip archive', unpacked('unzip')],
  ['7z\xbc\xaf\x27\x1c', 0, 'a 7z archive', unpacked('7z x')],
  ['ustar', 257, 'a tar archive', unpacked('tar -xf')],
  ['BZh', 0, 'compressed by bzip2', through('bzip2 -dc')],
  ['\xfd7zXZ\x00', 0, 'compressed by xz', through('xz -dc')],
  ['\x28\xb5\x2f\xfd', 0, 'compressed by Zstandard', through('zstd -dc')],
  ['\x04\x22\x4d\x18', 0, 'compressed by LZ4', through('lz4 -dc')],
  ['ORC', 0, 'an ORC file'],
  ['Obj\x01', 0, 'an Avro file'],
];

const messages = (path: string): string =>
  `. It contains messages of CloudWatch Logs or Firehose: jq -r '${path}' FILE | sweepwatch detect -`;

/** Shapes of JSON that contain flow log lines, recognised by a name near the beginning. */
const JSON_SHAPES: readonly (readonly [sign: RegExp, wayOut: string])[] = [
  [/"logEvents"/, messages('.logEvents[].message')],
  [/"messageType"\s*:/, messages('.logEvents[]?.message')],
  [/"events"\s*:\s*\[/, messages('.events[].message')],
  [
    /"awslogs"\s*:/,
    '. It is an event of CloudWatch Logs: jq -r .awslogs.data FILE | base64 -d | gzip -dc gives its JSON, whose messages are .logEvents[].message',
  ],
  [/^\s*\{\s*"message"\s*:/, messages('.message')],
  [/^\s*\[\s*\{[^{}]*"message"\s*:/, messages('.[].message')],
  [/"message"\s*:/, messages('.message')],
  [/"eventVersion"\s*:/, '. It is a log of CloudTrail'],
];

/** The actual kind of the file, and what to do about it. Undefined if its beginning is not recognised. */
export function otherFormat(opening: Uint8Array): { readonly kind: string; readonly wayOut: string } | undefined {
  const text = Buffer.from(opening).toString('latin1');
  const known = KINDS.find(([magic, at]) => text.startsWith(magic, at));
  if (known) return { kind: known[2], wayOut: known[3] ?? '' };
  if (/^\s*[{[]/.test(text)) return { kind: 'JSON', wayOut: JSON_SHAPES.find(([sign]) => sign.test(text))?.[1] ?? '' };
  return opening.subarray(0, 512).includes(0) ? { kind: 'binary data', wayOut: '' } : undefined;
}
