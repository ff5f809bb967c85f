/** Names the likely tool of a scan by the marks that its probes leave in flow metadata. */
import type { FirstContact } from '../scan/first-contact.ts';
import { marksOf, type Probe } from './tool-marks.ts';
import { matches } from './tool-pattern.ts';
import { TOOLS } from './tool-table.ts';

/** A guess at the program behind a scan, with a confidence from 50 to 100. */
export interface ToolHint {
  readonly name: string;
  readonly confidence: number;
}

/**
 * The likely tool of a scan, or null if no row of the table has its marks. `hasFlags` says whether all of its records
 * had tcp-flags.
 */
export function toolOf(
  contacts: readonly (Probe & Pick<FirstContact, 'isRepeat'>)[],
  hasFlags = true,
): ToolHint | null {
  const marks = marksOf(contacts.filter((contact) => !contact.isRepeat && contact.packetBytes > 0));
  const tool = marks && TOOLS.find((row) => matches(row, marks, hasFlags));
  return tool ? { name: tool.name, confidence: tool.confidence } : null;
}
