/** Checks of the inventory of addresses that settle takes. */
import { isoTime } from '../../lib/finding/model.ts';
import { type Facts, outputOf } from '../../lib/store/health/facts.ts';
import type { InventoryHead } from '../../lib/store/inventory-store.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type Check, fail, judged, ok, region, skip, spanOf, type Verdict, warn } from './check.ts';

/** Settle takes a snapshot every five minutes. Two may fail. */
const LATE = 1000;
/** Addresses held between snapshots further apart are unknown. */
const TOO_LATE = 7200;
/** An address is dark if nobody held it for so long. */
const HELD = 72 * 3600;

export const INVENTORY_CHECKS: readonly Check[] = [
  {
    id: 'inventory.age',
    permission: 'lambda:GetFunctionConfiguration, dynamodb:Query',
    anchor: 'inventory-of-addresses',
    judge: (facts) => {
      if (!facts.inventory) return [skip('inventory of addresses: the setting is off, or not known')];
      return judged(facts, 'inventory of addresses', facts.inventory, (head) => verdictOf(facts, head));
    },
  },
];

function verdictOf(
  facts: Facts,
  { at, since = 0, interfaces = 0, vpcs = 0, failedAt, failure }: InventoryHead,
): Verdict {
  const command = `aws logs filter-log-events --log-group-name ${outputOf(facts, 'SettleLogs')} --filter-pattern snapshot ${region(facts)}`;
  const because = failure === undefined ? '' : `. The last attempt of settle failed: ${failure}`;
  if (at === undefined) {
    if (failedAt === undefined) return skip('inventory of addresses: settle has taken no snapshot yet');
    return fail(
      `no snapshot of network interfaces could be taken for ${spanOf(facts.now - failedAt)}`,
      `no address is dark${because}`,
      command,
    );
  }
  const age = `the newest snapshot of network interfaces is ${spanOf(facts.now - at)} old`;
  if (facts.now - at > TOO_LATE)
    return fail(
      age,
      `no address has been dark since, nor will be for three days after the next one${because}`,
      command,
    );
  if (facts.now - at > LATE)
    return warn(age, `no address has been dark since. After two hours none will be for three days${because}`, command);
  const known = since + HELD > facts.now ? `. Dark addresses are known from ${isoTime(since + HELD)} on` : '';
  return ok(
    `${countOf(interfaces, 'network interface')} of ${countOf(vpcs, 'VPC')} noted ${spanOf(facts.now - at)} ago${known}`,
  );
}
