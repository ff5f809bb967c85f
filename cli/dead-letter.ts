/** Describes one message of a dead-letter queue: what it is about, and why it is there, as far as the message shows. */
import { objectsCreated } from '../lib/pipeline/object-events.ts';
import type { DeadLetter } from '../lib/store/dead-letters.ts';

/** A message in words. */
export interface Described {
  /** Object keys, or the finding. */
  readonly about: string;
  readonly why: string;
}

/** Processing it failed, and only the log of the function shows how. */
const UNTOLD = 'see the log of the function for the error';
const LONGEST = 120;

/** Reads a message as the function that failed to process it would. */
export function describeLetter({ body, error }: DeadLetter): Described {
  const finding = findingIn(body);
  if (finding) return { about: `finding ${finding}`, why: error ?? UNTOLD };
  try {
    const objects = objectsCreated(body).map(({ bucket, key }) => `s3://${bucket}/${key}`);
    return { about: objects.join(' ') || 'no object', why: error ?? UNTOLD };
  } catch (fault) {
    return { about: JSON.stringify(body.slice(0, LONGEST)), why: error ?? (fault as Error).message };
  }
}

/** The finding that an announcement names. Undefined for any other message. */
function findingIn(body: string): string | undefined {
  try {
    const { pk, sk } = JSON.parse(body) as { pk?: unknown; sk?: unknown };
    return typeof pk === 'string' && typeof sk === 'string' ? `${pk} ${sk}` : undefined;
  } catch {
    return undefined;
  }
}
