/** Placements: which evidence is stored how, and that each is read by the methods that the table names. */
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { leastEvidenceOf } from '../../../lib/detections/least-evidence.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import type { Fragment } from '../../../lib/evidence/evidence.ts';
import {
  SEEN_ACCEPT,
  SEEN_CONVERSATION,
  SEEN_OWN_TARGET,
  SEEN_PATIENT,
  SEEN_PROBE,
  SEEN_REPLY,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
} from '../../../lib/evidence/seen.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { OUTSIDE_BUCKETS } from '../../../lib/store/keys.ts';
import { PLACEMENTS, placementsOf } from '../../../lib/store/placements.ts';
import { contact, fragment, HOUR } from './fixture/findings.ts';
import { itemsOf } from './fixture/tables.ts';
import { useWindows } from './fixture/windows.ts';

const NOW = (HOUR + 1) * 3600;
const WELL = SEEN_TCP | SEEN_SYN | SEEN_ACCEPT | SEEN_SYN_ACK | SEEN_CONVERSATION;
const OWN = (WELL & ~SEEN_CONVERSATION) | SEEN_OWN_TARGET;
const DATAGRAMS = SEEN_PROBE | SEEN_ACCEPT | SEEN_REPLY;
const contacts = (count: number, seen?: number) =>
  Array.from({ length: count }, (_, n) => contact({ port: n + 1, hash: n + 1, ...(seen !== undefined && { seen }) }));
const outside = (count: number): Fragment =>
  fragment({ scope: 'internet', address: '198.51.100.1', inside: false, contacts: contacts(count) });
/** A fragment that goes to the placement of a name. */
const EXAMPLES: Readonly<Record<string, Fragment>> = {
  'packed outside': outside(7),
  'packed inside': fragment({ contacts: contacts(64, WELL) }),
  'own item': fragment({ contacts: contacts(1) }),
  'sample of outside': outside(300),
  'shares of inside': fragment({ contacts: contacts(100) }),
};
const OWN_AND_SHARES = ['own item', 'shares of inside'];
const patient = contacts(1, SEEN_TCP | SEEN_SYN | SEEN_ACCEPT | SEEN_PATIENT);
/** Ports that were found open and left, each on another host. */
const touches = (count: number, network: string, seen = WELL & ~SEEN_CONVERSATION, protocol = 6) =>
  fragment({
    contacts: Array.from({ length: count }, (_, n) => contact({ target: `${network}${n}`, hash: n, seen, protocol })),
  });
const away = contact({ target: '198.51.100.9' });
const use = useWindows();

describe('a fragment', () => {
  test.each([
    ['of an outside source with seven contacts', outside(7), ['packed outside']],
    ['of an outside source with eight contacts', outside(8), ['own item', 'sample of outside']],
    ['of an inside source with 64 answered contacts', fragment({ contacts: contacts(64, WELL) }), ['packed inside']],
    ['of an inside source with 65 answered contacts', fragment({ contacts: contacts(65, WELL) }), ['own item']],
    ['of an inside source with a failed contact inside', fragment({ contacts: contacts(1) }), OWN_AND_SHARES],
    ['of an inside source with a contact that a client tried again', fragment({ contacts: patient }), ['own item']],
    ['of an inside source with half a sweep of open ports', touches(5, '10.0.9.'), OWN_AND_SHARES],
    ['of an inside source with less than half', touches(4, '10.0.9.'), ['packed inside']],
    ['of an inside source that left as many hosts outside', touches(40, '198.51.100.'), ['packed inside']],
    ['of an inside source that left hosts outside which are its own', touches(5, '198.51.100.', OWN), OWN_AND_SHARES],
    ['of an inside source that exchanged datagrams', touches(40, '10.0.9.', DATAGRAMS, 17), ['packed inside']],
    ['of an inside source with a failed contact outside', fragment({ contacts: [away] }), ['own item']],
  ])('%s', (_, each, expected) => {
    expect(
      placementsOf(each, { least: leastEvidenceOf(detectionSettings()), networks: new Networks() }).map(
        ({ name }) => name,
      ),
    ).toEqual(expected);
  });
});

test('an inside source that may be half a sweep is listed by its name among shares, and marks no hour for campaigns', async () => {
  const { store, client, table } = use();
  const { address, scope } = fragment();
  await store.writeFragments('object-a', [touches(5, '10.0.9.')], NOW);
  expect(await store.insideShares(scope, HOUR, HOUR)).toMatchObject([{ address, contacts: [] }]);
  expect((await itemsOf(client, table)).filter(({ pk }) => pk === 'hours')).toEqual([]);
});

test.each(PLACEMENTS)(
  '$name is read by $readBy and by nothing else',
  async ({ name, readBy, partition, sampledTo }) => {
    const { store, client, table } = use();
    const example = EXAMPLES[name]!;
    await store.writeFragments('object-a', [example], NOW);
    // Only the item of this placement stays.
    for (const { pk, sk } of await itemsOf(client, table))
      if (pk !== partition(example)) await client.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }));
    const buckets = Array.from({ length: OUTSIDE_BUCKETS }, (_, bucket) => bucket);
    const read = {
      readOwnItems: await store.readOwnItems(example, HOUR, HOUR),
      readSource: await store.readSource(example, HOUR, HOUR),
      packedSources: (
        await Promise.all(
          buckets.map(async (bucket) => [...(await store.packedSources([HOUR], bucket, true)).sources()]),
        )
      ).flat(),
      outsideSources: (await Promise.all(buckets.map((bucket) => store.outsideSources(HOUR, bucket)))).flat(),
      insideShares: await store.insideShares(example.scope, HOUR, HOUR),
      quietSources: await Array.fromAsync(store.quietSources(example.scope, HOUR)),
    };
    const readers = Object.entries(read).filter(([, found]) => found.length > 0);
    expect(readers.map(([method]) => method)).toEqual(readBy);
    expect(read[readBy[0]!]).toHaveLength(1);
    if (sampledTo) expect((read[readBy.at(-1)!] as Fragment[])[0]!.contacts).toHaveLength(sampledTo);
  },
);
