/** Buckets of other accounts on the embedded S3: what their owners do not admit is refused, as S3 would. */
import type { buildApp } from 'fauxqs';
import type { EventBus } from './event-bus.ts';
import { escapeXml } from './notification-config.ts';

/** A request on a bucket of another account. */
export interface ForeignRequest {
  readonly method: string;
  /** Empty for a request on the bucket itself. */
  readonly key: string;
  readonly prefix: string | undefined;
  /** The logical id of the function that calls. Undefined for the owner. */
  readonly functionId: string | undefined;
}

/** A bucket of another account. */
export interface ServedForeignBucket {
  readonly owner: string;
  readonly region: string;
  /** The default event bus of the owner. */
  readonly bus: EventBus;
  /** Why a request is refused. Undefined if it is not. */
  refusalOf(request: ForeignRequest): string | undefined;
}

/** Adds the checks to the embedded server before it listens. */
export function installForeignBuckets(
  app: ReturnType<typeof buildApp>,
  buckets: ReadonlyMap<string, ServedForeignBucket>,
): void {
  app.addHook('onSend', async (request, reply) => {
    const { bucket = '' } = (request.params ?? {}) as { bucket?: string };
    const foreign = buckets.get(bucket);
    if (foreign !== undefined) reply.header('x-amz-bucket-region', foreign.region);
  });
  app.addHook('preHandler', async (request, reply) => {
    const { bucket = '', '*': key = '' } = (request.params ?? {}) as { bucket?: string; '*'?: string };
    const foreign = buckets.get(bucket);
    if (foreign === undefined) return;
    const { prefix } = request.query as { prefix?: string };
    const expected = request.headers['x-amz-expected-bucket-owner'];
    // Each function names itself in the user agent.
    const [, functionId] = /\bapp\/(\w+)/.exec(String(request.headers['user-agent'])) ?? [];
    // The credential of a signature names the Region for which it was made. S3 redirects to the Region of the bucket.
    const [, signedFor] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    if (functionId !== undefined && signedFor !== foreign.region) {
      await reply
        .code(301)
        .headers({ 'content-type': 'application/xml', 'x-amz-bucket-region': foreign.region })
        .send(`<Error><Code>PermanentRedirect</Code><Message>The bucket is in ${foreign.region}.</Message></Error>`);
      return;
    }
    const refusal =
      expected !== undefined && expected !== foreign.owner
        ? `the bucket belongs to ${foreign.owner}, expected ${expected}`
        : foreign.refusalOf({ method: request.method, key, prefix, functionId });
    if (refusal === undefined) return;
    await reply
      .code(403)
      .header('content-type', 'application/xml')
      .send(`<Error><Code>AccessDenied</Code><Message>${escapeXml(refusal)}</Message></Error>`);
  });
}
