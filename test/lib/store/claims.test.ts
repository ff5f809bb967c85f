/** Work that must be done once: who gets it, when it can be taken again, and what a failure says. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Claims } from '../../../lib/store/claims.ts';
import { interfere } from './fixture/faults.ts';
import { HOUR } from './fixture/findings.ts';
import { type Embedded, startEmbedded } from './fixture/tables.ts';

const NOW = HOUR * 3600 + 900;
const CLAIM = { now: NOW, leaseSeconds: 420, expiresAt: NOW + 86_400 };
let embedded: Embedded;
let table: string;
let claims: Claims;

beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  table = (await embedded.tables()).findings;
  claims = new Claims(embedded.client(), table);
});

describe('a claim', () => {
  const take = (now: number) => claims.claim('digest', '2026-11-21', { ...CLAIM, now });

  test('is given to one of many at once', async () => {
    const taken = await Promise.all(Array.from({ length: 6 }, () => take(NOW)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('can be taken again once its lease has run out: whoever had it was killed', async () => {
    expect(await take(NOW)).toBe(true);
    expect(await take(NOW + CLAIM.leaseSeconds)).toBe(false);
    expect(await take(NOW + CLAIM.leaseSeconds + 1)).toBe(true);
  });

  test('can be taken again once it was released', async () => {
    await take(NOW);
    await claims.release('digest', '2026-11-21');
    expect(await take(NOW)).toBe(true);
  });

  test('is never given again once it is completed', async () => {
    await take(NOW);
    await claims.complete('digest', '2026-11-21');
    expect(await take(NOW + 100 * CLAIM.leaseSeconds)).toBe(false);
  });

  test('that fails for another reason than its condition is an error', async () => {
    const client = embedded.client();
    interfere(client, () => Promise.reject(Object.assign(new Error('denied'), { name: 'AccessDeniedException' })));
    await expect(new Claims(client, table).claim('a', 'b', CLAIM)).rejects.toThrow('denied');
  });
});
