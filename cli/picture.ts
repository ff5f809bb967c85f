/** Draws a stored finding from the evidence of its time, if that is still there. */
import { epochSeconds, type Finding } from '../lib/finding/model.ts';
import { pictureOf } from '../lib/finding/picture.ts';
import { printable } from '../lib/text/untrusted.ts';
import { describeAwsError } from './aws-errors.ts';
import { type EvidenceOptions, openEvidence } from './evidence.ts';
import { PICTURE_SIZE, pictureText } from './picture-text.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const HOUR = 3600;

/** Prints the picture to stdout. Without evidence it says why on stderr, since everything else is known. */
export async function printPicture(
  { source, ...finding }: Finding,
  options: EvidenceOptions,
  terminal: Terminal,
): Promise<void> {
  // A campaign's contacts are those of its members, and signals have none.
  if (!source) return;
  try {
    const { source: read, context } = await openEvidence(options);
    const [from, to] = [finding.firstSeen, finding.lastSeen].map((time) => Math.floor(epochSeconds(time) / HOUR));
    const evidence = await read(source, from!, to!);
    const networks = context.networks!;
    const picture = evidence && pictureOf({ source, ...finding }, evidence, networks, PICTURE_SIZE);
    if (picture) terminal.stdout(`\n${pictureText(picture, terminal.hasUnicode === true)}`);
    else terminal.stderr('no picture: the evidence of that time has expired\n');
  } catch (error) {
    if (error instanceof UsageError && options.windowsTable === undefined)
      terminal.stderr('no picture: the evidence is in the windows table. Give --stack, --local or --windows-table\n');
    else terminal.stderr(`no picture: ${printable(describeAwsError(error as Error) ?? (error as Error).message)}\n`);
  }
}
