/** The buckets that a deployment reads, as `selftest` writes to them. */
import { otherBucketsIn } from '../../lib/config/foreign-bucket.ts';
import { selftestPrefix } from '../../lib/flowlog/selftest-key.ts';
import { type Connection, createS3Client } from '../../lib/store/clients.ts';
import { notificationsOf } from '../../lib/store/health/bucket.ts';
import type { StackOutputs } from '../../lib/store/stack.ts';
import { UsageError } from '../usage-error.ts';

/** A bucket that the deployment reads. */
export interface ReadBucket {
  readonly name: string;
  readonly region: string;
  /** The account that must own it, where the outputs say so. */
  readonly owner?: string | undefined;
  /** Beginning of the keys that are announced. Undefined if only the notifications of the bucket say it. */
  readonly folder?: string | undefined;
}

/** All buckets: the first one, and those of the setting `otherBuckets`. */
export function bucketsOf(outputs: StackOutputs): readonly ReadBucket[] {
  const foreign = outputs.find('ForeignBucket');
  return [
    {
      name: outputs.get('LogBucket'),
      region: outputs.region,
      owner: outputs.find('LogBucketOwner'),
      folder: foreign && (JSON.parse(foreign) as { prefix: string }).prefix,
    },
    ...otherBucketsIn((name) => outputs.find(name)).map(({ bucket, region = outputs.region, owner, prefix }) => ({
      name: bucket,
      region,
      owner,
      folder: prefix,
    })),
  ];
}

/**
 * The buckets that the user names, or all.
 * @throws UsageError if the deployment does not read one, or if a prefix is named for the first one, which is left out.
 */
export function chosenOf(
  buckets: readonly ReadBucket[],
  { bucket: names, prefix }: { readonly bucket?: readonly string[]; readonly prefix?: string },
): readonly ReadBucket[] {
  if (!names) return buckets;
  const unknown = names.find((name) => !buckets.some((bucket) => bucket.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `the deployment reads no bucket "${unknown}". It reads ${buckets.map(({ name }) => name).join(', ')}`,
    );
  const [first] = buckets;
  if (prefix !== undefined && !names.includes(first!.name))
    throw new UsageError(`--prefix belongs to the bucket ${first!.name}, which --bucket leaves out`);
  return buckets.filter(({ name }) => names.includes(name));
}

/** The prefix for the key of a test, as far as the settings or the notifications of the bucket say it. */
export async function prefixFor(
  { name, folder, ...place }: ReadBucket,
  connection: Connection,
  queueUrl: string,
): Promise<string> {
  if (folder !== undefined) return selftestPrefix(folder);
  const client = clientFor(place, connection);
  try {
    const { queues } = await notificationsOf(client, name);
    const own = queues.filter(({ arn }) => arn.split(':').at(-1) === queueUrl.split('/').at(-1));
    return own.length === 1 ? selftestPrefix(own[0]!.prefix) : '';
  } catch {
    // A bucket whose notifications may not be read needs --prefix if it has one.
    return '';
  } finally {
    client.destroy();
  }
}

/** A client for a bucket, in its Region. */
export const clientFor = ({ region, owner }: Pick<ReadBucket, 'region' | 'owner'>, connection: Connection) =>
  createS3Client({ ...connection, region }, owner);
