/** The key of the bucket, the tables and the alert topic: created, given, or absent. */
import { Annotations, Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/schema.ts';
import { isToken } from '../lib/config/token.ts';
import { deliveryWithKey } from './log-delivery.ts';
import { removalPolicyOf } from './removal.ts';

/**
 * Checks account and Region of the keys in the settings. Tables cannot use a key of another account, and no resource
 * can use one of another Region. A bucket may use another account's key. If the stack has no fixed account and Region,
 * those that the CDK command is about to deploy to are compared, and a difference is only a warning. The account and
 * Region of a token are unknown.
 * @throws SettingsError that names the setting, the ARN and the place.
 */
export function checkKeyPlaces(scope: Construct, settings: Settings): void {
  const { account, region } = Stack.of(scope);
  const check = (setting: string, arn: string, isBoundToAccount: boolean) => {
    if (isToken(arn)) return;
    const key = Arn.split(arn, ArnFormat.SLASH_RESOURCE_NAME);
    const compare = (what: string, ofKey: string | undefined, ofStack: string, fallback: string | undefined) => {
      const place = Token.isUnresolved(ofStack) ? fallback : ofStack;
      if (place === undefined || ofKey === place) return;
      const problem = `${setting}: must be a key of the stack's ${what} ${place}, got ${arn}`;
      if (!Token.isUnresolved(ofStack)) throw new SettingsError('settings', [problem]);
      Annotations.of(scope).addWarningV2(
        'Sweepwatch:KeyPlace',
        `${problem}. The deployment fails unless the stack is deployed to ${ofKey}`,
      );
    };
    compare('Region', key.region, region, process.env.CDK_DEFAULT_REGION);
    if (isBoundToAccount) compare('account', key.account, account, process.env.CDK_DEFAULT_ACCOUNT);
  };
  const { existing } = settings.bucket;
  if (settings.kmsKey.startsWith('arn:')) check('kmsKey', settings.kmsKey, true);
  if (existing?.kmsKeyArn !== undefined) check('bucket.existing.kmsKeyArn', existing.kmsKeyArn, false);
}

/** The given key, or the one that the settings ask for. Undefined if AWS's own keys are used. */
export function createKey(scope: Construct, settings: Settings, given: IKey | undefined): IKey | undefined {
  if (settings.kmsKey === 'none') return undefined;
  if (settings.kmsKey !== 'new' && given === undefined) return Key.fromKeyArn(scope, 'Key', settings.kmsKey);
  const key =
    given ??
    new Key(scope, 'Key', {
      description: `${settings.deploymentName}: flow logs, windows and findings`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(settings),
    });
  // Log delivery writes with the key of the bucket. An existing bucket has its own key.
  if (settings.bucket.existing !== undefined) return key;
  // This adds nothing to an imported key.
  for (const statement of deliveryWithKey(settings)) key.addToResourcePolicy(statement);
  return key;
}
