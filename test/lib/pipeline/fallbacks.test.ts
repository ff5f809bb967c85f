/** Clients that fall back from IPv6 to IPv4 through the tables: the findings of one pass, in any order of arrival. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import {
  byId,
  deployForCampaigns,
  HOUR,
  MINUTE,
  mixed,
  NOON,
  onePass,
  settleHourly,
  standingOf,
} from './fixture/crowds.ts';
import type { Deployment } from './fixture/deployment.ts';
import { ACCOUNT, file } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await deployForCampaigns(embedded);
});

const CLIENT = ['2600:1f16:a3:7700::7', '10.12.1.7'] as const;
const row = (from: string, to: string, ports: string, rest: string, direction = 'egress') =>
  `5 ${ACCOUNT} eni-0c ${from} ${to} ${ports} 6 ${rest.split(' ').slice(0, -1).join(' ')} OK vpc-1 i-0c ${rest.split(' ').at(-1)} ${from} ${to} ${direction}`;
const services = Array.from({ length: 14 }, (_, n) => ({
  at: NOON + 600 + n * 9,
  targets: [`2600:1f16:a3:7701:4a1::${n}`, `10.12.2.${20 + n}`] as const,
}));
/** Nothing answers. */
const failures = services.map(({ at, targets: [target] }) =>
  row(CLIENT[0], target, '41000 443', `1 80 ${at} ${at} ACCEPT 2`),
);
/** Each follows at once. */
const conversations = services.map(({ at, targets: [, target] }) => [
  row(CLIENT[1], target, '42000 443', `7 1272 ${at} ${at + 1} ACCEPT 3`),
  row(target, CLIENT[1], '443 42000', `6 5520 ${at} ${at + 1} ACCEPT 19`, 'ingress'),
]);

describe('failures over IPv6 whose interface talks over IPv4', () => {
  const all = [...failures, ...conversations.flat()];
  const parts = (count: number) =>
    Array.from({ length: count }, (_, part) => mixed(all).filter((_line, at) => at % count === part));

  test.each([
    ['in one file', [all]],
    ['after the conversations', [conversations.flat(), failures]],
    ['before the conversations', [failures, conversations.flat()]],
    ['in two files that each have a half of all', parts(2)],
    ['in nine files', parts(9)],
  ])('are low if they arrive %s', async (_, files) => {
    for (const [at, lines] of files.entries()) await deployment.ingest(`part-${at}`, file(lines), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    const standing = await standingOf(deployment);
    expect(standing).toMatchObject([{ severity: 'low', source: { address: CLIENT[0] }, targets: { count: 14 } }]);
    expect(byId(standing)).toEqual(byId(await onePass(deployment, all, NOON + 3 * HOUR + 20 * MINUTE)));
  });

  test('are low in a routing domain, which is the scope of the IPv4 address', async () => {
    deployment = await deployForCampaigns(embedded, { routingDomains: { office: ['vpc-1'] } });
    await deployment.ingest('all', file(all), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    expect(await standingOf(deployment)).toMatchObject([{ severity: 'low' }]);
  });

  test('stay high if only half of them are followed', async () => {
    await deployment.ingest('all', file([...failures, ...conversations.slice(7).flat()]), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    expect(await standingOf(deployment)).toMatchObject([{ severity: 'high', source: { address: CLIENT[0] } }]);
  });
});
