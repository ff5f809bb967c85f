/** `sweepwatch doctor`: says what is wrong with a deployment, and what to do. It only reads. */

import { keysOf } from '../../lib/config/bucket-keys.ts';
import { otherBucketsIn } from '../../lib/config/foreign-bucket.ts';
import { loadSettings, SettingsError } from '../../lib/config/load.ts';
import type { Settings } from '../../lib/config/settings-types.ts';
import { signalGroups } from '../../lib/config/signal-groups.ts';
import { gatherAccount } from '../../lib/store/health/account.ts';
import type { StackFacts } from '../../lib/store/health/facts.ts';
import { gather } from '../../lib/store/health/gather.ts';
import { describeStack } from '../../lib/store/stack.ts';
import { printableLines, shellWord } from '../../lib/text/untrusted.ts';
import { describeAwsError } from '../aws-errors.ts';
import { connectionOf } from '../connection.ts';
import { localStack, type StackOptions } from '../deployment.ts';
import { type Check, fail } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks.ts';
import { PRE_CHECKS, SETTINGS_FILE } from '../doctor/checks-pre.ts';
import { report } from '../doctor/report.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { version } from '../version.ts';

/** The options of `doctor`, as the program reads them. */
export interface DoctorOptions extends StackOptions {
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly pre?: boolean;
  /** The settings file of --pre. */
  readonly config?: string;
}

/** Runs `doctor --pre` and returns the exit code. */
async function beforeDeployment(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const chosen = chosenFrom(PRE_CHECKS, options.only);
  const file = options.config ?? 'sweepwatch.config.json';
  const settings = settingsOf(file);
  if (typeof settings === 'string') {
    const problem = fail(
      'the settings cannot be used',
      settings,
      `npx --no-install sweepwatch doctor --pre --config ${shellWord(file)}`,
    );
    return report(`Settings ${file}`, [{ check: SETTINGS_FILE, verdicts: [problem] }], options.json === true, terminal);
  }
  const given = settings.bucket.existing;
  const existing = given?.bucket.replace(/^arn:[^:]+:s3:::/, '');
  const planned = {
    name: settings.deploymentName,
    bucket: existing ?? settings.bucket.new?.name,
    owner: given?.account,
    folder: given?.account === undefined ? undefined : keysOf(given).prefix,
    logGroups: [...new Set(signalGroups(settings.signals).map(({ logGroup }) => logGroup))],
    now: Date.now() / 1000,
  };
  const facts = { ...(await gatherAccount(planned, connectionOf(options))), settings, file, existing };
  const heading = `Before a deployment of ${settings.deploymentName} (${facts.stack.region}), by ${file}`;
  const checked = chosen.map((check) => ({ check, verdicts: check.judge(facts) }));
  return report(heading, checked, options.json === true, terminal);
}

/** The settings in a file, or what is wrong with them. */
function settingsOf(file: string): Settings | string {
  try {
    return loadSettings(file);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.join('. ');
    throw error;
  }
}

/** Runs `doctor` and returns the exit code: 0 no failure, 1 a failure, 2 nothing could be looked at. */
export async function doctorCommand(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const chosen = options.pre ? [] : chosenFrom(CHECKS, options.only);
  try {
    if (options.pre) return await beforeDeployment(options, terminal);
    const local = options.local ? await localStack() : undefined;
    const name = local?.stack ?? options.stack ?? process.env.SWEEPWATCH_STACK;
    if (!name) throw new UsageError('no stack given. Give --stack NAME (or set $SWEEPWATCH_STACK), or --local');
    const connection = local?.connection ?? connectionOf(options);
    const stack = await stackFacts(name, options.detector ?? '', connection);
    const profile = options.profile ? ` --profile ${shellWord(options.profile)}` : '';
    const detector = options.detector ? ` --detector ${shellWord(options.detector)}` : '';
    const again = local ? '--local' : `--stack ${shellWord(name)}${detector}${profile} --region ${stack.region}`;
    const heading = `Deployment ${name} (${stack.region}, account ${stack.account || 'unknown'})`;
    // Without outputs there is nothing to ask about, and the state of the stack says why.
    const isDeployed = stack.outputs.has('LogBucket');
    const facts = await gather({
      stack,
      connection,
      version: version(),
      again,
      otherBuckets: otherBucketsIn((name) => stack.outputs.get(name)),
      now: Date.now() / 1000,
    });
    const checked = chosen
      .filter(({ id }) => isDeployed || id === 'stack.status')
      .map((check) => ({ check, verdicts: check.judge(facts) }));
    return report(heading, checked, options.json === true, terminal);
  } catch (error) {
    if (error instanceof UsageError || (error as Error).name === 'StackError') throw error;
    // Nothing was looked at, which is neither health nor a failure of the deployment.
    terminal.stderr(`sweepwatch: ${printableLines(describeAwsError(error as Error) ?? (error as Error).message)}\n`);
    return 2;
  }
}

/** The checks with these ids, or with ids that begin with them and a dot. @throws UsageError for an unknown id. */
export function chosenFrom<T extends Pick<Check, 'id'>>(
  checks: readonly T[],
  only: readonly string[] = [],
): readonly T[] {
  for (const each of only)
    if (!checks.some((check) => covers(each, check)))
      throw new UsageError(`--only ${each}: no such check. The checks are ${checks.map(({ id }) => id).join(', ')}`);
  return only.length ? checks.filter((check) => only.some((each) => covers(each, check))) : checks;
}

const covers = (only: string, { id }: Pick<Check, 'id'>): boolean => id === only || id.startsWith(`${only}.`);

async function stackFacts(
  name: string,
  prefix: string,
  connection: Parameters<typeof describeStack>[1],
): Promise<StackFacts> {
  const { id, outputs, ...stack } = await describeStack(name, connection);
  const own = [...outputs].flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  );
  const facts = { ...stack, account: id.split(':')[4] ?? '', outputs: new Map(own) };
  const isDeployed = !/^(ROLLBACK_|DELETE_|CREATE_|REVIEW_)/.test(stack.status) || stack.status === 'CREATE_COMPLETE';
  if (isDeployed && !facts.outputs.has('LogBucket'))
    throw new UsageError(
      `stack ${name} in ${stack.region} has no output ${prefix}LogBucket: it contains no detector, or its app does not call addOutputs()`,
    );
  return facts;
}
