/**
 * `sweepwatch demo`: runs the deployed pipeline on this machine with captured logs, and shows what an analyst would
 * get.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { Finding } from '../../lib/finding/model.ts';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { deliveriesOf } from '../demo/deliveries.ts';
import { Narrator } from '../demo/narrator.ts';
import { ProofError, prove } from '../demo/proof.ts';
import { LOCAL_STATE, type LocalState } from '../deployment.ts';
import { formatFindings } from '../formats.ts';
import type { Terminal } from '../terminal.ts';

/** The options of `demo`, as the program reads them. */
export interface DemoOptions {
  readonly keep?: boolean;
  readonly assembly?: string;
}

const STACK = 'sweepwatch-demo';
const ANALYST = 'analyst@example.com';
const PROJECT = resolve(import.meta.dirname, '../..');
const DATA = join(PROJECT, 'test/data/lab/pod-nmap-1024');
/** The day of that log, for commands that otherwise look back from today. */
const CAPTURED_ON = '2026-11-21';
const PLACE = { account: '123456789012', region: 'eu-central-1', flowLog: 'fl-0a1b2c3d4e5f60718' };
const QUIET_MS = 60_000;

/** Runs `demo` and returns the exit code. */
export async function demoCommand(options: DemoOptions, terminal: Terminal): Promise<number> {
  const narrator = new Narrator(terminal);
  const folder = resolve('.local', `demo-${process.pid}`);
  await mkdir(folder, { recursive: true });
  let cloud: LocalCloud | undefined;
  try {
    const assembly = options.assembly ? resolve(options.assembly) : await synthesize(folder, narrator);
    const endpoint = process.env.AWS_ENDPOINT_URL;
    cloud = await startLocalCloud({
      ...(endpoint && { endpoint }),
      assembly,
      stack: STACK,
      mailbox: join(folder, 'mail'),
      region: PLACE.region,
      onEvent: (event) => narrator.hear(event),
    });
    narrator.say(`local cloud ready: S3, SQS and SNS at ${cloud.endpointUrl}, DynamoDB at ${cloud.dynamodbUrl}`);
    const mail = await run(cloud, narrator, { mailbox: join(folder, 'mail'), isForeign: Boolean(endpoint) }, terminal);
    if (mail) terminal.stdout(`\n----- the alert, as ${ANALYST} gets it -----\n\n${mail}\n`);
    else terminal.stdout(`\nThe alert was published to the topic of the emulator at ${endpoint}.\n\n`);
    await keepOrEnd(cloud, options.keep === true, narrator, terminal);
    return 0;
  } catch (error) {
    terminal.stderr(
      `demo failed: ${error instanceof ProofError ? '' : 'the local cloud: '}${(error as Error).message}\n`,
    );
    for (const trouble of narrator.trouble()) terminal.stderr(`  ${trouble}\n`);
    return 1;
  } finally {
    await cloud?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  cloud: LocalCloud,
  narrator: Narrator,
  where: { mailbox: string; isForeign: boolean },
  terminal: Terminal,
): Promise<string | undefined> {
  const expected = JSON.parse(await readFile(`${DATA}.json`, 'utf8')) as { about: string; source: string };
  narrator.say(`delivering: ${expected.about}`);
  const deliveries = await deliveriesOf(`${DATA}.log.gz`, PLACE);
  Object.assign(process.env, cloud.environment);
  const s3 = new S3Client({ forcePathStyle: true });
  const bucket = required(cloud, 'LogBucket');
  for (const { key, body } of deliveries) await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  s3.destroy();
  await settled(cloud, narrator);
  narrator.say('schedule: running the settle function, which judges overdue answers');
  await cloud.invoke(scheduleOf(cloud)).catch((error) => {
    throw new ProofError(`settle function: ${(error as Error).message}`);
  });
  await settled(cloud, narrator);
  const client = createDocumentClient();
  const findings = await allFindings(client, required(cloud, 'FindingsTable'), deliveries[0]!.key);
  const { items: windowItems, writeUnits } = await measure(client, required(cloud, 'WindowsTable'));
  const records = deliveries.reduce((sum, delivery) => sum + delivery.records, 0);
  narrator.say(`windows table: ${records} records became ${windowItems} items, ${writeUnits} write units`);
  terminal.stdout('\n----- the findings table -----\n\n');
  await formatFindings(findings, 'table', terminal);
  const outcome = {
    events: narrator.events,
    delivered: deliveries.length,
    windowItems,
    findings,
    ...where,
    expectedSource: expected.source,
  };
  return prove(outcome);
}

/** Waits until nothing is left to do, or until a function has failed, whose retry is minutes away. */
async function settled(cloud: LocalCloud, narrator: Narrator): Promise<void> {
  try {
    await Promise.race([cloud.idle(QUIET_MS), narrator.failure]);
  } catch (error) {
    throw new ProofError(`the pipeline did not finish: ${(error as Error).message}`);
  }
}

async function synthesize(folder: string, narrator: Narrator): Promise<string> {
  const settings = join(folder, 'settings.json');
  const output = join(folder, 'cdk.out');
  await writeFile(settings, JSON.stringify({ deploymentName: STACK, emails: [ANALYST], digestHourUtc: null }));
  narrator.say('synthesizing the stack (cdk synth)');
  const cdk = join(PROJECT, 'node_modules/.bin/cdk');
  const child = spawn(
    process.execPath,
    [cdk, 'synth', '--quiet', '--output', output, '--context', `settings=${settings}`],
    { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed += chunk;
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new ProofError(`synthesis: cdk synth ended with ${code}\n${printed.slice(-2000)}`);
  return output;
}

function required(cloud: LocalCloud, output: string): string {
  const value = cloud.outputs[output];
  if (!value) throw new ProofError(`stack output ${output} is missing`);
  return value;
}

function scheduleOf(cloud: LocalCloud): string {
  for (const [logicalId, { type }] of cloud.resources)
    if (type === 'AWS::Events::Rule' && logicalId.includes('Settle')) return logicalId;
  throw new ProofError('schedule: no rule starts the settle function');
}

async function allFindings(
  client: ReturnType<typeof createDocumentClient>,
  table: string,
  key: string,
): Promise<Finding[]> {
  const day = key.split('/').slice(4, 7).join('-');
  const store = new FindingsStore({ client, table, retentionDays: 1 });
  return (await store.ofDay(day)).map(({ finding }) => finding);
}

/** Counts the items of a table and the write request units (of 1 KB) that they took. */
async function measure(
  client: ReturnType<typeof createDocumentClient>,
  table: string,
): Promise<{ items: number; writeUnits: number }> {
  const measured = { items: 0, writeUnits: 0 };
  for await (const page of paginateScan({ client }, { TableName: table })) {
    for (const item of page.Items ?? []) {
      measured.items++;
      measured.writeUnits += Math.ceil(itemBytes(item) / 1024);
    }
  }
  return measured;
}

/** Size as DynamoDB counts it, within a few bytes: names and values. */
function itemBytes(item: Record<string, unknown>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + name.length + (value instanceof Uint8Array ? value.length : String(value).length),
    0,
  );
}

async function keepOrEnd(cloud: LocalCloud, keep: boolean, narrator: Narrator, terminal: Terminal): Promise<void> {
  if (!keep) {
    terminal.stdout(`Next steps:
  npx --no-install sweepwatch demo --keep        keep the local cloud running and query it
  npx --no-install sweepwatch detect FILE...     find scans in your own flow log files
  npx cdk deploy                                 deploy the stack (README, "First deployment")
`);
    return;
  }
  await writeFile(
    LOCAL_STATE,
    JSON.stringify({
      connection: cloud.connection,
      region: cloud.region,
      outputs: cloud.outputs,
      stack: STACK,
    } satisfies LocalState),
  );
  terminal.stdout(`The local cloud keeps running until Ctrl-C. In another shell, in this folder:
  npx --no-install sweepwatch findings list --local --since ${CAPTURED_ON}
  npx --no-install sweepwatch suppress add --local --source 10.0.7.105/32 --owner you --reason "approved" --expires 2030-01-01
  endpoints: AWS_ENDPOINT_URL=${cloud.endpointUrl} AWS_ENDPOINT_URL_DYNAMODB=${cloud.dynamodbUrl}
`);
  try {
    // A pending timer keeps the process alive, which a signal handler alone would not.
    const alive = setInterval(() => {}, 60_000);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    clearInterval(alive);
    narrator.say('stopping');
  } finally {
    await rm(LOCAL_STATE, { force: true });
  }
}
