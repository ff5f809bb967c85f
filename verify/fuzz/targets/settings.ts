/** Settings as JSON, those of functions as text, and suppressions that anybody may have written. */

import { parseSettings, SettingsError } from '../../../lib/config/load.ts';
import { parseRuntimeSettings, toRuntimeSettings } from '../../../lib/config/runtime.ts';
import { suppressionFault } from '../../../lib/notify/suppression.ts';
import { mutatedJson } from '../mutate/json.ts';
import { must, type Target, type Verdict } from '../target.ts';

const SETTINGS = {
  deploymentName: 'sweepwatch',
  vpcs: [{ vpcId: 'vpc-0123456789abcdef0' }],
  emails: ['soc@example.com'],
  opsEmails: ['platform@example.com'],
  internal: ['198.51.100.0/24'],
  routingDomains: { shared: ['vpc-0123456789abcdef0'] },
  sensitivity: 'medium',
  detection: { failuresIn5Minutes: 8 },
  digestHourUtc: 6,
  retentionDays: { windows: 8, findings: 365 },
};

const settings: Target = {
  name: 'settings',
  weight: 8,
  covers: [
    'lib/config/load.ts',
    'lib/config/problems.ts',
    'lib/config/checks.ts',
    'lib/net/cidr.ts',
    'lib/config/runtime.ts',
  ],
  input: (random) => mutatedJson(SETTINGS, random),
  run: (input): Verdict => {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(input).toString('utf8'));
    } catch {
      return { isPast: false, outcome: 'no JSON' };
    }
    try {
      const runtime = toRuntimeSettings(parseSettings(value));
      // What the schema lets in, the functions take.
      const again = parseRuntimeSettings(JSON.stringify(runtime));
      must(
        JSON.stringify(again) === JSON.stringify(runtime),
        () => `${JSON.stringify(again)} out of ${JSON.stringify(runtime)}`,
      );
      return { isPast: true, outcome: 'taken' };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      const isNamed = error.problems.length > 0 && error.problems.every((problem) => problem.length < 2000);
      must(isNamed, () => `no problem is named, or at length: ${error.message.slice(0, 300)}`);
      return { isPast: typeof value === 'object', outcome: 'refused' };
    }
  },
};

const RUNTIME = JSON.parse(JSON.stringify(toRuntimeSettings(parseSettings(SETTINGS)))) as object;

const runtime: Target = {
  name: 'runtime settings',
  weight: 8,
  covers: ['lib/config/runtime.ts'],
  input: (random) => mutatedJson(RUNTIME, random),
  run: (input): Verdict => {
    try {
      parseRuntimeSettings(Buffer.from(input).toString('utf8'));
      return { isPast: true, outcome: 'taken' };
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'Error' || !message.startsWith('SETTINGS')) throw error;
      return { isPast: !message.startsWith('SETTINGS must be JSON'), outcome: 'refused' };
    }
  },
};

const RULE = {
  id: 'abcd1234',
  source: '10.0.3.22/32',
  target: '10.0.12.0/24',
  ports: '22,8000-8100',
  weekly: 'Sat 02:00-06:00, Mon-Fri 22:00-04:00',
  timeZone: 'Europe/Berlin',
  owner: 'somebody',
  reason: 'weekly',
  expires: '2027-01-31T18:00:00Z',
};
const NOW = Date.UTC(2026, 10, 21) / 1000;

const suppressions: Target = {
  name: 'suppressions',
  weight: 8,
  covers: ['lib/notify/suppression.ts', 'lib/notify/suppression-scope.ts', 'lib/notify/weekly.ts', 'lib/net/cidr.ts'],
  input: (random) => mutatedJson(RULE, random),
  run: (input): Verdict => {
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(Buffer.from(input).toString('utf8')) as Record<string, unknown>;
    } catch {
      return { isPast: false, outcome: 'no JSON' };
    }
    if (typeof value !== 'object' || value === null) return { isPast: false, outcome: 'no rule' };
    // As the store reads them out of the table.
    const text = (field: string) =>
      typeof value[field] === 'object' ? JSON.stringify(value[field]) : String(value[field]);
    const { target, namespace, ports, weekly, timeZone } = value;
    const [id, source, owner, reason, expires] = ['id', 'source', 'owner', 'reason', 'expires'].map(text);
    const rule = { id: id!, source: source!, owner: owner!, reason: reason!, expires: expires! };
    const scope = {
      ...(target !== undefined && { target: text('target')! }),
      ...(namespace !== undefined && { namespace: text('namespace')! }),
      ...(ports !== undefined && { ports: text('ports')! }),
      ...(weekly !== undefined && { weekly: text('weekly')! }),
      ...(timeZone !== undefined && { timeZone: text('timeZone')! }),
    };
    const fault = suppressionFault({ ...rule, ...scope }, NOW);
    must(fault === undefined || fault.length > 0, () => 'a fault without a word');
    return { isPast: true, outcome: fault ? 'refused' : 'taken' };
  },
};

export const SETTINGS_TARGETS: readonly Target[] = [settings, runtime, suppressions];
