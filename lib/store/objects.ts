/** Flow log files in S3 as byte sources: streamed, by range for Parquet, listed by prefix. */
import { GetObjectCommand, type InvalidObjectState, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { isHidden } from '../flowlog/file-names.ts';
import type { ByteSource } from '../flowlog/source.ts';
import { type Connection, createS3Client } from './clients.ts';

/** Why an object cannot be read: deleted, moved to an archive by its storage class, or anything else. */
export type ObjectTrouble = 'gone' | 'archived' | 'other';

/** The object cannot be read. The message names it and says what to do. */
export class ObjectError extends Error {
  override name = 'ObjectError';
  readonly trouble: ObjectTrouble;

  constructor(message: string, options: ErrorOptions & { trouble: ObjectTrouble }) {
    super(message, options);
    this.trouble = options.trouble;
  }
}

/** Number of broken connections to tolerate per object. Beyond it, the message returns half an hour later. */
const RESUMES = 5;

/**
 * Whether the connection broke or went silent within a body. The client itself retries only requests without any
 * answer.
 */
const isBrokenOff = (error: unknown): boolean =>
  (error as Error).name === 'TimeoutError' ||
  ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );

/** An S3 object. Nothing is fetched before it is opened. @throws ObjectError from its streams if it cannot be read. */
export function objectSource(client: S3Client, bucket: string, key: string, size?: number): ByteSource {
  const name = `s3://${bucket}/${key}`;
  return {
    name,
    ...(size !== undefined && { size }),
    open: async function* () {
      let read = 0;
      let version: { readonly ETag?: string | undefined; readonly ContentLength?: number | undefined } | undefined;
      for (let resumed = 0; ; resumed++) {
        try {
          // The rest must be of the same version, because the end of a newer one would not fit.
          const rest = version && read > 0 ? { Range: `bytes=${read}-`, IfMatch: version.ETag } : {};
          const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...rest }));
          version ??= answer;
          for await (const chunk of answer.Body as unknown as AsyncIterable<Uint8Array>) {
            read += chunk.length;
            yield chunk;
          }
          return;
        } catch (error) {
          if (version && read === version.ContentLength && isBrokenOff(error)) return;
          if (resumed >= RESUMES || !version?.ETag || !isBrokenOff(error)) throw explain(bucket, key, error as Error);
        }
      }
    },
    range: async (start, end) => {
      for (let retried = 0; ; retried++) {
        let isAnswered = false;
        try {
          const range = `bytes=${start}-${end - 1}`;
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
          isAnswered = true;
          return await Body!.transformToByteArray();
        } catch (error) {
          if (retried >= RESUMES || !isAnswered || !isBrokenOff(error)) throw explain(bucket, key, error as Error);
        }
      }
    },
  };
}

/** The object at an `s3://bucket/key` address. */
export function objectAt(address: string, connection: Connection, size?: number): ByteSource {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address)!;
  return objectSource(createS3Client(connection), bucket!, key!, size);
}

/** The content of an address: objects in order of their keys, and the number of hidden ones that were left out. */
interface Listed {
  readonly sources: readonly ByteSource[];
  readonly hidden: number;
}

/** Keys that represent folders. Those of the console end with a slash, those of Hadoop with a suffix. */
const isFolder = (key: string): boolean => key.endsWith('/') || key.endsWith('_$folder$');

/** The objects under an `s3://bucket/prefix` address. */
export async function listObjects(address: string, connection: Connection): Promise<Listed> {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(address);
  if (!match) throw new Error('expected s3://bucket/prefix');
  const [, bucket, prefix] = match as unknown as [string, string, string];
  const client = createS3Client(connection);
  const sources: ByteSource[] = [];
  const asked = prefix.lastIndexOf('/') + 1;
  let hidden = 0;
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key, Size } of page.Contents ?? []) {
      if (!Key || isFolder(Key)) continue;
      if (isHidden(Key.slice(asked))) hidden++;
      else sources.push(objectSource(client, bucket, Key, Size));
    }
  }
  if (!sources.length) throw new Error('no objects under this address');
  return { sources, hidden };
}

function explain(bucket: string, key: string, error: Error): Error {
  const name = `s3://${bucket}/${key}`;
  const because = (message: string, trouble: ObjectTrouble = 'other') =>
    new ObjectError(message, { cause: error, trouble });
  if (error.name === 'NoSuchKey' || error.name === 'NotFound')
    return because(`${name} is gone: it was deleted before it could be read (by a lifecycle rule or a person)`, 'gone');
  if (error.name === 'InvalidObjectState') {
    const { StorageClass, AccessTier } = error as InvalidObjectState;
    return because(
      `${name} is archived (storage class ${StorageClass ?? 'unknown'}${AccessTier ? `, ${AccessTier}` : ''}) and cannot be read before it is restored. ` +
        'Restore it with "aws s3api restore-object" and read it again, or leave it out',
      'archived',
    );
  }
  if (error.name === 'NoSuchBucket') return because(`${name}: the bucket does not exist`);
  if (/KMS|kms/.test(`${error.name} ${error.message}`))
    return because(
      `${name} cannot be decrypted: allow the role of this function kms:Decrypt on the bucket's key, also in the key's policy (${error.message})`,
    );
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (error.name === 'AccessDenied' || status === 403)
    return because(`${name}: access denied. Allow the role in use s3:GetObject on it (${error.message})`);
  if (status === 301)
    return because(`${name}: the bucket is in another Region than that of the call (${error.message})`);
  if (isBrokenOff(error)) return because(`${name}: the connection to S3 broke off or went silent (${error.message})`);
  return error;
}
