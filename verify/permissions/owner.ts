/** What the owner of a foreign bucket has added, by `setup policy`, as policies to evaluate. */
import type { ForeignBucket, OwnerChanges, Statement } from '../../lib/config/foreign-bucket.ts';
import { type Policy, type PolicyKind, readPolicy } from '../../local/iam/document.ts';
import type { JsonObject } from '../../local/template/json.ts';

/** A role of people who run `backfill` and `doctor`. */
export const PEOPLE = 'arn:aws:iam::111122223333:role/soc';

/** The policies in the owner's account. */
export interface OwnerSide {
  readonly foreign: ForeignBucket;
  readonly changes: OwnerChanges;
  readonly bucket: Policy;
  readonly key?: Policy | undefined;
  readonly ruleRole?: { readonly trust: Policy; readonly permissions: Policy } | undefined;
}

/** Reads the statements. @throws PolicyError if IAM would refuse one. */
export function ownerSide(foreign: ForeignBucket, changes: OwnerChanges): OwnerSide {
  const { bucketPolicy, keyPolicy, rule } = changes;
  return {
    foreign,
    changes,
    bucket: policyOf(bucketPolicy, 'resource', 'policy of the bucket'),
    key: keyPolicy && policyOf(keyPolicy.statements, 'resource', 'policy of the key'),
    ruleRole: rule && {
      trust: policyOf(rule.role.trust, 'trust', 'trust of the role'),
      permissions: policyOf(rule.role.permissions, 'identity', 'permissions of the role'),
    },
  };
}

const policyOf = (statements: readonly Statement[], kind: PolicyKind, path: string): Policy =>
  readPolicy({ Version: '2012-10-17', Statement: statements }, kind, path);

/** The statements in the form of a template, in which mistakes can be planted. */
export function ownerTemplate({ bucketPolicy, keyPolicy, rule }: OwnerChanges): object {
  const document = (statements: readonly Statement[] = []) => ({ Statement: [...statements] });
  return {
    Resources: {
      OwnersBucketPolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { PolicyDocument: document(bucketPolicy) } },
      OwnersKey: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: document(keyPolicy?.statements) } },
      OwnersRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: document(rule?.role.trust),
          Policies: [{ PolicyDocument: document(rule?.role.permissions) }],
        },
      },
    },
  };
}

type Properties = Record<string, { Properties: JsonObject }>;

/** The statements of such a template, in place of those they were made from. */
export function changesIn(template: object, original: OwnerChanges): OwnerChanges {
  const { OwnersBucketPolicy, OwnersKey, OwnersRole } = (template as { Resources: Properties }).Resources;
  const statements = (document: unknown) => joined((document as JsonObject).Statement) as Statement[];
  const [permissions] = OwnersRole!.Properties.Policies as JsonObject[];
  const { keyPolicy, rule } = original;
  return {
    ...original,
    bucketPolicy: statements(OwnersBucketPolicy!.Properties.PolicyDocument),
    ...(keyPolicy && { keyPolicy: { ...keyPolicy, statements: statements(OwnersKey!.Properties.KeyPolicy) } }),
    ...(rule && {
      rule: {
        ...rule,
        role: {
          ...rule.role,
          trust: statements(OwnersRole!.Properties.AssumeRolePolicyDocument),
          permissions: statements(permissions!.PolicyDocument),
        },
      },
    }),
  };
}

/** Mistakes join texts as a template does. */
function joined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(joined);
  if (typeof value !== 'object' || value === null) return value;
  const { 'Fn::Join': join } = value as { 'Fn::Join'?: [string, string[]] };
  if (join) return join[1].join(join[0]);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, joined(each)]));
}
