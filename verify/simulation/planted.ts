// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of other files
/**
 * Known bugs, to show that the simulation would find them: edits of the shipped source, made on the way from the file to the
 * interpreter in a copy of the modules of its own. The files themselves stay as they are, and so does the oracle.
 */
import { readFileSync } from 'node:fs';
import { type LoadHookSync, type ResolveHookSync, registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Text that occurs once in a file, and its replacement. */
interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Bug {
  readonly name: string;
  /** A seed that finds it, where it is not the first. */
  readonly foundBy?: number;
  readonly edits: readonly Edit[];
}

const ROOT = resolve(import.meta.dirname, '../..');

export const BUGS: readonly Bug[] = [
  {
    name: 'publish before upsert',
    edits: [
      {
        file: 'lib/store/messages.ts',
        find: 'JSON.stringify({ pk: ref.pk, sk: ref.sk })',
        replace: 'JSON.stringify(ref)',
      },
      {
        file: 'lib/pipeline/recorder.ts',
        find: `if (!(await findings.upsert(detection, version, isNews, now, handedOn))) return 'refused';
  if (isNews) await requestAlert(findingKey(detection));`,
        replace: `if (isNews) await requestAlert({ ...findingKey(detection), finding: detection.finding });
  if (!(await findings.upsert(detection, version, isNews, now, handedOn))) return 'refused';`,
      },
      {
        file: 'lib/pipeline/deliver.ts',
        find: 'const stored = await outbox.lease(ref, clock(), LEASE_SECONDS);',
        replace: `if (ref.finding) await publish(alertMessage(ref.finding.status === 'closed' ? 'closed' : 'opened', ref.finding, place, clock()));
  const stored = await outbox.lease(ref, clock(), LEASE_SECONDS);
  if (stored && ref.finding) {
    const { severity, kind, status, closedBecause, openPorts } = ref.finding;
    await outbox.told(stored, { severity, kind, status, closedBecause, openPorts: openPorts.count, at: Math.floor(clock()) }, undefined);
    return { outcome: 'nothing to tell' };
  }`,
      },
    ],
  },
  {
    name: 'mark sent before publish',
    foundBy: 12,
    edits: [
      {
        file: 'lib/pipeline/deliver.ts',
        find: '  await publish(alertMessage(event, told, place, clock(), earlier, stored.announced?.severity));\n',
        replace: '',
      },
      {
        file: 'lib/pipeline/deliver.ts',
        find: '  await redeliverIfMarkedAgain(await outbox.told(stored, announced, undefined), ref, services);\n',
        replace:
          '  const isCleared = await outbox.told(stored, announced, undefined);\n  await publish(alertMessage(event, told, place, clock(), earlier, stored.announced?.severity));\n  await redeliverIfMarkedAgain(isCleared, ref, services);\n',
      },
    ],
  },
  {
    name: 'skip on a duplicate',
    edits: [
      {
        file: 'lib/store/windows-store.ts',
        find: "import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';\n",
        replace: "import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';\n",
      },
      {
        file: 'lib/store/windows-store.ts',
        find: '    const items = new WindowItems({ ...this.#options, objectId, now, watching });\n',
        replace: `    const first = new UpdateCommand({ TableName: table, Key: { pk: 'object', sk: objectId }, UpdateExpression: 'SET seen = :one', ConditionExpression: 'attribute_not_exists(pk)', ExpressionAttributeValues: { ':one': 1 } });
    if (!(await client.send(first).then(() => true, () => false))) return { items: 0, sourcesDropped: 0 };
    const items = new WindowItems({ ...this.#options, objectId, now, watching });
`,
      },
    ],
  },
  {
    name: 'tumbling window edges',
    edits: [
      {
        file: 'lib/scan/windows.ts',
        find: 'const reach = contact.start - seconds;',
        replace: 'const reach = Math.floor(contact.end / seconds) * seconds;',
      },
    ],
  },
  {
    name: 'counts that are not idempotent',
    edits: [
      {
        file: 'lib/pipeline/ingest.ts',
        find: 'objectId(object.bucket, object.key)',
        replace: 'objectId(object.bucket, `${object.key} ${now}`)',
      },
    ],
  },
  {
    name: 'a stale upsert wins',
    foundBy: 156,
    edits: [
      {
        file: 'lib/store/findings-store.ts',
        find: "'attribute_not_exists(pk) OR fragments < :fragments OR (fragments = :fragments AND judgedAt <= :judgedAt)'",
        replace:
          "'attribute_not_exists(pk) OR attribute_exists(pk) OR fragments < :fragments OR judgedAt <= :judgedAt'",
      },
    ],
  },
  {
    name: 'a lost announcement stays lost',
    foundBy: 76,
    edits: [
      {
        file: 'lib/pipeline/sweep.ts',
        find: '  { work: announceAgain, leaves: 270 },\n',
        replace: '',
      },
    ],
  },
  {
    name: 'what was seen is overwritten',
    edits: [
      {
        file: 'lib/store/window-items.ts',
        find: 'sk: `${sort}${objectId}`,',
        replace: 'sk: sort,',
      },
    ],
  },
  {
    name: 'expiry in the past',
    foundBy: 21,
    edits: [
      {
        file: 'lib/store/keys.ts',
        find: 'Math.floor(Math.max(recordEnd, now) + retentionDays * 86_400)',
        replace: 'Math.floor(recordEnd + retentionDays * 86_400)',
      },
    ],
  },
  {
    name: 'halves of a flow swapped',
    edits: [
      {
        file: 'lib/evidence/decode.ts',
        find: '    seen: seenOf(kind) |',
        replace: '    seen: (seenOf(kind) & ~17) | ((seenOf(kind) & 1) << 4) | ((seenOf(kind) & 16) >> 4) |',
      },
    ],
  },
  {
    name: 'a claim outlives its run',
    foundBy: 85,
    edits: [
      {
        file: 'lib/store/claims.ts',
        find: "'attribute_not_exists(pk) OR leaseUntil < :now'",
        replace: "'attribute_not_exists(pk) OR leaseUntil < :now AND attribute_exists(never)'",
      },
    ],
  },
  {
    name: 'marks before what they stand for',
    foundBy: 7,
    edits: [
      {
        file: 'lib/pipeline/tasks/overdue.ts',
        find: '    if (!(await judgeOne(services, run, counts, source, range, judging, horizons))) return;\n    for (const { of } of group) {\n      of.addresses.delete(address);\n      if (!of.addresses.size) await agenda.clearDue(of.mark);\n    }\n',
        replace:
          '    for (const { of } of group) {\n      of.addresses.delete(address);\n      if (!of.addresses.size) await agenda.clearDue(of.mark);\n    }\n    await judgeOne(services, run, counts, source, range, judging, horizons);\n',
      },
    ],
  },
  {
    name: 'items that were not processed are forgotten',
    edits: [
      {
        file: 'lib/store/batch-write.ts',
        find: 'pending = UnprocessedItems?.[table] ?? [];',
        replace: 'pending = UnprocessedItems?.none ?? [];',
      },
    ],
  },
  {
    name: 'a batch fails as a whole, and is acknowledged',
    foundBy: 3,
    edits: [
      {
        file: 'functions/ingest.ts',
        find: 'batchItemFailures.push({ itemIdentifier: messageId });',
        replace: '',
      },
    ],
  },
];

/** What a file says with a bug in it. @throws when the place of an edit is not there exactly once. */
export function edited(file: string, source: string, edits: readonly Edit[]): string {
  let text = source;
  for (const { find, replace, file: of } of edits) {
    if (of !== file) continue;
    if (text.split(find).length !== 2) throw new Error(`${file} must hold this once, to plant a bug there: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}

/** The edits of each bug that is planted, by the suffix of its modules' addresses. */
const planted = new Map<string, readonly Edit[]>();

/**
 * Plants a bug in a copy of all modules.
 * @returns the suffix of their addresses. Several bugs may be planted in one process, each in a copy of its own.
 */
export function plant({ edits }: Bug): string {
  for (const { file } of edits) edited(file, readFileSync(resolve(ROOT, file), 'utf8'), edits);
  if (!planted.size) registerHooks({ resolve: resolvePlanted, load: loadPlanted });
  const suffix = `?planted${planted.size}`;
  planted.set(suffix, edits);
  return suffix;
}

const suffixOf = (url: string | undefined): string => /\?planted\d+$/.exec(url ?? '')?.[0] ?? '';

const resolvePlanted: ResolveHookSync = (specifier, context, next) => {
  const resolved = next(specifier, context);
  const suffix = specifier.startsWith('.') ? suffixOf(context.parentURL) : '';
  return suffix ? { ...resolved, url: `${resolved.url}${suffix}` } : resolved;
};

const loadPlanted: LoadHookSync = (url, context, next) => {
  const loaded = next(url, context);
  const suffix = suffixOf(url);
  if (!suffix) return loaded;
  const file = relative(ROOT, fileURLToPath(url.slice(0, -suffix.length)));
  const edits = planted.get(suffix)!;
  return edits.some((edit) => edit.file === file)
    ? { ...loaded, source: edited(file, String(loaded.source), edits) }
    : loaded;
};
