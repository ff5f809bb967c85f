/** The condition keys that describe requests. A policy with any other key cannot be evaluated. */
import type { Context } from './pattern.ts';

/** The keys in AWS's spelling. */
const KEYS = [
  'aws:SecureTransport',
  'aws:SourceArn',
  'aws:SourceAccount',
  'aws:SourceOrgID',
  'aws:SourceIp',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalArn',
  'aws:PrincipalAccount',
  'aws:PrincipalOrgID',
  'aws:ResourceAccount',
  'kms:ViaService',
  's3:x-amz-acl',
  's3:prefix',
] as const;

/** A key that a request may have. */
export type ContextKey = (typeof KEYS)[number];

const LOWER_CASE = KEYS.map((key) => [key, key.toLowerCase()] as const);

/** The context of a request with these keys and without the other known ones. */
export function contextOf(given: Readonly<Partial<Record<ContextKey, string>>>): Context {
  return new Map(
    LOWER_CASE.map(([key, name]) => {
      const value = given[key];
      return [name, value === undefined ? undefined : [value]];
    }),
  );
}
