/** The key of the bucket, the tables and the alert topic: of the stack, given, or none. */
import { Annotations, Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/schema.ts';
import { isToken } from '../lib/config/token.ts';
import { deliveryWithKey } from './log-delivery.ts';
import { removalPolicyOf } from './removal.ts';

/**
 * Compares the keys that the settings name with the place of the stack. The tables take no key of another account, and
 * nothing takes one of another Region; a bucket may use another account's. Where the stack has no fixed place, it is
 * compared with the one that the CDK command is about to deploy to, and a difference is only warned of. The place of a
 * key that is a token is not known.
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
        `${problem}; the deployment fails unless the stack goes to ${ofKey}`,
      );
    };
    compare('Region', key.region, region, process.env.CDK_DEFAULT_REGION);
    if (isBoundToAccount) compare('account', key.account, account, process.env.CDK_DEFAULT_ACCOUNT);
  };
  const { existing } = settings.bucket;
  if (settings.kmsKey.startsWith('arn:')) check('kmsKey', settings.kmsKey, true);
  if (existing?.kmsKeyArn !== undefined) check('bucket.existing.kmsKeyArn', existing.kmsKeyArn, false);
}

/** The key that was given, or that the settings ask for; undefined where AWS's own keys serve. */
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
  // Log delivery writes with the key of the bucket; one that exists has its own.
  if (settings.bucket.existing !== undefined) return key;
  // To a key that is imported this adds nothing.
  for (const statement of deliveryWithKey(settings)) key.addToResourcePolicy(statement);
  return key;
}
