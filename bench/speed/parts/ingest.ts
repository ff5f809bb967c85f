/** The ingest function over one large object, in the memory that it is deployed with. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalCloud } from '../../../local/cloud.ts';
import { bundleOf, STACK, synthesize } from '../assembly.ts';
import { megabytes, verdictOf } from '../budgets.ts';
import { ordinaryLog } from '../logs.ts';
import { count, mebibytes, seconds } from '../numbers.ts';
import type { Part } from '../part.ts';
import { runNode } from '../run.ts';

/** Of the records of an ordinary v5 log: about 825 MB of text at full size, the largest object that was ever reported. */
const SHARE = 0.68;
const BUCKET = 'sweepwatch-bench';
const KEY = 'large.log.gz';

export const ingest: Part = async ({ records }) => {
  const log = await ordinaryLog(Math.round(records * SHARE), 'v5');
  const assembly = synthesize();
  const cloud = await startLocalCloud({
    assembly,
    stack: STACK,
    mailbox: join(tmpdir(), 'sweepwatch-bench', 'mail'),
  });
  try {
    Object.assign(process.env, cloud.environment);
    const s3 = new S3Client({ forcePathStyle: true });
    // Not the bucket that the deployed function hears of: it would read the object too.
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: readFileSync(log.path) }));
    s3.destroy();
    const { file, environment, memoryMiB } = bundleOf(assembly, 'Ingest');
    const { WindowsTable = '', FindingsTable = '', AlertQueue = '' } = cloud.outputs;
    const run = await runNode(['--input-type=module', '--eval', invocation(file, log.gzipBytes)], {
      ...process.env,
      ...environment,
      WINDOWS_TABLE: WindowsTable,
      FINDINGS_TABLE: FindingsTable,
      ALERT_QUEUE_URL: AlertQueue,
    });
    const failed = run.code !== 0 || !run.stdout.includes('"batchItemFailures":[]');
    const peak = failed || run.peakBytes === undefined ? undefined : megabytes(run.peakBytes);
    const budget = {
      part: 'ingest',
      what: 'resident memory of ingest, large object',
      limit: memoryMiB,
      unit: 'MB',
    } as const;
    return {
      verdicts: [verdictOf(budget, peak)],
      tables: [
        {
          title: '',
          header: ['records', 'unpacked', 'packed', 'peak memory', 'deployed with', 'wall', 'outcome'],
          rows: [
            [
              count(log.records),
              mebibytes(log.bytes),
              mebibytes(log.gzipBytes),
              mebibytes(run.peakBytes),
              `${memoryMiB} MB`,
              seconds(run.seconds),
              failed ? `failed with ${run.code}: ${run.stderr.slice(-200).replaceAll(/\s+/g, ' ')}` : 'read',
            ],
          ],
        },
      ],
      text: 'The bundle as deployed, invoked once with the message that S3 would send, against the local cloud.',
    };
  } finally {
    await cloud.stop();
    rmSync(assembly, { recursive: true, force: true });
  }
};

/** A script that invokes the handler as Lambda would, and prints what it returns. */
function invocation(bundle: string, size: number): string {
  const object = { s3: { bucket: { name: BUCKET }, object: { key: KEY, size } } };
  const body = JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', ...object }] });
  const event = JSON.stringify({ Records: [{ messageId: 'one', body }] });
  return `const { handler } = await import(${JSON.stringify(pathToFileURL(bundle).href)});
console.log(JSON.stringify(await handler(${event})));`;
}
