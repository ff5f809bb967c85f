/** What can go wrong, each kind by itself: who dies, what restarts, which connections break, which queue fills. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Call, Fate } from './proxy.ts';
import type { Inject, Injected, Scene } from './trial.ts';

/** Processes of alert that may be publishing when the database goes. */
const ALERT_PROCESSES = 4;
/** Shares of calls. */
const CUT = 0.5;
const LOST = 0.04;
const LOST_PUBLICATIONS = 0.15;
const REFUSED = 0.05;
/** Longest pause between two faults of a kind in milliseconds. The shortest pause is a tenth of it. */
const PAUSE_MS = 600;
const RESTART_PAUSE_MS = 2500;
const DOWN_MS = 400;
/** Number of additional announcements of each object. */
const REPEATS = 3;
const SLOW_MS = 150;
const LOOK_MS = 20;
/** Which of ten objects are denied. Those that are damaged are others. */
const DENIED = 4;

/** Nothing goes wrong. */
export const nothing: Inject = async () => ({ text: 'no fault', doubts: 0 });

/** So many function processes are killed, whatever they do, most often while they have an event in hand. */
export const kills =
  (count: number): Inject =>
  async (scene) => {
    let [busy, all] = [0, 0];
    await again(scene, PAUSE_MS, count, async () => {
      const living = scene.stack.cloud.processes();
      const working = living.filter(({ isBusy }) => isBusy);
      const among = working.length && scene.random.next() < 0.8 ? working : living;
      const victim = among[scene.random.whole(0, among.length - 1)];
      if (!victim) return;
      all++;
      if (victim.isBusy) busy++;
      await victim.kill();
    });
    return { text: `${all} processes killed, ${busy} of them at work`, doubts: 0 };
  };

/** So many times all processes of ingest are killed in the moment in which one has acknowledged what it was given. */
export const killsAfterAnswers =
  (count: number): Inject =>
  async ({ stack, signal }) => {
    let all = 0;
    let seen = stack.events.length;
    for (let times = 0; times < count && !signal.aborted; ) {
      await delay(LOOK_MS);
      const fresh = stack.events.slice(seen);
      seen += fresh.length;
      const answered = fresh.find((event) => event.type === 'function finished' && event.logicalId.includes('Ingest'));
      if (answered?.type !== 'function finished') continue;
      times++;
      const own = stack.cloud.processes().filter(({ logicalId }) => logicalId === answered.logicalId);
      all += own.length;
      await Promise.all(own.map((victim) => victim.kill()));
    }
    return { text: `${all} processes killed when one had answered`, doubts: 0 };
  };

/** So many times the database dies, and comes back with what it had acknowledged. */
export const restarts =
  (times: number): Inject =>
  async (scene) => {
    let count = 0;
    await again(scene, RESTART_PAUSE_MS, times, async () => {
      count++;
      await scene.stack.cloud.restartDynamodb(scene.random.whole(0, DOWN_MS));
    });
    return { text: `${count} restarts of the database`, doubts: count * ALERT_PROCESSES };
  };

/** Bodies of objects break off, requests and answers of all services are lost. */
export const connections: Inject = ({ stack, random, signal }) => {
  const counts = { cut: 0, requests: 0, answers: 0, publications: 0 };
  const fate = ({ action }: Call): Fate => {
    const chance = random.next();
    if (action === 's3:GetObject') {
      if (chance >= CUT) return 'passes';
      counts.cut++;
      return { cutAt: random.next() };
    }
    if (action === 'sns:Publish') {
      if (chance >= LOST_PUBLICATIONS) return 'passes';
      counts.publications++;
      return 'answer lost';
    }
    if (chance < LOST) {
      counts.requests++;
      return 'request lost';
    }
    if (chance >= 2 * LOST) return 'passes';
    counts.answers++;
    return 'answer lost';
  };
  return behaving(stack, fate, signal, () => ({
    text: `${counts.cut} bodies cut, ${counts.requests} requests and ${counts.answers} answers lost, ${counts.publications} answers of publications lost`,
    doubts: counts.publications,
  }));
};

/**
 * Queues hold much that is not new, their messages come back while the functions still work on them, the database is slow,
 * and the queue of alerts refuses messages now and then.
 */
export const fullQueues: Inject = async (scene) => {
  const { stack, random, signal, objects } = scene;
  const bucket = stack.cloud.outputs.LogBucket;
  const counts = { messages: 0, refused: 0 };
  const usual = await Promise.all([stack.visibility('IngestQueue'), stack.visibility('AlertQueue')]);
  await stack.setVisibility('IngestQueue', 1);
  await stack.setVisibility('AlertQueue', 1);
  const fate = ({ action }: Call): Fate => {
    if (action === 'dynamodb:BatchWriteItem' || action === 'sns:Publish') return { delayMs: SLOW_MS };
    if (action !== 'sqs:SendMessage' || random.next() >= REFUSED) return 'passes';
    counts.refused++;
    return { refusedWith: 403, type: 'OverLimit' };
  };
  for (let repeat = 0; repeat < REPEATS; repeat++)
    for (const { key } of objects) {
      if (signal.aborted) break;
      counts.messages++;
      await stack.send('IngestQueue', announcement(bucket, key));
    }
  const injected = await behaving(stack, fate, signal, () => ({
    text: `${counts.messages} extra messages, visible again after 1 s; ${counts.refused} announcements refused`,
    doubts: 0,
  }));
  await stack.setVisibility('IngestQueue', usual[0]);
  await stack.setVisibility('AlertQueue', usual[1]);
  return injected;
};

/** Every tenth object may not be read until the permission is restored. Its messages become dead letters. */
export const denial: Inject = ({ stack, signal, objects }) => {
  const denied = new Set(objects.filter((_, at) => at % 10 === DENIED).map(({ key }) => key));
  const fate = ({ action, key }: Call): Fate =>
    action === 's3:GetObject' && denied.has(key) ? { refusedWith: 403, type: 'AccessDenied' } : 'passes';
  return behaving(stack, fate, signal, () => ({ text: `${denied.size} objects denied`, doubts: 0 }));
};

/** Several at once. */
export const together =
  (...injects: readonly Inject[]): Inject =>
  async (scene) => {
    const all = await Promise.all(injects.map((inject) => inject(scene)));
    return {
      text: all.map(({ text }) => text).join('; '),
      doubts: all.reduce((sum, { doubts }) => sum + doubts, 0),
    };
  };

/** As S3 would announce an object. */
const announcement = (bucket: string | undefined, key: string): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: bucket }, object: { key: encodeURIComponent(key) } },
      },
    ],
  });

/** Does something so many times, after pauses of chance, or until the signal. */
async function again(
  { random, signal }: Scene,
  longestMs: number,
  times: number,
  act: () => Promise<void>,
): Promise<void> {
  for (let time = 0; time < times && !signal.aborted; time++) {
    await delay(random.whole(longestMs / 10, longestMs), undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await act();
  }
}

/** Makes the proxies behave like this until the signal, in addition to other faults. The trial ends it. */
async function behaving(
  { aws, dynamodb }: Scene['stack'],
  fate: (call: Call) => Fate,
  signal: AbortSignal,
  tell: () => Injected,
): Promise<Injected> {
  for (const proxy of [aws, dynamodb]) {
    const before = proxy.fate;
    proxy.fate = (call) => {
      const own = fate(call);
      return own === 'passes' ? before(call) : own;
    };
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return tell();
}
