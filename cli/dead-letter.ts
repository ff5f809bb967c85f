/** One message of a dead-letter queue in words: what it was about, and why it lies there, as far as the message tells. */
import { objectsCreated } from '../lib/pipeline/object-events.ts';
import type { DeadLetter } from '../lib/store/dead-letters.ts';

/** What a message was about. */
export interface Described {
  /** Object keys, or the finding. */
  readonly about: string;
  readonly why: string;
}

/** Reading it is what failed, and only the log of the function knows how. */
const UNTOLD = 'see the log of the function for the error';
const LONGEST = 120;

/** Reads a message as the function that gave it up would. */
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

/** The finding that an announcement names; undefined for a message of any other kind. */
function findingIn(body: string): string | undefined {
  try {
    const { pk, sk } = JSON.parse(body) as { pk?: unknown; sk?: unknown };
    return typeof pk === 'string' && typeof sk === 'string' ? `${pk} ${sk}` : undefined;
  } catch {
    return undefined;
  }
}
