/** How much of its time an invocation has left: enough to take on more, or only to hand back what remains. */
import type { Context } from 'aws-lambda';

/** The part of Lambda's context that handlers use. */
export type Invocation = Pick<Context, 'getRemainingTimeInMillis'>;

/** Whether more may be taken on, for an invocation that just began: until less than this share of its time is left. */
export function hasTimeFor(invocation: Invocation, share: number): () => boolean {
  const reserve = invocation.getRemainingTimeInMillis() * share;
  return () => invocation.getRemainingTimeInMillis() >= reserve;
}
