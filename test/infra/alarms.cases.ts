/** The alarms of the template, run as CloudWatch runs them, through what happens to a deployment: who hears what, and when. */
import { describe, expect, test } from '@jest/globals';
import { refuseDynamodbAlarm } from '../../local/checks/alarms.ts';
import {
  type AlarmProperties,
  alarmsIn,
  calculate,
  type Message,
  Metrics,
  type Missing,
  measuresOf,
  nextState,
  watch,
} from './cloudwatch.ts';
import { rowsOf, sectionOf } from './operations-document.ts';
import { byDefault, resourcesOf, synthesize, vpcs } from './synthesize.ts';

const alarms = alarmsIn(resourcesOf(byDefault, 'AWS::CloudWatch::Alarm'));

describe('the rules of CloudWatch', () => {
  const TREATMENTS: readonly Missing[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
  // "Configuring how CloudWatch alarms treat missing data": both tables, whose evaluation range is 5. `kept` retains the state.
  test.each<[points: string, toAlarm: number, states: string]>([
    ['0 - X - X', 3, 'OK OK OK OK'],
    ['0 - - - -', 3, 'OK OK OK OK'],
    ['- - - - -', 3, 'INSUFFICIENT_DATA kept ALARM OK'],
    ['0 X X - X', 3, 'ALARM ALARM ALARM ALARM'],
    ['- - X - -', 3, 'ALARM kept ALARM OK'],
    ['- - - - X', 3, 'kept kept ALARM OK'],
    ['- - - X -', 3, 'kept kept ALARM OK'],
    ['0 - X - X', 2, 'ALARM ALARM ALARM ALARM'],
    ['0 0 X 0 X', 2, 'ALARM ALARM ALARM ALARM'],
    ['0 - X - -', 2, 'OK OK ALARM OK'],
    ['- - - - 0', 2, 'OK OK ALARM OK'],
    ['- - - X -', 2, 'ALARM kept ALARM OK'],
  ])('give %s with %i of 3 the states of the user guide', (text, toAlarm, states) => {
    const points = text.split(' ').map((point) => (point === '-' ? undefined : point === 'X'));
    for (const current of ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const) {
      const next = TREATMENTS.map((missing) => nextState(points, { needed: 3, toAlarm, missing }, current));
      expect(next).toEqual(states.replaceAll('kept', current).split(' '));
    }
  });

  test('calculate with missing data only what is missing', () => {
    const expression = 'IF(HOUR(m) == 6 AND MINUTE(m) < 5, 1, m)';
    const at = (time: string, m: number | undefined) =>
      calculate(expression, new Map([['m', m]]), Date.parse(`2026-11-28T${time}:00Z`) / 1000);
    expect([at('06:00', 0), at('06:05', 0), at('05:00', 0), at('06:00', undefined), at('12:00', 7)]).toEqual([
      1,
      0,
      0,
      undefined,
      7,
    ]);
    expect(() => calculate('FILL(m, 0)', new Map([['m', 1]]), 0)).toThrow('no rule for FILL in FILL(m, 0)');
  });
});

const MINUTE = 60;
const HOUR = 3600;
/** The time of the first deployment. The daily repetition is at 06:00 by default. */
const START = Date.parse('2026-11-28T09:02:00Z') / 1000;
/** Points beyond the evaluation periods that CloudWatch may read: it does not say how many. */
const EXTRAS = [0, 2, 5];

type Span = readonly [from: number, to: number];
const isIn = (spans: readonly Span[], time: number): boolean => spans.some(([from, to]) => time >= from && time < to);
const ALWAYS: readonly Span[] = [[0, Number.POSITIVE_INFINITY]];

/** What happens to a deployment, in seconds since it was made. */
interface Story {
  readonly hours: number;
  /** When settle runs. Default: always. */
  readonly settle?: readonly Span[];
  /** When flow log files come and are read. Default: never. */
  readonly files?: readonly Span[];
  /** When files hold no records. Default: never. */
  readonly empty?: readonly Span[];
  /** When an address has no confirmed subscription. Default: the first twenty minutes. */
  readonly unconfirmed?: readonly Span[];
  /** When a ceiling refuses writes. Default: never. */
  readonly flood?: readonly Span[];
  /** When a webhook answers 503 at the first try. */
  readonly webhook?: readonly Span[];
}

/** The metrics that a deployment writes, and those that AWS writes about it. */
function metricsOf({ hours, settle = ALWAYS, files = [], empty = [], flood = [], webhook = [], ...rest }: Story) {
  const { unconfirmed = [[0, 20 * MINUTE]] } = rest;
  const metrics = new Metrics();
  // The schedule begins some minutes after the stack. Ingest and settle do not run in the same second.
  for (let time = 4 * MINUTE; time < hours * HOUR; time += 5 * MINUTE) {
    const at = START + time;
    if (isIn(settle, time)) {
      metrics.put('AWS/Lambda Invocations <SettleFunction>', at, 1);
      metrics.put('Sweepwatch RecordsRead sweepwatch', at, 0);
      if (isIn(unconfirmed, time)) metrics.put('Sweepwatch SubscriptionsMissing sweepwatch', at, 1);
    }
    if (isIn(files, time)) {
      metrics.put('Sweepwatch RecordsRead sweepwatch', at + 70, isIn(empty, time) ? 0 : 5000);
    }
    if (isIn(flood, time)) {
      metrics.put('Sweepwatch WritesThrottled sweepwatch', at + 80, 400);
      metrics.put('AWS/DynamoDB WriteThrottleEvents <Windows>', at + 80, 400);
    }
    if (isIn(webhook, time)) metrics.put('AWS/SNS NumberOfNotificationsFailed <AlertTopic>', at, 1);
    // Polled queues have data. A queue without messages has age 0.
    metrics.put('AWS/SQS ApproximateAgeOfOldestMessage <IngestQueue>', at, 0);
  }
  return metrics;
}

const tell = (story: Story, extra: number, watched: ReadonlyMap<string, AlarmProperties> = alarms) =>
  watch(watched, metricsOf(story), { from: START, to: START + story.hours * HOUR, extra });

/** The names in the order of their first message. */
const namesOf = (messages: readonly Message[]): string[] => [...new Set(messages.map(({ alarm }) => alarm))];
const timesOf = (messages: readonly Message[], name: string): number[] =>
  messages.filter(({ alarm }) => alarm === name).map(({ at }) => at - START);
/** An interval of seconds since the deployment that holds 06:00 UTC of the next day, and the half hour after it. */
const NEXT_MORNING: Span = [21 * HOUR + 25 * MINUTE, 22 * HOUR];

const STORIES: Readonly<Record<string, Story>> = {
  'a first deployment, all is well': { hours: 26, files: [[10 * MINUTE, 26 * HOUR]] },
  'a first deployment, and no file comes': { hours: 26 },
  'a first deployment, and an address is not confirmed': {
    hours: 26,
    files: [[10 * MINUTE, 26 * HOUR]],
    unconfirmed: ALWAYS,
  },
  'a first deployment, and settle never runs': { hours: 26, files: [[10 * MINUTE, 26 * HOUR]], settle: [] },
};

/** What happens to a deployment that has been well for two hours, until it is well again two hours later. */
const trouble = (change: Omit<Story, 'hours'>): Story => ({ hours: 8, files: [[10 * MINUTE, 8 * HOUR]], ...change });
const BAD: Span = [2 * HOUR, 4 * HOUR];
const AROUND: readonly Span[] = [
  [0, 2 * HOUR],
  [4 * HOUR, 8 * HOUR],
];
const TROUBLES: Readonly<Record<string, Story>> = {
  'files stop': trouble({ files: AROUND }),
  'files hold no records': trouble({ empty: [BAD] }),
  'the schedule of settle is disabled': trouble({ settle: AROUND }),
  'everything is paused': trouble({ settle: AROUND, files: AROUND }),
  'a subscription is removed': trouble({ unconfirmed: [[0, 20 * MINUTE], BAD] }),
  'a table is at its ceiling': trouble({ flood: [BAD] }),
  'a webhook refuses the first try': trouble({ webhook: [[BAD[0], BAD[0] + 5 * MINUTE]] }),
};

describe.each(EXTRAS)('the alarms, where CloudWatch reads %i points more than it needs', (extra) => {
  test('never send the end of what did not begin, and never a state without data', () => {
    for (const story of Object.values({ ...STORIES, ...TROUBLES }))
      expect(tell(story, extra).messages.filter(({ state }) => state !== 'ALARM')).toEqual([]);
  });

  test('are silent about a deployment that works, but for the wait for the first run of settle', () => {
    const { messages, states } = tell(STORIES['a first deployment, all is well']!, extra);
    expect(namesOf(messages)).toEqual(['SettleStopped']);
    expect(timesOf(messages, 'SettleStopped')).toEqual([MINUTE]);
    expect([...states].filter(([, state]) => state === 'ALARM')).toEqual([]);
  });

  test('report after half an hour that no file comes, and again every morning', () => {
    const { messages } = tell(STORIES['a first deployment, and no file comes']!, extra);
    const [first = 0, repeated = 0, ...more] = timesOf(messages, 'NoRecords');
    expect(first).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(first).toBeLessThanOrEqual(40 * MINUTE);
    expect(repeated).toBeGreaterThanOrEqual(NEXT_MORNING[0]);
    expect(repeated).toBeLessThanOrEqual(NEXT_MORNING[1]);
    expect(more).toEqual([]);
  });

  test('reach somebody who confirmed late, within a day', () => {
    for (const [name, alarm] of [
      ['a first deployment, and no file comes', 'NoRecords'],
      ['a first deployment, and an address is not confirmed', 'SubscriptionsMissing'],
    ] as const) {
      const times = timesOf(tell(STORIES[name]!, extra).messages, alarm);
      for (let confirmed = 0; confirmed < 2 * HOUR; confirmed += 10 * MINUTE)
        expect(times.some((at) => at > confirmed && at < confirmed + 24 * HOUR)).toBe(true);
    }
  });

  test.each<[story: keyof typeof TROUBLES, alarm: string, within: number]>([
    ['files stop', 'NoRecords', 45 * MINUTE],
    ['the schedule of settle is disabled', 'SettleStopped', 45 * MINUTE],
    ['a subscription is removed', 'SubscriptionsMissing', 45 * MINUTE],
    ['a table is at its ceiling', 'WritesThrottled', 10 * MINUTE],
  ])('about "%s" send one message, end by themselves, and send another the next time', (name, alarm, within) => {
    const story = TROUBLES[name]!;
    const { messages, states } = tell(story, extra);
    const times = timesOf(messages, alarm).filter((at) => at > HOUR);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeLessThanOrEqual(BAD[0] + within);
    expect(states.get(alarm)).toBe('OK');
    const twice = (spans: readonly Span[] = []): Span[] =>
      [0, 8 * HOUR].flatMap((later) => spans.map(([from, to]): Span => [from + later, Math.min(to, 8 * HOUR) + later]));
    const again: Story = {
      hours: 16,
      files: twice(story.files),
      settle: twice(story.settle ?? ALWAYS),
      flood: twice(story.flood),
      unconfirmed: twice(story.unconfirmed),
    };
    const later = timesOf(tell(again, extra).messages, alarm).filter((at) => at > HOUR);
    expect(later.filter((at) => at > 8 * HOUR + 30 * MINUTE + HOUR).length).toBeGreaterThanOrEqual(1);
  });
});

describe('docs/operations.md', () => {
  test('says which alarms come in which case, and in which order', () => {
    const rows = rowsOf(sectionOf('What comes when')).map(([story, names]) => [
      story,
      [...names!.matchAll(/\[(\w+)\]/g)].map(([, name]) => name),
    ]);
    const seen = Object.entries({ ...STORIES, ...TROUBLES }).map(([name, story]) => {
      const { messages } = tell(story, 2);
      // The messages of every first deployment are listed only in their own row.
      const fresh = name in TROUBLES ? messages.filter(({ at }) => at > START + HOUR) : messages;
      return [name, namesOf(fresh)];
    });
    expect(rows).toEqual(seen);
  });
});

describe('mistakes that the stories find', () => {
  const changed = (name: string, change: Partial<AlarmProperties>) =>
    new Map([...alarms].map(([id, alarm]) => [id, id === name ? { ...alarm, ...change } : alarm]));

  test('an OK action sends the end of what never began', () => {
    const { messages } = tell(
      STORIES['a first deployment, all is well']!,
      2,
      changed('IngestLate', { OKActions: ['topic'] }),
    );
    expect(messages).toContainEqual(expect.objectContaining({ alarm: 'IngestLate', state: 'OK' }));
  });

  test('silence that missing data stand for speaks before anybody listens', () => {
    const { messages } = tell(
      STORIES['a first deployment, and no file comes']!,
      2,
      changed('NoRecords', { TreatMissingData: 'breaching' }),
    );
    expect(timesOf(messages, 'NoRecords')[0]).toBe(MINUTE);
  });

  test('an alarm on the throttling of DynamoDB sends nothing the second time, so the local cloud refuses it', () => {
    const onTable: AlarmProperties = {
      ...alarms.get('WritesThrottled')!,
      Namespace: 'AWS/DynamoDB',
      MetricName: 'WriteThrottleEvents',
      Dimensions: [{ Name: 'TableName', Value: '<Windows>' }],
    };
    const floods: Story = { ...trouble({ flood: [BAD, [6 * HOUR, 7 * HOUR]] }), hours: 10 };
    const { messages, states } = tell(floods, 2, new Map([['WindowsThrottled', onTable]]));
    expect(messages).toHaveLength(1);
    expect(states.get('WindowsThrottled')).toBe('ALARM');
    expect(refuseDynamodbAlarm({ properties: { ...onTable } })).toContain('so this one may never return to OK');
  });
});

describe('an alarm on DynamoDB', () => {
  const metric = { MetricStat: { Metric: { Namespace: 'AWS/DynamoDB', MetricName: 'WriteThrottleEvents' } } };
  test.each<[string, object, boolean]>([
    ['that leaves missing data to the default', { Namespace: 'AWS/DynamoDB' }, true],
    ['that takes missing data for good', { Namespace: 'AWS/DynamoDB', TreatMissingData: 'notBreaching' }, true],
    ['that says what happens anyway', { Namespace: 'AWS/DynamoDB', TreatMissingData: 'ignore' }, false],
    [
      'within metric math',
      {
        Metrics: [
          { Id: 'e', Expression: 'm * 2' },
          { Id: 'm', ...metric },
        ],
      },
      true,
    ],
    [
      'whose gaps are filled',
      {
        Metrics: [
          { Id: 'e', Expression: 'FILL(m, 0)' },
          { Id: 'm', ...metric },
        ],
      },
      false,
    ],
    ['of another service', { Namespace: 'AWS/SQS', TreatMissingData: 'notBreaching' }, false],
  ])('%s is refused: %#', (_name, properties, isRefused) => {
    expect(refuseDynamodbAlarm({ properties: { ...properties } }) !== undefined).toBe(isRefused);
  });

  test('is not among the alarms of any settings', () => {
    const others = synthesize({ vpcs, digestHourUtc: null, kmsKey: 'new' });
    for (const [, { Properties }] of [byDefault, others].flatMap((each) =>
      resourcesOf(each, 'AWS::CloudWatch::Alarm'),
    )) {
      expect(refuseDynamodbAlarm({ properties: Properties })).toBeUndefined();
      const namespaces = [...measuresOf(Properties as never).values()].map(({ metric: { Namespace } }) => Namespace);
      expect(namespaces).not.toContain('AWS/DynamoDB');
    }
  });
});
