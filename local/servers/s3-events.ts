/** The messages that S3 sends about a new object, in the shapes that AWS documents. */

/** An object that has just been stored. */
export interface CreatedObject {
  bucket: string;
  key: string;
  size: number;
  eTag: string;
  /** `ObjectCreated:Put`, `ObjectCreated:Copy` or `ObjectCreated:CompleteMultipartUpload`. */
  eventName: string;
  requestId: string;
  /** Hexadecimal. Of two events for one key, the longer and then the larger value is the later one. */
  sequencer: string;
  time: Date;
  region: string;
  accountId: string;
}

/** The body of an S3 event notification, its key form-encoded as S3 does. */
export function notificationMessage(object: CreatedObject, configurationId: string): object {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: object.region,
        eventTime: object.time.toISOString(),
        eventName: object.eventName,
        userIdentity: { principalId: 'AWS:LOCAL' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': object.requestId, 'x-amz-id-2': 'local' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId,
          bucket: {
            name: object.bucket,
            ownerIdentity: { principalId: 'LOCAL' },
            arn: `arn:aws:s3:::${object.bucket}`,
          },
          object: {
            key: formEncodeKey(object.key),
            size: object.size,
            eTag: object.eTag,
            sequencer: object.sequencer,
          },
        },
      },
    ],
  };
}

/** The message that S3 sends once to each newly configured destination. */
export function testEventMessage(bucket: string, requestId: string, time: Date): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: time.toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: 'local',
  };
}

const REASONS: Readonly<Record<string, string>> = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Copy': 'CopyObject',
  'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
};

/** The EventBridge event `Object Created`. Its key is not encoded. */
export function objectCreatedEvent(object: CreatedObject, id: string): Record<string, unknown> {
  return {
    version: '0',
    id,
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: object.accountId,
    time: `${object.time.toISOString().slice(0, 19)}Z`,
    region: object.region,
    resources: [`arn:aws:s3:::${object.bucket}`],
    detail: {
      version: '0',
      bucket: { name: object.bucket },
      object: { key: object.key, size: object.size, etag: object.eTag, sequencer: object.sequencer },
      'request-id': object.requestId,
      requester: object.accountId,
      'source-ip-address': '127.0.0.1',
      reason: REASONS[object.eventName] ?? 'PutObject',
    },
  };
}

/** A key in the form of an S3 event notification: form-encoded, with slashes kept. */
export function formEncodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}

/** Creates sequencers, each later than the one before. */
export function createSequencer(): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now()) << 16n;
    last = now > last ? now : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, '0');
  };
}
