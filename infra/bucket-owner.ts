/** Checks of the account that owns an existing bucket. */
import { Annotations, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/schema.ts';
import { isToken } from '../lib/config/token.ts';

/**
 * Says what the owner of a foreign bucket has to do, and refuses an owner that is the account of the stack. A key of
 * another account makes it likely that the bucket is foreign too. Then no rule of this account receives its events.
 * @throws SettingsError
 */
export function checkBucketOwner(scope: Construct, { bucket: { existing } }: Settings): void {
  if (existing === undefined) return;
  const ofStack = Stack.of(scope).account;
  const own = Token.isUnresolved(ofStack) ? process.env.CDK_DEFAULT_ACCOUNT : ofStack;
  const { account, kmsKeyArn } = existing;
  if (account === undefined) {
    const ofKey = kmsKeyArn === undefined || isToken(kmsKeyArn) ? undefined : kmsKeyArn.split(':')[4];
    if (ofKey !== undefined && own !== undefined && ofKey !== own)
      Annotations.of(scope).addInfoV2(
        'Sweepwatch:BucketOwner',
        `bucket.existing.kmsKeyArn is a key of account ${ofKey}. If the bucket belongs to that account too, set ` +
          'bucket.existing.account: neither a rule of this account nor its queue receives events about a bucket of another',
      );
    return;
  }
  if (account === own) {
    const problem = `bucket.existing.account: must be the account of another owner, got ${account}, the account of the stack: leave it out`;
    if (!Token.isUnresolved(ofStack)) throw new SettingsError('settings', [problem]);
    Annotations.of(scope).addWarningV2('Sweepwatch:BucketOwner', problem);
  }
  Annotations.of(scope).addInfoV2(
    'Sweepwatch:ForeignBucket',
    `no file is read before account ${account} adds what "npx --no-install sweepwatch setup policy" prints`,
  );
}
