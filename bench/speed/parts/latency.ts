/** From an object in the bucket to the message on the topic, through the local cloud. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type LocalCloud, type LocalCloudEvent, startLocalCloud } from '../../../local/cloud.ts';
import { logFolder } from '../../workload/files.ts';
import { ordinary } from '../../workload/ordinary.ts';
import { SLOT } from '../../workload/workload.ts';
import { quantile } from '../alternate.ts';
import { STACK, synthesize } from '../assembly.ts';
import { BUDGETS, verdictOf } from '../budgets.ts';
import { count, seconds } from '../numbers.ts';
import { type Part, SEED } from '../part.ts';

/** Of an ordinary five-minute file. */
const RECORDS_PER_FILE = 5000;
/** A message that has not come by then does not come. */
const PATIENCE_MS = 60_000;

export const latency: Part = async ({ deliveries }) => {
  const log = await logFolder(`deliveries ${deliveries}`, () =>
    ordinary({
      seed: SEED,
      records: deliveries * RECORDS_PER_FILE,
      intervals: deliveries * SLOT,
      scans: 'each-delivery',
    }),
  );
  const assembly = synthesize();
  const inbox = new Inbox();
  const cloud = await startLocalCloud({
    assembly,
    stack: STACK,
    mailbox: join(tmpdir(), 'sweepwatch-bench', 'mail'),
    onEvent: (event) => inbox.hear(event),
  });
  try {
    const waits = await deliver(cloud, log.path, inbox);
    const sorted = waits.toSorted((a, b) => a - b);
    const share = (part: number) => (sorted.length ? seconds(quantile(sorted, part)) : '-');
    return {
      verdicts: [verdictOf(BUDGETS.latency, sorted.length === deliveries ? quantile(sorted, 0.95) : undefined)],
      tables: [
        {
          title: '',
          header: ['files', 'records a file', 'messages', 'p50', 'p95', 'p99', 'longest'],
          rows: [
            [
              String(deliveries),
              count(Math.round(log.records / deliveries)),
              String(sorted.length),
              share(0.5),
              share(0.95),
              share(0.99),
              share(1),
            ],
          ],
        },
      ],
      text: TEXT,
    };
  } finally {
    await cloud.stop();
    rmSync(assembly, { recursive: true, force: true });
  }
};

const TEXT = `Each file holds one new scan, which causes one message. A file is put when the file before it is finished. The clock runs from the answer of
S3 to the publication on the topic. The local cloud uses the real protocols, but its database and queues are processes on this machine. In
AWS, the network and the times of these services are added. The functions are warm.`;

/** Seconds from each object to its message. Files without a message are left out. */
async function deliver(cloud: LocalCloud, folder: string, inbox: Inbox): Promise<number[]> {
  Object.assign(process.env, cloud.environment);
  const s3 = new S3Client({ forcePathStyle: true });
  const waits: number[] = [];
  for (const name of readdirSync(folder).sort()) {
    const message = inbox.next();
    await s3.send(
      new PutObjectCommand({
        Bucket: cloud.outputs.LogBucket,
        Key: `AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/01/01/${name}`,
        Body: readFileSync(join(folder, name)),
      }),
    );
    const began = performance.now();
    const came = await message;
    if (came !== undefined) waits.push((came - began) / 1000);
    await cloud.idle(PATIENCE_MS);
  }
  s3.destroy();
  return waits;
}

/** Tells when the next message is published. */
class Inbox {
  #waiting: ((at: number | undefined) => void) | undefined;

  hear({ type }: LocalCloudEvent): void {
    if (type !== 'message published') return;
    this.#waiting?.(performance.now());
    this.#waiting = undefined;
  }

  /** The time of the next message, or undefined when none comes. */
  next(): Promise<number | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
      this.#waiting = (at) => {
        clearTimeout(timer);
        resolve(at);
      };
    });
  }
}
