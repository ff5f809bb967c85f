/** Puts a question to AWS and sorts what can go wrong with it. */
import type { Answer } from './facts.ts';

const DENIED =
  /^(AccessDenied|AccessDeniedException|AuthorizationError|AuthorizationErrorException|UnauthorizedOperation|Forbidden)$/;
const MISSING =
  /^(NoSuchBucket|NoSuchKey|NotFound|NotFoundException|QueueDoesNotExist|ResourceNotFoundException|TableNotFoundException|Unreadable)$|NonExistentQueue|\.NotFound$/;
/** Without these, nothing can be asked, and the whole command ends. */
const HOPELESS =
  /^(CredentialsProviderError|ExpiredToken|ExpiredTokenException|UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure|RequestExpired)$/;

/**
 * The answer to a question. `permission` names what the caller needs for it.
 * @throws the error of the client if credentials are missing or not valid.
 */
export async function ask<T>(permission: string, question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await question() };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    if (HOPELESS.test(name)) throw error;
    if (DENIED.test(name) || $metadata?.httpStatusCode === 403) return { denied: permission };
    if (MISSING.test(name) || $metadata?.httpStatusCode === 404) return { missing: message || name };
    return { failed: `${name}: ${message}` };
  }
}

/** The value of an answer, if there is one. */
export const known = <T>(answer: Answer<T> | undefined): T | undefined =>
  answer !== undefined && 'value' in answer ? answer.value : undefined;
