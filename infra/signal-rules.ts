/** Sigma rules of the user: read at synthesis, refused by name, and given to the signals function as a file of JSON. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { loadSigmaRules } from '../lib/signals/sigma/load.ts';
import type { FunctionFile } from './function-code.ts';

/** The file beside the bundle, by the name in the variable SIGMA_RULES. */
const RULES_FILE = 'sigma-rules.json';
/** Each rule is asked about each event. A bundle is read at each cold start. */
const MOST_RULES = 500;
const MOST_BYTES = 1024 * 1024;
const RULE_FILE = /\.ya?ml$/i;

/**
 * The rules of the settings as a file for the function. Undefined without rules.
 * @throws SettingsError that names each file and construct that is not understood.
 */
export function rulesFile(detector: Construct, { signals }: Settings): FunctionFile | undefined {
  const folder = signals.rules;
  if (folder === undefined) return undefined;
  const refuse = (problems: readonly string[]): never => {
    throw new SettingsError(
      detector.node.path,
      problems.map((problem) => `signals.rules: ${problem}`),
    );
  };
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return refuse([`${folder} must be a folder`]);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => RULE_FILE.test(name))
    .sort();
  const files = names.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  const { rules, sources, refused } = loadSigmaRules(files);
  if (refused.length > 0)
    return refuse(
      refused.map(({ file, rule, reason }) => (rule ? `${file}, rule "${rule}": ${reason}` : `${file}: ${reason}`)),
    );
  if (rules.length === 0) return refuse([`${folder} must contain rules in .yml or .yaml files`]);
  if (rules.length > MOST_RULES)
    return refuse([`${folder} must have at most ${MOST_RULES} rules, got ${rules.length}`]);
  const text = JSON.stringify(sources);
  if (text.length > MOST_BYTES)
    return refuse([`${folder} must hold at most ${MOST_BYTES} bytes of rules, got ${text.length}`]);
  const isBlind = signals.kubernetes.some(({ allEvents }) => !allEvents);
  const ofAudit = rules.filter(({ log }) => log === 'kubernetes').map(({ title }) => title);
  if (isBlind && ofAudit.length > 0)
    Annotations.of(detector).addWarningV2(
      'sweepwatch:rules-of-audit-events',
      `signals.rules: only audit events that can hold a signal are delivered, so these rules may miss others unless signals.kubernetes[].allEvents is true: ${ofAudit.join(', ')}`,
    );
  return { name: RULES_FILE, text };
}
