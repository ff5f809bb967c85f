/** Addresses in one column. */
import { isIpv4, V4_PREFIX, type Words } from '../net/address.ts';
import type { ColumnReader, ColumnWriter } from './columns.ts';

/** The bits of the bytes of a 32-bit address, the highest first. */
const SHIFTS = [24, 16, 8, 0];

/** Neighbours share their first bytes, so these compress best beside each other. */
export function writeAddresses(column: ColumnWriter, all: readonly Words[]): void {
  column.number(all.length);
  for (const words of all) column.byte(isIpv4(words) ? 4 : 6);
  const [ipv4, ipv6] = [all.filter(isIpv4), all.filter((words) => !isIpv4(words))];
  for (const shift of SHIFTS) for (const words of ipv4) column.byte((words[3] >>> shift) & 255);
  for (const words of ipv6) for (const word of words) column.word(word);
}

export function readAddresses(column: ColumnReader): Words[] {
  const count = column.number();
  const families = column.bytes(count);
  const planes = column.bytes(SHIFTS.length * families.reduce((sum, family) => sum + Number(family === 4), 0));
  const length = planes.length / SHIFTS.length;
  let at = 0;
  const ipv4 = (): Words => {
    const word = SHIFTS.reduce((sum, shift, plane) => sum | (planes[plane * length + at]! << shift), 0);
    at++;
    return [0, 0, V4_PREFIX, word >>> 0];
  };
  return Array.from(families, (family) => (family === 4 ? ipv4() : readAddress(column)));
}

/** The addresses of a column as it was until version 5. */
export function readOldAddresses(column: ColumnReader): Words[] {
  const addresses: Words[] = [];
  while (column.left) addresses.push(column.byte() === 4 ? [0, 0, V4_PREFIX, column.word()] : readAddress(column));
  return addresses;
}

const readAddress = (column: ColumnReader): Words => [column.word(), column.word(), column.word(), column.word()];
