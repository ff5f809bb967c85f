/** The checks that need more than one value: repeats, overlaps, contradictions, total size. */
import type { z } from 'zod';
import { detectionSettings } from '../detections/settings.ts';
import { type Cidr, overlapsCidr, parseCidr } from '../net/cidr.ts';
import { maxRuntimeBytes, toRuntimeSettings } from './runtime.ts';
import type { Settings } from './settings-types.ts';
import { hasSignals } from './signal-groups.ts';
import { isToken } from './token.ts';

type Context = z.core.$RefinementCtx;

function refuse(context: Context, path: (string | number)[], message: string): void {
  context.addIssue({ code: 'custom', path, message });
}

/** Refuses an item whose key equals that of an earlier one. */
export function checkUnique<T>(keyOf: (item: T) => string): (items: T[], context: Context) => void {
  return (items, context) => {
    const firstAt = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      const first = firstAt.get(keyOf(item));
      if (first === undefined) firstAt.set(keyOf(item), index);
      else refuse(context, [index], `must be listed once, is already item ${first}`);
    }
  };
}

/** Refuses text that is not a CIDR block, and blocks that overlap. The message names both. */
export function checkInternal(blocks: string[], context: Context): void {
  const parsed: { text: string; cidr: Cidr }[] = [];
  for (const [index, text] of blocks.entries()) {
    const cidr = parseCidr(text);
    if ('problem' in cidr) {
      refuse(context, [index], cidr.problem);
      continue;
    }
    const other = parsed.find((earlier) => overlapsCidr(earlier.cidr, cidr));
    if (other !== undefined) refuse(context, [index], `must not overlap ${other.text}: keep the wider of the two`);
    parsed.push({ text, cidr });
  }
}

/** Refuses a VPC that is in two routing domains or twice in one. */
export function checkRoutingDomains(domains: Record<string, string[]>, context: Context): void {
  const domainOf = new Map<string, string>();
  for (const [name, vpcs] of Object.entries(domains)) {
    for (const [index, vpc] of vpcs.entries()) {
      const earlier = domainOf.get(vpc);
      if (earlier !== undefined)
        refuse(context, [name, index], `must be in one routing domain, is already in ${earlier}`);
      domainOf.set(vpc, name);
    }
  }
}

/** Refuses settings that contradict each other. */
export function checkTogether(settings: Settings, context: Context): void {
  checkBucket(settings, context);
  checkOtherBuckets(settings, context);
  if (settings.deletionProtection && !settings.keepDataOnRemoval) {
    refuse(
      context,
      ['deletionProtection'],
      'must be false with keepDataOnRemoval false, because the stack could not delete its tables',
    );
  }
  if (settings.watch.bySignals && !hasSignals(settings.signals))
    refuse(
      context,
      ['watch', 'bySignals'],
      'must be false unless signals names a log, because nothing else shows an exec or a tool',
    );
  checkDetection(settings, context);
  const bytes = Buffer.byteLength(JSON.stringify(toRuntimeSettings(settings))) + otherBucketBytes(settings);
  if (bytes > maxRuntimeBytes) {
    refuse(
      context,
      [],
      `must fit into ${maxRuntimeBytes} bytes for the functions, need ${bytes}: shorten internal, routingDomains, fields or otherBuckets`,
    );
  }
}

/** Bytes of the variable of the ingest function that names the further buckets, which shares its 4 KB. */
function otherBucketBytes({ otherBuckets }: Settings): number {
  if (!otherBuckets.length) return 0;
  const accountOfStack = '0'.repeat(12);
  const named = otherBuckets.map(({ bucket, region, account = accountOfStack }) => [bucket, region, account]);
  return Buffer.byteLength(`OTHER_BUCKETS${JSON.stringify(named)}`);
}

function checkBucket({ bucket: { existing }, vpcs, logAccounts, logOrganization }: Settings, context: Context): void {
  if (existing === undefined) return;
  const { flowLogsUnder, prefix } = existing;
  if (flowLogsUnder !== undefined && prefix !== '') {
    refuse(context, ['bucket', 'existing', 'prefix'], 'must be left out, since flowLogsUnder selects the files');
  }
  if (vpcs.length > 0 && /(^|\/)AWSLogs\//.test(prefix)) {
    refuse(
      context,
      ['bucket', 'existing', 'prefix'],
      'must end before AWSLogs/ if vpcs is set, because AWS adds AWSLogs/ itself (or set ' + 'flowLogsUnder)',
    );
  }
  if (vpcs.length > 0 && flowLogsUnder !== undefined && !flowLogsUnder.endsWith('AWSLogs/')) {
    refuse(
      context,
      ['bucket', 'existing', 'flowLogsUnder'],
      'must end with AWSLogs/ if vpcs is set, because AWS writes its flow logs to AWSLogs/<account>/',
    );
  }
  for (const [name, value] of Object.entries({ logAccounts, logOrganization })) {
    if (value !== undefined && value.length > 0)
      refuse(context, [name], 'must be left out with an existing bucket, whose policy the stack does not change');
  }
}

function checkOtherBuckets({ bucket, otherBuckets }: Settings, context: Context): void {
  const first = bucket.existing?.bucket.replace(/^arn:[^:]+:s3:::/, '') ?? bucket.new?.name;
  for (const [index, { bucket: name, region, kmsKeyArn }] of otherBuckets.entries()) {
    if (name === first)
      refuse(context, ['otherBuckets', index, 'bucket'], 'must not be the bucket of the setting bucket');
    if (kmsKeyArn !== undefined && !isToken(kmsKeyArn) && kmsKeyArn.split(':')[3] !== region)
      refuse(context, ['otherBuckets', index, 'kmsKeyArn'], `must be a key of ${region}, the Region of the bucket`);
  }
}

function checkDetection(settings: Settings, context: Context): void {
  const { detection, sensitivity } = settings;
  const numbers = detectionSettings(sensitivity, detection);
  if (numbers.failuresIn1Hour < numbers.failuresIn5Minutes) {
    const path = detection.failuresIn1Hour === undefined ? 'failuresIn5Minutes' : 'failuresIn1Hour';
    const rule =
      path === 'failuresIn1Hour'
        ? `must be at least failuresIn5Minutes (${numbers.failuresIn5Minutes})`
        : `must be at most failuresIn1Hour (${numbers.failuresIn1Hour})`;
    refuse(context, ['detection', path], rule);
  }
  if (numbers.scannerSuccess >= numbers.benignSuccess) {
    const path = detection.scannerSuccess === undefined ? 'benignSuccess' : 'scannerSuccess';
    refuse(
      context,
      ['detection', path],
      `must keep scannerSuccess below benignSuccess (${numbers.scannerSuccess} and ${numbers.benignSuccess})`,
    );
  }
}
