/** Adds a snapshot of all interfaces to the inventory of addresses, once in five minutes. */
import { HELD_SECONDS, Inventory, LONGEST_PAUSE } from '../../evidence/inventory.ts';
import { isoTime } from '../../finding/model.ts';
import type { InventoryStore } from '../../store/inventory-store.ts';
import type { Services } from '../services.ts';
import { type Counts, once, type Run } from './run.ts';

const DAY = 86_400;
const SLOT = 300;
const CLAIMED = 'inventory-taken';
/** A failure that lasts this long ends the run as failed. It leaves 90 minutes until the pause is too long. */
const PATIENCE = 1800;
/** Addresses, prefixes and interfaces that are remembered at most: about 25 MB in each judging function, twice. */
const MOST_NAMES = 200_000;

export async function takeInventory(services: Services, run: Run): Promise<Partial<Counts>> {
  const { inventories, describeInterfaces } = services;
  if (!inventories || !describeInterfaces) return {};
  const slot = Math.floor(run.now / SLOT);
  const claim = { pk: CLAIMED, sk: isoTime(slot * SLOT), expiresAt: run.now + DAY };
  await once(services, run, claim, async () => {
    const at = Math.floor(services.clock());
    try {
      await addSnapshot(services, inventories, { at, ...(await describeInterfaces(run.hasTime)) });
      return true;
    } catch (error) {
      await noteFailure(services, inventories, error as Error);
      return false;
    }
  });
  return {};
}

/** The interfaces and subnets of one moment. */
type Snapshot = Awaited<ReturnType<NonNullable<Services['describeInterfaces']>>> & {
  /** Before the first page was read, epoch seconds. */
  readonly at: number;
};

async function addSnapshot(
  { logger, runtime, windowDays }: Services,
  inventories: InventoryStore,
  { at, interfaces, subnets }: Snapshot,
): Promise<void> {
  const { head, inventory } = await inventories.read();
  // No evidence is older than its retention, and a contact is judged by what was held three days before it.
  let since = Math.max((inventory && head.since) ?? at, at - windowDays * DAY - HELD_SECONDS - LONGEST_PAUSE);
  let next = (inventory ?? new Inventory(runtime.routingDomains)).since(since);
  next.addSubnets(subnets);
  next.addInterfaces(at, interfaces);
  let isWhole = false;
  for (; next.size > MOST_NAMES && since < at; next = next.since(since)) {
    since = Math.min(at, since + Math.max(LONGEST_PAUSE, Math.floor((at - since) / 4)));
    isWhole = true;
    logger.warn('inventory shortened', { names: next.size, limit: MOST_NAMES, since: isoTime(since) });
  }
  if (next.size > MOST_NAMES) throw new Error(`interfaces hold ${next.size} addresses, at most ${MOST_NAMES} fit`);
  await inventories.write({ at, inventory: next, since, interfaces: interfaces.length, isWhole });
  logger.info('inventory taken', {
    interfaces: interfaces.length,
    vpcs: next.vpcs,
    names: next.size,
    since: isoTime(since),
  });
}

/** Notes the failure for `doctor`. @throws if it lasts. */
async function noteFailure(
  { clock, logger }: Services,
  inventories: InventoryStore,
  { name, message }: Error,
): Promise<void> {
  const now = Math.floor(clock());
  const failure = `${name}: ${message}`;
  const { head } = await inventories.read();
  await inventories.noteFailure(now, failure, head);
  logger.warn('no snapshot of interfaces', { failure, newest: head.at && isoTime(head.at) });
  if (now - (head.failedAt ?? now) >= PATIENCE)
    throw new Error(
      `no snapshot of network interfaces for ${Math.round((now - head.failedAt!) / 60)} minutes. After 120 minutes no address is dark for three days: ${failure}`,
    );
}
