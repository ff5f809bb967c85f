/**
 * Reads the lines of a block of text. White space is found 64 bytes at a time and its positions are listed. Only the
 * columns that detection needs are read.
 *
 * The results are those of the plain parser (`lib/flowlog/line-parser.ts`). Any line that is not an ordinary record is
 * left to it: headers, other numbers of columns, values out of range.
 */
import { NOT_READ, read as readAddress } from './addresses';
import { NO_FLAGS, REJECT } from './initiator';
import { EGRESS, enter, enterEnd, INGRESS, interfaceNamed, SOURCE_END, TARGET_END } from './interfaces';
import { BLOCK, ENDS, GAPS, MAX_COLUMNS, NEWLINES, STARTS } from './layout';
import { makeRoom } from './pressure';
import { advance, record } from './record';

const NEWLINE: u32 = 0x0a;
const DASH: u32 = 0x2d;
const MAX_LINE: u32 = 65_536;
const ACCEPT: u32 = 1;
const TCP: u64 = 6;
const UDP: u64 = 17;
/** The years 2000 and 2100 in epoch seconds. A time outside them is not a time of a flow log. */
const EARLIEST: u64 = 946_684_800;
const LATEST: u64 = 4_102_444_800;

/** The value of a missing number ("-", or no such column), and of text that is not a number. */
const MISSING: u64 = u64.MAX_VALUE;
const NO_NUMBER: u64 = u64.MAX_VALUE - 1;

/** Positions of the columns, -1 for those that the file lacks. */
let expected: u32 = 0;
let cSource: i32 = -1;
let cTarget: i32 = -1;
let cOwnSource: i32 = -1;
let cOwnTarget: i32 = -1;
let cSourcePort: i32 = -1;
let cTargetPort: i32 = -1;
let cProtocol: i32 = -1;
let cPackets: i32 = -1;
let cBytes: i32 = -1;
let cStart: i32 = -1;
let cEnd: i32 = -1;
let cAction: i32 = -1;
let cFlags: i32 = -1;
let cDirection: i32 = -1;
let cInterface: i32 = -1;
let cStatus: i32 = -1;
let cNoRoute: i32 = -1;
let cBlackhole: i32 = -1;
let cSourceVpc: i32 = -1;
let cTargetVpc: i32 = -1;

/** Lines, records and rows without data since the counts were last taken. */
export let lines: u32 = 0;
export let records: u32 = 0;
export let noData: u32 = 0;

export function clearCounts(): void {
  lines = 0;
  records = 0;
  noData = 0;
}

/** Sets the layout of the following lines: the number of columns, and the positions of those that are read. */
export function useColumns(
  count: u32,
  source: i32,
  target: i32,
  ownSource: i32,
  ownTarget: i32,
  sourcePort: i32,
  targetPort: i32,
  protocol: i32,
  packets: i32,
  bytes: i32,
  start: i32,
  end: i32,
  action: i32,
  flags: i32,
  direction: i32,
  interfaceId: i32,
  status: i32,
  noRoute: i32,
  blackhole: i32,
  sourceVpc: i32,
  targetVpc: i32,
): void {
  expected = count;
  cSource = source;
  cTarget = target;
  cOwnSource = ownSource;
  cOwnTarget = ownTarget;
  cSourcePort = sourcePort;
  cTargetPort = targetPort;
  cProtocol = protocol;
  cPackets = packets;
  cBytes = bytes;
  cStart = start;
  cEnd = end;
  cAction = action;
  cFlags = flags;
  cDirection = direction;
  cInterface = interfaceId;
  cStatus = status;
  cNoRoute = noRoute;
  cBlackhole = blackhole;
  cSourceVpc = sourceVpc;
  cTargetVpc = targetVpc;
}

/** Number of white spaces and newlines in the block, and how many of them belong to lines that were read. */
let gaps: u32 = 0;
let newlines: u32 = 0;
let nextGap: u32 = 0;
let nextNewline: u32 = 0;
/** Whether two white spaces follow each other anywhere in the block. */
let hasRuns: bool = false;

/** Finds white space and newlines among the first `length` bytes of the block. */
export function mark(length: u32): void {
  // The bytes past the end, up to the next 64, must not look like white space.
  memory.fill(BLOCK + length, 0xff, 64);
  gaps = 0;
  newlines = 0;
  nextGap = 0;
  nextNewline = 0;
  // The first column needs a gap in front of it.
  store<u32>(GAPS - 4, 0xffffffff);
  let before: u64 = 1;
  let runs: u64 = 0;
  for (let at: u32 = 0; at < length; at += 64) {
    const bits = gapsIn(BLOCK + at);
    runs |= bits & ((bits << 1) | before);
    before = bits >> 63;
    gaps = flatten(bits, at, GAPS, gaps);
    newlines = flatten(newlinesIn(BLOCK + at), at, NEWLINES, newlines);
  }
  hasRuns = runs != 0;
}

/** One bit for each of 64 bytes: whether it is white space or a lower value. */
// @ts-expect-error: decorator
@inline
function gapsIn(at: u32): u64 {
  const space = i8x16.splat(0x20);
  return (
    <u64>i8x16.bitmask(i8x16.le_u(v128.load(at), space)) |
    ((<u64>i8x16.bitmask(i8x16.le_u(v128.load(at, 16), space))) << 16) |
    ((<u64>i8x16.bitmask(i8x16.le_u(v128.load(at, 32), space))) << 32) |
    ((<u64>i8x16.bitmask(i8x16.le_u(v128.load(at, 48), space))) << 48)
  );
}

/** The same for newlines. Most groups of 64 bytes have none, which is quick to test. */
// @ts-expect-error: decorator
@inline
function newlinesIn(at: u32): u64 {
  const newline = i8x16.splat(<i8>NEWLINE);
  const a = i8x16.eq(v128.load(at), newline);
  const b = i8x16.eq(v128.load(at, 16), newline);
  const c = i8x16.eq(v128.load(at, 32), newline);
  const d = i8x16.eq(v128.load(at, 48), newline);
  if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return 0;
  return (
    <u64>i8x16.bitmask(a) |
    ((<u64>i8x16.bitmask(b)) << 16) |
    ((<u64>i8x16.bitmask(c)) << 32) |
    ((<u64>i8x16.bitmask(d)) << 48)
  );
}

/**
 * Writes the positions of the bits, four at a time, after `count` others, and returns the new count. It is faster to
 * write a few positions too many, and to overwrite them, than to test each time (as in Langdale and Lemire: Parsing
 * Gigabytes of JSON per Second, 2019).
 */
// @ts-expect-error: decorator
@inline
function flatten(bits: u64, base: u32, list: u32, count: u32): u32 {
  const total = count + <u32>popcnt(bits);
  let at = list + count * 4;
  while (bits != 0) {
    store<u32>(at, base + <u32>ctz(bits));
    bits &= bits - 1;
    store<u32>(at, base + <u32>ctz(bits), 4);
    bits &= bits - 1;
    store<u32>(at, base + <u32>ctz(bits), 8);
    bits &= bits - 1;
    store<u32>(at, base + <u32>ctz(bits), 12);
    bits &= bits - 1;
    at += 16;
  }
  return total;
}

/**
 * Reads whole lines of the block starting at `from`. Returns where it stopped: at the beginning of a line that is left
 * to the host, or of one that has no end in this block.
 */
export function readLines(from: u32): u32 {
  let lineStart = from;
  // Skips the newlines of lines that the host has read.
  while (nextNewline < newlines && newlineAt(nextNewline) < lineStart) nextNewline++;
  for (; nextNewline < newlines; nextNewline++) {
    const lineEnd = newlineAt(nextNewline);
    if (lineEnd == lineStart) {
      lines++;
      lineStart++;
      continue;
    }
    while (nextGap < gaps && gapAt(nextGap) < lineStart) nextGap++;
    split(lineStart, lineEnd);
    if (!readLine(BLOCK + lineStart, BLOCK + lineEnd)) return lineStart;
    lines++;
    lineStart = lineEnd + 1;
  }
  return lineStart;
}

// @ts-expect-error: decorator
@inline
function newlineAt(at: u32): u32 {
  return load<u32>(NEWLINES + at * 4);
}

// @ts-expect-error: decorator
@inline
function gapAt(at: u32): u32 {
  return load<u32>(GAPS + at * 4);
}

/** Columns of the last line that was split, at most {@link MAX_COLUMNS}. */
let columns: u32 = 0;
/** Lists, in words of four bytes, of the positions before the columns' first bytes and after their last. */
let starts: u32 = 0;
let ends: u32 = 0;

/**
 * Splits a line at runs of white space. If each run is a single space, as AWS writes them, the columns are simply the
 * text between the listed gaps. Other lines are searched.
 */
// @ts-expect-error: decorator
@inline
function split(lineStart: u32, lineEnd: u32): void {
  const last = nextGap + expected - 1;
  if (!hasRuns && last < gaps && gapAt(last) == lineEnd) {
    columns = expected;
    ends = GAPS + nextGap * 4;
    starts = ends - 4;
    nextGap += expected;
  } else splitRuns(lineStart, lineEnd);
}

function splitRuns(lineStart: u32, lineEnd: u32): void {
  let start = lineStart;
  let count: u32 = 0;
  for (let at = nextGap; at < gaps && gapAt(at) <= lineEnd; at++) {
    const end = gapAt(at);
    if (end > start) {
      store<u32>(STARTS + count * 4, start - 1);
      store<u32>(ENDS + count * 4, end);
      count += <u32>(count < MAX_COLUMNS);
    }
    start = end + 1;
  }
  columns = count;
  starts = STARTS;
  ends = ENDS;
}

// @ts-expect-error: decorator
@inline
function startOf(column: i32): u32 {
  return BLOCK + 1 + load<u32>(starts + (<u32>column) * 4);
}
// @ts-expect-error: decorator
@inline
function endOf(column: i32): u32 {
  return BLOCK + load<u32>(ends + (<u32>column) * 4);
}

// @ts-expect-error: decorator
@inline
function isDash(column: i32): bool {
  if (column < 0) return true;
  const start = startOf(column);
  return endOf(column) - start == 1 && load<u8>(start) == DASH;
}

/** The decimal number in a column. Digits are read eight at a time (as in Lemire and Mula's SWAR parsing). */
// @ts-expect-error: decorator
@inline
function number(column: i32): u64 {
  if (column < 0) return MISSING;
  const start = startOf(column);
  const end = endOf(column);
  const length = end - start;
  if (length <= 8) return eightDigits(end, length);
  if (length > 15) return NO_NUMBER;
  const high = eightDigits(end - 8, length - 8);
  const low = eightDigits(end, 8);
  return high >= NO_NUMBER || low >= NO_NUMBER ? NO_NUMBER : high * 100_000_000 + low;
}

/** The number in the `length` (1 to 8) bytes before `end`. MISSING for "-". */
// @ts-expect-error: decorator
@inline
function eightDigits(end: u32, length: u32): u64 {
  const raw = load<u64>(end - 8);
  const unused: u64 = (8 - length) * 8;
  // The bytes in front of the number become leading zeros.
  let digits = ((raw ^ 0x3030303030303030) >> unused) << unused;
  if ((((digits + 0x7676767676767676) | digits) & 0x8080808080808080) != 0)
    return length == 1 && raw >> 56 == DASH ? MISSING : NO_NUMBER;
  digits = digits * 10 + (digits >> 8);
  return (
    ((digits & 0x000000ff000000ff) * 0x000f424000000064 + ((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
    32
  );
}

/** The first eight digits of the last time that was read, and their value. Most times begin like the one before. */
let lastDigits: u64 = 0;
let lastHundreds: u64 = 0;

/** The number in a column of times: ten digits until the year 2286. */
// @ts-expect-error: decorator
@inline
function time(column: i32): u64 {
  if (column < 0 || endOf(column) - startOf(column) != 10) return number(column);
  const digits = load<u64>(startOf(column));
  if (digits != lastDigits) {
    const hundreds = eightDigits(startOf(column) + 8, 8);
    if (hundreds >= NO_NUMBER) return NO_NUMBER;
    lastDigits = digits;
    lastHundreds = hundreds * 100;
  }
  const tens: u32 = load<u8>(endOf(column) - 2) - 0x30;
  const ones: u32 = load<u8>(endOf(column) - 1) - 0x30;
  return tens <= 9 && ones <= 9 ? lastHundreds + tens * 10 + ones : NO_NUMBER;
}

/** The number of the address in a column, 0 for no address. */
// @ts-expect-error: decorator
@inline
function address(column: i32): u32 {
  return isDash(column) ? 0 : readAddress(startOf(column), endOf(column));
}

/** The number of the VPC in a column, 0 for none. */
function vpcIn(column: i32): u32 {
  return isDash(column) ? 0 : interfaceNamed(startOf(column), endOf(column));
}

/** Whether two columns hold the same text of 8 to 16 bytes. Most pairs of addresses do. */
// @ts-expect-error: decorator
@inline
function isSameText(a: i32, b: i32): bool {
  if (a < 0 || b < 0) return false;
  const length = endOf(a) - startOf(a);
  if (length != endOf(b) - startOf(b) || length < 8 || length > 16) return false;
  return (
    load<u64>(startOf(a)) == load<u64>(startOf(b)) && load<u64>(endOf(a) - 8) == load<u64>(endOf(b) - 8)
  );
}

/** The texts of columns as little-endian words, for comparison. */
const OK: u16 = 0x4b4f;
const ACCE: u32 = 0x45434341;
const REJE: u32 = 0x454a4552;
const PT: u16 = 0x5450;
const CT: u16 = 0x5443;
const NODA: u32 = 0x41444f4e;
const INGR: u32 = 0x72676e69;
const EGRE: u32 = 0x65726765;
const TA: u16 = 0x4154;
const SS: u16 = 0x7373;

/** Six letters, given as four and two. */
// @ts-expect-error: decorator
@inline
function isSix(at: u32, four: u32, two: u16): bool {
  return load<u32>(at) == four && load<u16>(at, 4) == two;
}

/** Reads the last line that was split, unless the host must read it. */
// @ts-expect-error: decorator
@inline
function readLine(lineStart: u32, lineEnd: u32): bool {
  if (columns == 0) return lineEnd - lineStart <= MAX_LINE;
  if (columns != expected || lineEnd - lineStart > MAX_LINE) return false;
  const start = time(cStart);
  const end = time(cEnd);
  if (start - EARLIEST > LATEST - EARLIEST || end - EARLIEST > LATEST - EARLIEST || end < start) return false;
  makeRoom(2);
  const interfaceId = isDash(cInterface) ? 0 : interfaceNamed(startOf(cInterface), endOf(cInterface));
  if (cStatus >= 0) {
    const status = startOf(cStatus);
    const length = endOf(cStatus) - status;
    if (length != 2 || load<u16>(status) != OK) {
      if (length != 6 || !isSix(status, NODA, TA)) return false;
      noData++;
      advance(<u32>end);
      return true;
    }
  }
  const protocol = number(cProtocol);
  if (protocol > 255) return false;
  let sourcePort = number(cSourcePort);
  let targetPort = number(cTargetPort);
  if (sourcePort == MISSING && protocol != TCP && protocol != UDP) sourcePort = 0;
  if (targetPort == MISSING && protocol != TCP && protocol != UDP) targetPort = 0;
  if (sourcePort > 65_535 || targetPort > 65_535) return false;
  const packets = number(cPackets);
  const bytes = number(cBytes);
  const flags = number(cFlags);
  if (packets == NO_NUMBER || bytes == NO_NUMBER || (flags > 0xffff && flags != MISSING)) return false;
  let action: u32 = 0;
  if (cAction >= 0) {
    const at = startOf(cAction);
    if (endOf(cAction) - at != 6) return false;
    if (isSix(at, ACCE, PT)) action = ACCEPT;
    else if (isSix(at, REJE, CT)) action = REJECT;
    else return false;
  } else if (cNoRoute >= 0 || cBlackhole >= 0) {
    // Packets that no route of a transit gateway took never arrived, like those that a rule rejected.
    const noRoute = number(cNoRoute);
    const blackhole = number(cBlackhole);
    if (noRoute == NO_NUMBER || blackhole == NO_NUMBER) return false;
    if ((noRoute != MISSING && noRoute > 0) || (blackhole != MISSING && blackhole > 0)) action = REJECT;
  }
  let direction: u32 = 0;
  if (cDirection >= 0) {
    const at = startOf(cDirection);
    const length = endOf(cDirection) - at;
    if (length == 6 && isSix(at, EGRE, SS)) direction = EGRESS;
    else if (length == 7 && load<u32>(at) == INGR && load<u32>(at, 3) == RESS) direction = INGRESS;
  }
  if (cSourceVpc < 0) enter(interfaceId, lineStart, lineEnd);
  else enterEnd(vpcIn(cSourceVpc), lineStart, lineEnd, SOURCE_END);
  const ownSource = address(cOwnSource);
  if (cTargetVpc >= 0) enterEnd(vpcIn(cTargetVpc), lineStart, lineEnd, TARGET_END);
  const ownTarget = address(cOwnTarget);
  let source = isSameText(cSource, cOwnSource) ? ownSource : address(cSource);
  let target = isSameText(cTarget, cOwnTarget) ? ownTarget : address(cTarget);
  if (ownSource == NOT_READ || ownTarget == NOT_READ || source == NOT_READ || target == NOT_READ) return false;
  if (source == 0) source = ownSource;
  if (target == 0) target = ownTarget;
  if (source == 0 || target == 0) return false;
  records++;
  record(
    source,
    target,
    ownSource,
    ownTarget,
    <u32>sourcePort,
    <u32>targetPort,
    <u32>protocol,
    packets == MISSING ? 0 : <f64>packets,
    bytes == MISSING ? 0 : <f64>bytes,
    <u32>start,
    <u32>end,
    action,
    flags == MISSING ? NO_FLAGS : <i32>flags,
    direction,
    interfaceId,
    lineStart,
    lineEnd,
  );
  return true;
}

/** The end of "ingress", overlapping its beginning. */
const RESS: u32 = 0x73736572;
