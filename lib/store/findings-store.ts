/** The findings table: upserts that require more evidence, the outbox of announcements, and queries. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding, isoTime, SEVERITIES } from '../finding/model.ts';
import type { Review } from '../finding/review.ts';
import { putAll } from './batch-write.ts';
import {
  type Announced,
  findingKey,
  foundRows,
  fromItem,
  type Hours,
  OPTIONAL_FIELDS,
  type StoredFinding,
  targetRows,
  toAttributes,
} from './finding-item.ts';
import { writeReview } from './finding-review.ts';
import { announcementMark, updateOf } from './finding-update.ts';
import { inParallel } from './in-parallel.ts';
import {
  CAMPAIGNS,
  dayShard,
  findingSort,
  foundShard,
  openShard,
  SHARDS,
  SIGNAL_FINDINGS,
  type SourceName,
  sourcePartition,
  targetPartition,
} from './keys.ts';
import { type Query, queryAll } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** The version of a judgement: the number and hours of its fragments, and the log time at which it was made. */
export interface Version {
  readonly fragments: number;
  readonly judgedAt: number;
  /** When the finding was first stored, epoch seconds. Undefined leaves what is stored. */
  readonly foundAt?: number | undefined;
  readonly hours?: Hours;
  /** Number of items about signals in these hours. Undefined if none were read, which then replaces any number. */
  readonly signalItems?: number;
  /** How often people had said something of the finding when it was read. Undefined if never. */
  readonly reviews?: number | undefined;
  /** Whether the judgement brings what people said of another finding. */
  readonly takesOver?: boolean;
}

/** Key of a finding's item, as sent through the alert queue. */
export interface FindingRef {
  readonly pk: string;
  readonly sk: string;
}

const DAY = 86_400;
const MORE_FRAGMENTS =
  'attribute_not_exists(pk) OR fragments < :fragments OR (fragments = :fragments AND judgedAt <= :judgedAt)';

const MORE_SIGNALS = '(attribute_not_exists(signalItems) OR signalItems <= :signalItems)';
/** What people said since the judgement was made must neither be lost nor overwritten. */
const [UNREVIEWED, AS_REVIEWED] = ['attribute_not_exists(reviews)', 'reviews = :reviews'] as const;

/** Rows whose findings are read side by side. */
const ROWS_AT_ONCE = 8;
/** Rows whose findings are read for one digest, a matter of seconds. */
const MOST_FOUND = 2000;

/** When a finding was found, epoch seconds. */
export const foundAtOf = ({ foundAt, finding }: StoredFinding): number => foundAt ?? epochSeconds(finding.firstSeen);

export interface FindingsStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
  /** Whether only findings of tests are meant. */
  readonly isOfTests?: boolean;
}

export class FindingsStore {
  #options: FindingsStoreOptions;

  constructor(options: FindingsStoreOptions) {
    this.#options = options;
  }

  /** The findings of a source that began in an epoch hour or later, strongly consistent, in order of time. */
  async ofSource(source: SourceName, fromHour = 0): Promise<StoredFinding[]> {
    return this.#between(sourcePartition(source), findingSort(fromHour, ''), 'finding#~');
  }

  /** The findings of a source that people heard about, as {@link overBefore}. */
  async announcedBefore(source: SourceName, time: number, days: number): Promise<StoredFinding[]> {
    return (await this.overBefore(source, time, days)).filter(({ announced }) => announced);
  }

  /** The last hundred findings of a source that began in the days before an epoch second and were over then, in order. */
  async overBefore(source: SourceName, time: number, days: number): Promise<StoredFinding[]> {
    const hour = Math.floor(time / 3600);
    const last = await this.#list({
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': sourcePartition(source),
        ':from': findingSort(hour - days * 24, ''),
        ':to': findingSort(hour + 1, ''),
      },
      ScanIndexForward: false,
      limit: 100,
    });
    return last.filter(({ finding }) => !isVoid(finding) && epochSeconds(finding.lastSeen) < time).reverse();
  }

  /** The findings of tests in the same table. Those written from here expire after so many days. */
  forTests(retentionDays: number): FindingsStore {
    return new FindingsStore({ ...this.#options, retentionDays, isOfTests: true });
  }

  /**
   * Campaigns that began in an epoch hour or later, strongly consistent, in order of time: those of tests only in the
   * store of tests, and no others there.
   */
  async campaigns(fromHour: number): Promise<StoredFinding[]> {
    const all = await this.#between(CAMPAIGNS, findingSort(fromHour, ''), 'finding#~');
    return all.filter(({ finding }) => (finding.test ?? false) === (this.#options.isOfTests ?? false));
  }

  /** Findings of signals alone that began in some epoch hours, strongly consistent, in order of time. */
  async ofSignals({ from, to }: Hours): Promise<StoredFinding[]> {
    return this.#between(SIGNAL_FINDINGS, findingSort(from, ''), findingSort(to, '~'));
  }

  /** Findings that began between two epoch seconds, eventually consistent. */
  async begunBetween(from: number, to: number): Promise<StoredFinding[]> {
    const found: StoredFinding[] = [];
    for (let day = Math.floor(from / DAY); day <= Math.floor(to / DAY); day++)
      for (const rank of SEVERITIES.keys())
        found.push(
          ...(await this.#shards((shard) => ({
            IndexName: 'byDay',
            KeyConditionExpression: '#day = :day AND severityTime BETWEEN :from AND :to',
            ExpressionAttributeNames: { '#day': 'day' },
            ExpressionAttributeValues: {
              ':day': dayShard(isoTime(day * DAY).slice(0, 10), shard),
              ':from': `${rank}#${isoTime(from)}`,
              ':to': `${rank}#${isoTime(to)}~`,
            },
          }))),
        );
    return found;
  }

  /** One finding by its key, strongly consistent. */
  async at({ pk, sk }: FindingRef): Promise<StoredFinding | undefined> {
    return (await this.#between(pk, sk, sk))[0];
  }

  /** One finding by its id. */
  async byId(id: string): Promise<StoredFinding | undefined> {
    const [found] = await this.#list({
      IndexName: 'byId',
      KeyConditionExpression: 'findingId = :id',
      ExpressionAttributeValues: { ':id': id },
    });
    return found;
  }

  /** Findings that began on a day (`2026-11-21`), of a severity rank or above. With a limit about as many, not all. */
  async ofDay(day: string, minRank = 0, limit = Number.POSITIVE_INFINITY): Promise<StoredFinding[]> {
    return this.#shards((shard) => ({
      limit: Math.ceil(limit / SHARDS),
      IndexName: 'byDay',
      KeyConditionExpression: '#day = :day AND severityTime >= :rank',
      ExpressionAttributeNames: { '#day': 'day' },
      ExpressionAttributeValues: { ':day': dayShard(day, shard), ':rank': `${minRank}#` },
    }));
  }

  /**
   * Findings that were found on a day, or in an hour of it (`2026-11-21T10`). Those of earlier releases count as found
   * when they began. Of those that began on another day, at most `most` are read, and `unread` counts the rest.
   */
  async foundIn(period: string, most = MOST_FOUND): Promise<{ found: StoredFinding[]; unread: number }> {
    const day = period.slice(0, '2026-11-21'.length);
    const rows = await this.#itemsOfShards((shard) => ({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :period)',
      ExpressionAttributeValues: { ':pk': foundShard(day, shard), ':period': period },
    }));
    const toRead = rows.slice(0, most);
    const begunBefore = await inParallel(ROWS_AT_ONCE, toRead, ({ ref }) => this.at(ref as FindingRef));
    const begunOnDay = await this.ofDay(day);
    const found = [...begunBefore, ...begunOnDay].filter(
      (stored) => stored !== undefined && isoTime(foundAtOf(stored)).startsWith(period),
    ) as StoredFinding[];
    return {
      found: [...new Map(found.map((stored) => [stored.finding.id, stored])).values()],
      unread: rows.length - toRead.length,
    };
  }

  /** Open findings whose last probe was before an epoch second. Each shard returns those silent longest. */
  async openBefore(time: number, limit = Number.POSITIVE_INFINITY): Promise<StoredFinding[]> {
    return this.#shards((shard) => ({
      limit: Math.ceil(limit / SHARDS),
      IndexName: 'open',
      KeyConditionExpression: 'openShard = :shard AND lastSeen < :time',
      ExpressionAttributeValues: { ':shard': openShard(shard), ':time': isoTime(time) },
    }));
  }

  /**
   * Ids of findings that touched a target (an address, or a network such as 10.0.1.0/24 beyond the first hundred
   * addresses).
   */
  async idsOfTarget(target: string): Promise<string[]> {
    const items = await queryAll(this.#options.client, this.#options.table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': targetPartition(target) },
    });
    return items.map((item) => String(item.targetOf));
  }

  /**
   * Writes a judgement unless the stored one rests on more evidence, or people said something of it since.
   * @param announce marks the item for the alert function.
   * @param inherited the alert about signals that turned out to belong to this scan. People know of it by that alert.
   * @returns false if it was not written. The caller must read and decide again.
   */
  async upsert(
    detection: DetectedFinding,
    version: Version,
    announce: boolean,
    now: number,
    inherited?: Announced,
  ): Promise<boolean> {
    const { client, table, retentionDays } = this.#options;
    // Rows first: after a crash in between, the finding is not yet written and the retry writes the rows again.
    await putAll(client, table, [
      ...targetRows(detection, now, retentionDays),
      ...foundRows(detection, version.foundAt, retentionDays),
    ]);
    const { overDays, roll } = detection;
    const beside = { overDays, roll, ...(inherited && { announced: inherited }) };
    return this.#write(findingKey(detection), detection.finding, version, announce, now, beside);
  }

  /** Closes a stored finding for a reason other than its end. The condition is that of {@link upsert}. */
  async close(
    stored: StoredFinding,
    closing: Pick<Finding, 'closedBecause' | 'mergedInto'>,
    version: Version,
    now: number,
  ): Promise<boolean> {
    const finding: Finding = { ...stored.finding, status: 'closed', ...closing };
    return this.#write(
      stored,
      finding,
      { ...version, reviews: stored.reviews },
      stored.announced !== undefined || stored.announceSince !== undefined,
      now,
    );
  }

  /** Puts on a finding what people say of it, see {@link writeReview}. */
  async review(stored: StoredFinding, review: Review, now: number): Promise<boolean> {
    return writeReview(this.#options.client, this.#options.table, stored, review, now);
  }

  async #write(
    key: FindingRef,
    finding: Finding,
    version: Version,
    announce: boolean,
    now: number,
    beside: Readonly<Record<string, unknown>> = {},
  ): Promise<boolean> {
    const attributes = toAttributes(
      finding,
      {
        fragments: version.fragments,
        judgedAt: version.judgedAt,
        ...(version.foundAt !== undefined && { foundAt: version.foundAt }),
        ...(version.hours && { hours: version.hours }),
        ...(version.signalItems !== undefined && { signalItems: version.signalItems }),
      },
      now,
      this.#options.retentionDays,
    );
    // Closing leaves them unchanged.
    Object.assign(attributes, beside);
    if (version.takesOver) attributes.reviews = (version.reviews ?? 0) + 1;
    if (announce) Object.assign(attributes, announcementMark(finding.id, now));
    const update = updateOf(attributes, [...OPTIONAL_FIELDS, 'openShard', 'signalItems']);
    const { signalItems, reviews } = version;
    try {
      await this.#options.client.send(
        new UpdateCommand({
          TableName: this.#options.table,
          Key: { pk: key.pk, sk: key.sk },
          UpdateExpression: update.expression,
          ConditionExpression: [
            `(${MORE_FRAGMENTS})`,
            reviews === undefined ? UNREVIEWED : AS_REVIEWED,
            ...(signalItems === undefined ? [] : [MORE_SIGNALS]),
          ].join(' AND '),
          ExpressionAttributeNames: update.names,
          ExpressionAttributeValues: {
            ...update.values,
            ':fragments': version.fragments,
            ':judgedAt': version.judgedAt,
            ...(signalItems !== undefined && { ':signalItems': signalItems }),
            ...(reviews !== undefined && { ':reviews': reviews }),
          },
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  async #between(pk: string, from: string, to: string): Promise<StoredFinding[]> {
    return this.#list({
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
      ConsistentRead: true,
    });
  }

  async #shards(input: (shard: number) => Query): Promise<StoredFinding[]> {
    return (await this.#itemsOfShards(input)).map(fromItem);
  }

  async #itemsOfShards(input: (shard: number) => Query): Promise<Record<string, unknown>[]> {
    const lists = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => this.#items(input(shard))));
    return lists.flat();
  }

  async #list(input: Query): Promise<StoredFinding[]> {
    return (await this.#items(input)).map(fromItem);
  }

  #items(input: Query): Promise<Record<string, unknown>[]> {
    return queryAll(this.#options.client, this.#options.table, input);
  }
}
