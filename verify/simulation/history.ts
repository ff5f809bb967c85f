/** One history: a seed's story, delivered to the real handlers in a simulated account with the seed's faults. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { randomOf } from '../../bench/random.ts';
import type { RuntimeSettings } from '../../lib/config/runtime.ts';
import { keyOf, text } from '../../test/lib/pipeline/fixture/flow-logs.ts';
import { clientsOf, VARIABLES } from './clients.ts';
import { type Caller, Cloud } from './cloud.ts';
import { BUCKET, type Delivery, type Rest } from './delivery.ts';
import { Faults, type Kind } from './faults.ts';
import { violationsOf } from './invariants.ts';
import { Lambda, poll, start } from './lambda.ts';
import type { Shipped } from './modules.ts';
import { LENGTH, type Line, type Story, SUPPRESSED, storyOf } from './story.ts';
import { Timeline } from './timeline.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From the last event until faults end. */
const HEAL = 3 * HOUR;

export interface HistoryResult {
  readonly seed: number;
  /** Promises that were not kept. Empty if all were kept. */
  readonly violations: readonly string[];
  readonly faults: ReadonlyMap<Kind, number>;
  readonly points: Cloud['points'];
  readonly findings: number;
  readonly messages: number;
  readonly repeated: number;
  readonly calls: number;
}

export interface HistoryOptions {
  readonly shipped: Shipped;
  /** Takes the history, line by line. */
  readonly log?: string[];
  /** Notes where every call was made from, not only those that fail. */
  readonly isTracing?: boolean;
}

/** In every fourth history one alert of a kind exceeds the limit, so most findings are announced in storms. */
const settingsOf = (seed: number, digestHourUtc: number): RuntimeSettings => ({
  deployment: 'simulated',
  sensitivity: 'medium',
  detection: {},
  internal: [],
  routingDomains: {},
  minSeverity: 'medium',
  alertsIn5Minutes: seed % 4 === 0 ? 1 : 50,
  retentionDays: { windows: 8, findings: 365 },
  digestHourUtc,
  addresses: { alerts: 1, operations: 1 },
});

/** Runs the history of a seed to its end, and compares what is left with one pass over the same records. */
export async function runHistory(
  seed: number,
  { shipped, log, isTracing = false }: HistoryOptions,
): Promise<HistoryResult> {
  const random = randomOf(`history ${seed}`);
  const faults = new Faults(seed, randomOf(`faults ${seed}`));
  const begin = Date.UTC(2026, 10, 21, random.whole(0, 22), random.whole(0, 59));
  const story = storyOf(randomOf(`story ${seed}`), begin / SECOND);
  // Logs from a while ago, which are read now, as when a bucket is added that has been there before.
  const age = random.next() < 0.05 ? random.whole(9, 20) * DAY : 0;
  const deliveries = deliveriesOf(story, begin, age, faults, random);
  const timeline = new Timeline(begin + age);
  const cloud = new Cloud(timeline, randomOf(`cloud ${seed}`), faults, { ...(log && { log }), isTracing });
  const restore = takeOver(cloud);
  try {
    cloud.note(`seed ${seed}: ${story.plots.join('; ')}`);
    const digestHour = random.whole(0, 12);
    const { settle } = deploy(cloud, shipped, settingsOf(seed, digestHour));
    cloud.tables.findings.put(timeline.now, suppression);
    for (const look of doneLooks(deliveries)) cloud.tables.findings.put(timeline.now, look);
    const rest = await deliver(cloud, deliveries, settle);
    const findings = [...cloud.tables.findings.items()].filter(({ sk }) => String(sk).startsWith('finding#'));
    const { violations, repeated } = await violationsOf(cloud, deliveries, { ...rest, digestHour, isAged: age > 0 });
    return {
      seed,
      violations,
      faults: faults.counts,
      points: cloud.points,
      findings: findings.filter(({ targetOf }) => targetOf === undefined).length,
      messages: cloud.published.length,
      repeated,
      calls: cloud.calls,
    };
  } finally {
    restore();
  }
}

const suppression = {
  pk: 'suppressions',
  sk: 'suppression#approved',
  id: 'approved',
  source: `${SUPPRESSED}/32`,
  owner: 'security',
  reason: 'the approved scanner',
  expires: '2030-01-01',
};

/**
 * The looks at days of quiet sources but for those of the last hours, as if they had been: each reads a thousand partitions,
 * and the last sees all that the others would have.
 */
function doneLooks(deliveries: readonly Delivery[]): { pk: string; sk: string }[] {
  const times = deliveries.flatMap(({ at }) => at);
  const looks: { pk: string; sk: string }[] = [];
  const last = Math.floor((Math.max(...times) + HEAL) / HOUR) - 6;
  for (let hour = Math.floor(Math.min(...times) / HOUR) - 12; hour < last; hour++)
    if (hour % 6 === 0) looks.push({ pk: 'settle', sk: `quiet-days#${hour}` });
  return looks;
}

/** The functions, wired as the stack does. */
function deploy(cloud: Cloud, shipped: Shipped, settings: RuntimeSettings): { settle: Lambda } {
  const variables = { ...VARIABLES, SETTINGS: JSON.stringify(settings) };
  const servicesOf = (caller: Caller) => {
    const clients = clientsOf(cloud, caller);
    const note = (level: string) => (message: unknown, more?: unknown) =>
      cloud.note(() => `${caller.invocation?.name}: ${level}: ${message} ${say(more)}`);
    const logger = { info: note('info'), warn: note('warn'), error: note('error') };
    const metrics = {
      addMetric: (name: string, _unit: unknown, value: number) => {
        if (name === 'SourcesDropped') cloud.sourcesDropped += value;
      },
      singleMetric: () => ({ addDimension: () => undefined, addMetric: () => undefined }),
      hasStoredMetrics: () => false,
      publishStoredMetrics: () => undefined,
    };
    const clock = () => (cloud.timeline.now + caller.skew) / SECOND;
    const means = { variables, clients, clock, logger, metrics };
    return shipped.createServices(means as unknown as Parameters<Shipped['createServices']>[0]);
  };
  const ingest = new Lambda(cloud, 'ingest', 5 * MINUTE, (caller) => shipped.ingestHandler(servicesOf(caller)));
  const alert = new Lambda(cloud, 'alert', 30 * SECOND, (caller) => shipped.alertHandler(servicesOf(caller)));
  const settle = new Lambda(cloud, 'settle', 5 * MINUTE, (caller) => shipped.settleHandler(servicesOf(caller)));
  poll(cloud, cloud.queues.ingest, ingest, { batchSize: 1, maxConcurrency: 4, visibility: 30 * MINUTE });
  poll(cloud, cloud.queues.alert, alert, { batchSize: 10, maxConcurrency: 5, visibility: 3 * MINUTE });
  return { settle };
}

const say = (more: unknown): string =>
  JSON.stringify(more, (_, value) => (value instanceof Error ? value.stack : value)) ?? '';

/** Plans all that comes from outside, lets it happen, then ends the faults and lets things come to rest. */
async function deliver(cloud: Cloud, deliveries: readonly Delivery[], settle: Lambda): Promise<Rest> {
  const { timeline, faults, random, queues } = cloud;
  const times = deliveries.flatMap(({ at }) => at);
  const [first, last] = [Math.min(...times, timeline.now), Math.max(...times, timeline.now)];
  for (const { key, body, at } of deliveries)
    for (const time of at)
      timeline.at(time, () => {
        cloud.objects.set(key, body);
        queues.ingest.send(JSON.stringify(created(key, body.length)));
      });
  const missed = faults.has('schedule missed') ? random.whole(first, last) : Number.POSITIVE_INFINITY;
  const missedUntil = missed + random.whole(1, 5) * HOUR;
  const healed = last + HEAL;
  const end = healed + 7 * HOUR;
  const isBusy = (time: number) =>
    times.some((at) => time > at - 10 * MINUTE && time < at + HOUR) || (time > healed && time < healed + 40 * MINUTE);
  for (let time = first; time < end; time += isBusy(time) ? 5 * MINUTE : time < healed ? HOUR : 30 * MINUTE) {
    if (time > missed && time < missedUntil && time < healed) {
      timeline.at(time, () => faults.count('schedule missed'));
      continue;
    }
    timeline.at(time + random.whole(0, 20 * SECOND), () => start(cloud, settle));
  }
  for (let time = first; time < end; time += HOUR)
    timeline.at(time, () => cloud.tables.windows.expire(timeline.now, timeline.now / SECOND));
  const redrive = () => {
    const count = queues.ingest.redrive() + queues.alert.redrive();
    if (count) faults.count('redriven');
    cloud.note(`redriven: ${count} messages`);
  };
  timeline.at(random.whole(last, healed), redrive);
  await timeline.runUntil(healed);
  faults.isOver = true;
  cloud.note('no more faults');
  redrive();
  await timeline.runUntil(end);
  return { healed, end };
}

/** The event notification of S3. */
const created = (key: string, size: number) => ({
  Records: [
    {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: BUCKET }, object: { key: encodeURIComponent(key), size } },
    },
  ],
});

const POISON = [
  'this is no flow log\n',
  '{"logEvents": []}\n',
  'version account-id\n2 123456789012\n',
  '\u0000\u0001\u0002',
];

/** The story's lines as files of five minutes, one or two for each, and when each arrives. */
function deliveriesOf(
  { lines }: Story,
  begin: number,
  age: number,
  faults: Faults,
  random: ReturnType<typeof randomOf>,
): Delivery[] {
  const deliveries: Delivery[] = [];
  for (let slot = 0; slot * 300 <= LENGTH + 300; slot++) {
    const from = begin / SECOND + slot * 300;
    const inSlot = lines.filter(({ end }) => end >= from && end < from + 300);
    const parts: Line[][] = [[], []];
    for (const line of inSlot) parts[random.whole(0, 1)]!.push(line);
    for (const [part, own] of parts.entries()) {
      if (!own.length) continue;
      const key = keyOf(`slot-${slot}-${part}`, part ? 'fl-0a1b2c3d' : 'fl-0e0e0e0e').replace(/\.gz$/, '');
      deliveries.push({
        key,
        body: Buffer.from(text(own.map(({ text }) => text))),
        isPoison: false,
        at: arrivals(from * SECOND),
      });
    }
  }
  if (faults.has('poison object'))
    for (const [n, body] of POISON.entries()) {
      if (random.next() < 0.5) continue;
      faults.count('poison object');
      deliveries.push({
        key: `poison/${n}.log`,
        body: Buffer.from(body),
        isPoison: true,
        at: [begin + age + random.whole(0, LENGTH) * SECOND],
      });
    }
  return deliveries;

  function arrivals(from: number): number[] {
    let time = from + age + 5 * MINUTE + random.whole(60, 480) * SECOND;
    if (faults.strikes('event delayed')) time += random.whole(1, 120) * MINUTE;
    if (faults.strikes('event late by a day', 0.08)) time += random.whole(20, 30) * HOUR;
    // What had to wait for something comes all at once.
    if (faults.strikes('events in a burst', 0.4)) time = Math.ceil(time / (40 * MINUTE)) * 40 * MINUTE;
    const times = [time];
    if (faults.strikes('event twice')) times.push(time + random.whole(0, 3 * HOUR));
    return times;
  }
}

/** Makes waiting, chance and names of Node's those of the history. Returns what gives them back. */
function takeOver(cloud: Cloud): () => void {
  const before = { setTimeout: timers.setTimeout, random: Math.random, randomUUID: crypto.randomUUID };
  const draw = randomOf(`chance ${cloud.timeline.now}`);
  let names = 0;
  timers.setTimeout = ((milliseconds: number) =>
    cloud.call(
      cloud.running!,
      { label: 'pause', isWrite: false, isPause: true },
      () => undefined,
      milliseconds,
    )) as typeof timers.setTimeout;
  Math.random = () => draw.next();
  crypto.randomUUID = (() =>
    `00000000-0000-4000-8000-${String(names++).padStart(12, '0')}`) as typeof crypto.randomUUID;
  syncBuiltinESMExports();
  return () => {
    timers.setTimeout = before.setTimeout;
    Math.random = before.random;
    crypto.randomUUID = before.randomUUID;
    syncBuiltinESMExports();
  };
}
