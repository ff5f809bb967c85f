/** The object of `selftest` in the log bucket. */
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** The bucket may not be written with these credentials. */
export class NotWritableError extends Error {
  override name = 'NotWritableError';
}

/** Puts an object. @throws NotWritableError if the credentials may not. */
export async function putTestObject(client: S3Client, bucket: string, key: string, body: Uint8Array): Promise<void> {
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    if (name === 'AccessDenied' || $metadata?.httpStatusCode === 403)
      throw new NotWritableError(message, { cause: error });
    throw error;
  }
}

/** Removes it again. */
export async function removeTestObject(client: S3Client, bucket: string, key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}
