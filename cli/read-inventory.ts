/** Reads the inventory of addresses for `detect`. Loaded only if its option is used. */
import { Inventory } from '../lib/evidence/inventory.ts';
import { readInventoryFile } from '../lib/evidence/inventory-file.ts';
import { isoTime } from '../lib/finding/model.ts';
import type { Connection } from '../lib/store/clients.ts';
import { countOf } from '../lib/text/wording.ts';
import { type BadInput, INVENTORY_FILES, reasonOf, resolveInputs } from './inputs.ts';
import { textOf } from './read-bytes.ts';

/** An inventory that was read, with what could not be read. */
interface ReadInventory {
  readonly inventory: Inventory;
  readonly bad: readonly BadInput[];
  /** Says in one line what it proves. */
  readonly summary: string;
}

/** A path, and the time of the snapshots in it: `interfaces.json@2026-11-30T10:00:00Z`. */
const WITH_TIME = /^(.+)@(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+))$/;

/**
 * Reads all files. A file that cannot be used is reported, and the others are still used: without its snapshot, no
 * address is dark for some time.
 */
export async function readInventory(
  given: readonly string[],
  routingDomains: Readonly<Record<string, readonly string[]>>,
  connection: Connection,
): Promise<ReadInventory> {
  const inventory = new Inventory(routingDomains);
  const bad: BadInput[] = [];
  let snapshots = 0;
  for (const text of given) {
    const [, path = text, time] = WITH_TIME.exec(text) ?? [];
    const inputs = await resolveInputs([path], process.stdin, connection, INVENTORY_FILES);
    bad.push(...inputs.bad);
    for (const source of inputs.sources) {
      try {
        const { snapshot, subnets } = readInventoryFile(await textOf(source), time);
        inventory.addSubnets(subnets);
        if (!snapshot) continue;
        inventory.addInterfaces(snapshot.at, snapshot.interfaces);
        snapshots++;
      } catch (error) {
        bad.push({ path: source.name, reason: reasonOf(error as NodeJS.ErrnoException) });
      }
    }
  }
  return { inventory, bad, summary: `${countOf(snapshots, 'snapshot')} of the inventory: ${proofOf(inventory)}` };
}

function proofOf({ vpcs, known }: Inventory): string {
  if (!known.length)
    return 'no address can be called dark. That needs the subnets, and snapshots at most 2 hours apart over more than 72 hours, taken by the owner of the VPC';
  const spans = known.flat();
  const from = spans.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY);
  const to = spans.reduce((most, span) => Math.max(most, span.to), 0);
  const pauses = spans.length > known.length ? ', with pauses' : '';
  return `dark addresses are known in ${known.length} of ${countOf(vpcs, 'VPC')} from ${isoTime(from)} to ${isoTime(to)}${pauses}`;
}
