/** The agenda: due marks of sources and hours, and log times, over the real wire protocol. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Fragment } from '../../../lib/evidence/evidence.ts';
import type { DueMark } from '../../../lib/store/due-marks.ts';
import { interfere } from './fixture/faults.ts';
import { contact, fragment, HOUR, SOURCE } from './fixture/findings.ts';
import { useWindows, type Windows } from './fixture/windows.ts';

const use = useWindows();
let { client, store, storeWith, newClient } = {} as Windows;
beforeEach(() => {
  ({ client, store, storeWith, newClient } = use());
});

const NOW = HOUR * 3600 + 600;
const DAY = 86_400;
const SYN_TCP_ACCEPT = 1 | 4 | 8192;
const outside = (address: string, contacts = [contact()]): Fragment =>
  fragment({ scope: 'internet', address, inside: false, contacts });

/** The sources due at a log time, one for each mark that names it. */
const sourcesDue = async (logTime: number, limit?: number) =>
  (await store.agenda.dueMarks(logTime, limit)).flatMap(({ scope, addresses, hour, isLong }) =>
    addresses.map((address) => ({ source: { scope, address }, hour, isLong })),
  );
const clearAll = async (marks: readonly DueMark[]) => {
  for (const mark of marks) await store.agenda.clearDue(mark);
};

test('a source that is marked again is due at once, once a minute and object, whatever else is marked', async () => {
  const logTime = HOUR * 3600 + 60;
  await store.writeFragments('object-a', [fragment()], NOW);
  const again = [{ ...SOURCE, hour: HOUR }];
  for (const object of ['b', 'b']) await store.agenda.markAgain(again, logTime, object, NOW);
  expect(await sourcesDue(logTime)).toEqual([{ source: SOURCE, hour: HOUR, isLong: false }]);
  expect(await sourcesDue(NOW + DAY)).toHaveLength(3);
});

describe('a mark', () => {
  const some = Array.from({ length: 600 }, (_, n) => fragment({ address: `10.1.${n >> 8}.${n & 255}` }));

  test('is shared by the sources of an object that fall due together', async () => {
    await store.writeFragments('object-a', some, NOW);
    const marks = await store.agenda.dueMarks(NOW + DAY);
    expect(marks.map(({ isLong, addresses }) => [isLong, addresses.length])).toEqual([
      [false, 256],
      [false, 256],
      [false, 88],
      [true, 256],
      [true, 256],
      [true, 88],
    ]);
    expect(new Set(marks.flatMap(({ addresses }) => addresses)).size).toBe(600);
  });

  test('stays when its object was delivered again and has more sources', async () => {
    await store.writeFragments('object-a', some.slice(0, 1), NOW);
    const marks = await store.agenda.dueMarks(NOW + DAY);
    await store.writeFragments('object-a', some.slice(0, 2), NOW);
    await clearAll(marks);
    expect(await sourcesDue(NOW + DAY)).toHaveLength(4);
  });
});

describe('a backlog, such as that of a look back,', () => {
  const old = Array.from({ length: 300 }, (_, n) => fragment({ address: `10.1.${n >> 8}.${n & 255}` }));
  const fresh = fragment({ address: '10.2.0.1', hour: HOUR + 900, contacts: [contact({ lastEnd: NOW + 900 * 3600 })] });

  test('of inside sources comes after what outside sources did just now', async () => {
    const lastEnd = NOW + 900 * 3600;
    const tried = Array.from({ length: 20 }, (_, n) => contact({ port: 1000 + n, lastEnd }));
    await store.writeFragments('old', old, NOW);
    await store.writeFragments('new', [{ ...outside('198.51.100.7', tried), hour: HOUR + 900 }], NOW);
    expect((await sourcesDue(lastEnd + 1800, 100))[0]).toMatchObject({ source: { address: '198.51.100.7' } });
  });

  test('comes after what fell due just now', async () => {
    await store.writeFragments('old', old, NOW);
    await store.writeFragments('new', [fresh], NOW);
    const logTime = NOW + 900 * 3600 + 1800;
    expect((await sourcesDue(logTime, 100))[0]).toMatchObject({ source: { address: '10.2.0.1' }, hour: HOUR + 900 });
    // Nobody is named twice, and the rest of the backlog waits.
    const named = (await sourcesDue(logTime, 100)).map(({ source }) => source.address);
    expect(new Set(named).size).toBe(named.length);
    expect(named).toHaveLength(257);
    expect((await sourcesDue(logTime))[0]!.hour).toBe(HOUR);
  });

  test('of few sources is not read as a whole', async () => {
    for (let n = 0; n < 30; n++)
      await store.writeFragments(`object-${String(n).padStart(2, '0')}`, [fragment({ hour: HOUR + n })], NOW);
    expect(await sourcesDue(NOW + 90 * DAY, 2)).toHaveLength(20);
  });
});

describe('a source with a failure', () => {
  const end = HOUR * 3600 + 60;

  test('falls due once its answers are overdue, and not before', async () => {
    await store.writeFragments('object-a', [fragment({ contacts: [contact({ seen: SYN_TCP_ACCEPT })] })], NOW);
    expect(await sourcesDue(end + 600)).toEqual([]);
    expect(await sourcesDue(end + 1200 + 1)).toEqual([{ source: SOURCE, hour: HOUR, isLong: false }]);
  });

  test('is marked for its answers and for the horizons of days', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    expect((await sourcesDue(NOW + DAY)).map(({ isLong }) => isLong)).toEqual([false, true]);
  });

  test('from outside is not marked for the horizons of days: its quiet hours are looked through together', async () => {
    await store.writeFragments(
      'a',
      [
        fragment({
          scope: 'internet',
          address: '203.0.113.9',
          inside: false,
          contacts: Array.from({ length: 8 }, (_, port) => contact({ port })),
        }),
      ],
      NOW,
    );
    expect((await sourcesDue(NOW + DAY)).map(({ isLong }) => isLong)).toEqual([false]);
  });

  test('is due before any flood from the internet, however old that is', async () => {
    const flood = Array.from({ length: 600 }, (_, n) =>
      outside(
        `203.0.${n >> 8}.${n & 255}`,
        Array.from({ length: 8 }, (_, port) => contact({ port, firstEnd: HOUR * 3600, lastEnd: HOUR * 3600 })),
      ),
    );
    await store.writeFragments('object-a', [...flood, fragment({ contacts: [contact({ lastEnd: NOW })] })], NOW);
    const due = await sourcesDue(NOW + DAY, 8);
    expect(due[0]!.source).toEqual(SOURCE);
    // One mark of them is enough.
    expect(due.filter(({ source }) => source.scope === 'internet')).toHaveLength(256);
  });

  test('is due no more when its mark was cleared', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    await clearAll(await store.agenda.dueMarks(NOW + DAY));
    expect(await sourcesDue(NOW + DAY)).toEqual([]);
  });

  test('stays due when another file marked it after its mark was read', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    const marks = await store.agenda.dueMarks(NOW + DAY);
    await store.writeFragments('object-b', [fragment()], NOW);
    await clearAll(marks);
    expect(await sourcesDue(NOW + DAY)).toHaveLength(2);
  });

  test('is marked only when its fragments are there to be read', async () => {
    const order: string[] = [];
    const own = newClient();
    interfere(own, (command, input) => {
      if (command !== 'BatchWriteItem') return undefined;
      const requests = Object.values(input.RequestItems as Record<string, { PutRequest: { Item: { pk: string } } }[]>);
      order.push(requests[0]!.some(({ PutRequest }) => PutRequest.Item.pk.startsWith('due#')) ? 'marks' : 'fragments');
      return undefined;
    });
    const many = Array.from({ length: 60 }, (_, n) => fragment({ address: `10.1.0.${n}` }));
    await storeWith(own).writeFragments('object-a', many, NOW);
    // The last write is the mark of the hour in which inside sources may have had shares of a campaign.
    expect(order).toEqual(['fragments', 'fragments', 'fragments', 'marks', 'fragments']);
  });

  test('is not marked for what was answered in time', async () => {
    await store.writeFragments('object-a', [fragment({ contacts: [contact({ seen: SYN_TCP_ACCEPT | 16 })] })], NOW);
    expect(await sourcesDue(NOW + DAY)).toEqual([]);
  });

  test('is marked for answers that come when its finding may be closed', async () => {
    const late = [fragment({ contacts: [contact({ seen: 16 | 8192 })] })];
    await store.writeFragments('object-a', late, NOW);
    expect(await sourcesDue(NOW + DAY)).toEqual([]);
    await store.writeFragments('object-a', late, NOW + 2 * 3600);
    expect(await sourcesDue(NOW + DAY)).toHaveLength(2);
  });
});

describe('log time', () => {
  test('is the latest over all logs, and 0 before the first', async () => {
    expect(await store.agenda.logTime()).toBe(0);
    await store.agenda.advanceLogTime('log-a', 1000, NOW);
    await store.agenda.advanceLogTime('log-b', 900, NOW);
    expect(await store.agenda.logTime()).toBe(1000);
  });

  test('never goes back', async () => {
    await store.agenda.advanceLogTime('log-a', 1000, NOW);
    await store.agenda.advanceLogTime('log-a', 900, NOW);
    await Promise.all([1005, 1003, 1004].map((time) => store.agenda.advanceLogTime('log-a', time, NOW)));
    expect(await store.agenda.logTime()).toBe(1005);
  });
});

test('a refusal of another kind than "not newer" is an error', async () => {
  const own = newClient();
  interfere(own, () => Promise.reject(Object.assign(new Error('denied'), { name: 'AccessDeniedException' })));
  await expect(storeWith(own).agenda.advanceLogTime('log-a', 1000, NOW)).rejects.toThrow('denied');
  await expect(storeWith(own).agenda.clearHour({ pk: 'a', sk: 'b', object: 'c' })).rejects.toThrow('denied');
  await store.writeFragments('object-a', [fragment()], NOW);
  const [mark] = await store.agenda.dueMarks(NOW + DAY);
  await expect(storeWith(own).agenda.clearDue(mark!)).rejects.toThrow('denied');
});

describe('hours of outside sources', () => {
  const outsider = outside('198.51.100.7', [contact()]);
  const hoursDue = async (time: number) =>
    (await store.agenda.dueHours(time)).map(({ hour, object }) => [hour, object]);
  const END = (HOUR + 1) * 3600;

  test('are due at the end of a slot of ten minutes, no sooner than every read shows what was written', async () => {
    await store.writeFragments('object-a', [outsider], END + 1);
    expect(await hoursDue(END + 600)).toEqual([]);
    expect(await hoursDue(END + 601)).toEqual([[HOUR, 'object-a']]);
    await storeWith(client).writeFragments('object-b', [outsider], END + 590);
    expect(await hoursDue(END + 1200)).toEqual([[HOUR, 'object-a']]);
    expect(await hoursDue(END + 1201)).toHaveLength(2);
  });

  test('that more is written about later are due again', async () => {
    await store.writeFragments('object-a', [outsider], END - 1800);
    for (const mark of await store.agenda.dueHours(END + 901)) await store.agenda.clearHour(mark);
    await store.writeFragments('object-b', [outsider], END + 1200);
    expect(await hoursDue(END + 1801)).toEqual([[HOUR, 'object-b']]);
  });

  test('stay due when more is written about them while they are looked at', async () => {
    await store.writeFragments('object-a', [outsider], END);
    const marks = await store.agenda.dueHours(END + 901);
    await storeWith(newClient()).writeFragments('object-b', [outsider], END + 10);
    for (const mark of marks) await store.agenda.clearHour(mark);
    expect(await hoursDue(END + 901)).toEqual([[HOUR, 'object-b']]);
  });

  test('are marked once for many files, as long as nobody looks at them', async () => {
    const own = newClient();
    const calls = interfere(own);
    const other = storeWith(own);
    for (let n = 0; n < 20; n++) await other.writeFragments(`object-${n}`, [outsider], END - 2400);
    expect(calls.get('BatchWriteItem')).toBe(20 + 1);
  });

  test('of inside sources are marked with their scope, once their answers are overdue', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    expect(await hoursDue(NOW + 1200)).toEqual([]);
    expect(await store.agenda.dueHours(NOW + 30 * DAY)).toMatchObject([{ hour: HOUR, scope: SOURCE.scope }]);
  });

  test('of inside sources without a failure are not marked', async () => {
    const answered = contact({ seen: SYN_TCP_ACCEPT | 16 });
    await store.writeFragments('object-a', [fragment({ contacts: [answered] })], NOW);
    expect(await hoursDue(NOW + 30 * DAY)).toEqual([]);
  });
});
