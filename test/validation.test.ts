/** The emulation steps of the detection strategy: the log that each leaves is found as what it is, and nothing else in it. */
import { describe, expect, test } from '@jest/globals';
import { severityRank } from '../lib/finding/model.ts';
import { nmapFromWindowsReset, replay, STEPS, type Step, spoolerOnControllers } from './emulation.ts';
import { expectValidFinding } from './finding-schema.ts';
import { findingsIn } from './lib/scan/traffic.ts';

const alarmsIn = async ({ log }: Pick<Step, 'log'>) => {
  const findings = typeof log === 'string' ? await replay(log) : await findingsIn(log());
  for (const finding of findings) expectValidFinding(finding);
  return findings.filter(({ severity }) => severityRank(severity) >= severityRank('medium'));
};

describe('step', () => {
  test.each(STEPS.map((step) => [step.name, step] as const))('%s', async (_, step) => {
    const alarms = (await alarmsIn(step)).map((finding) => ({
      source: finding.source?.address,
      kind: finding.kind,
      severity: finding.severity,
      techniques: finding.techniques.map(({ id }) => id),
      contactsAtDetection: finding.contactsAtDetection,
      reason: finding.reasons[0]?.test,
    }));
    expect(alarms).toEqual([step.expected]);
  });
});

describe('not found', () => {
  test('the spooler check of two domain controllers: two contacts', async () => {
    expect(await alarmsIn({ log: spoolerOnControllers })).toEqual([]);
  });
});

test('a connect scan by Windows whose every SYN is reset, three times over', async () => {
  expect(await alarmsIn({ log: nmapFromWindowsReset })).toMatchObject([
    { kind: 'vertical-scan', severity: 'high', contacts: { failed: 1000, reset: 1000 } },
  ]);
});
