/** What still works for somebody who hides from the rules about signals. An improvement makes a test here fail. */
import { expect, test } from '@jest/globals';
import { createPod, exec, signalsOf } from './audit-events.ts';

const NMAP = { image: 'instrumentisto/nmap', args: ['-p-', '10.0.12.0/24'] };

test('a scanner in a namespace that is named like one of continuous integration is low', () => {
  expect(signalsOf([createPod('scan', NMAP, { at: '2026-11-21T10:00:00Z', namespace: 'team-ci' })])).toMatchObject([
    { severity: 'low', tool: 'nmap' },
  ]);
});

test('a scanner that runs every ten minutes by exec is low, as a check is', () => {
  const runs = [0, 10, 20, 30].flatMap((minute) =>
    exec('web-1', ['nmap', '-p-', '10.0.12.0/24'], { at: `2026-11-21T10:${String(minute).padStart(2, '0')}:00Z` }),
  );
  expect(signalsOf(runs).map(({ severity }) => severity)).toEqual(['low', 'low', 'low', 'low']);
});
