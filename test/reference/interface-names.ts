/** Names of interfaces, of which 48 bytes count, as in the kernel; AWS's own have 21 at most. */
import { StringTable } from '../../lib/flowlog/record.ts';

const MOST_BYTES = 48;

export class InterfaceNames extends StringTable {
  override intern(buffer: Uint8Array, start: number, end: number): number {
    return super.intern(buffer, start, Math.min(end, start + MOST_BYTES));
  }
}
