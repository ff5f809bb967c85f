/** What still works for somebody who hides from the rules about signals. An improvement makes a test here fail. */
import { expect, test } from '@jest/globals';
import { HostLogReader } from '../../../lib/signals/host/index.ts';
import { ask, createPod, exec, signalsOf } from './audit-events.ts';

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

test('a look around in the form of a controller is low', () => {
  const events = ['secrets', 'pods', 'nodes', 'services', 'roles', 'configmaps'].map((resource) =>
    ask('watch', resource, { at: '2026-11-21T10:00:00Z', code: 403, user: 'system:serviceaccount:shop:web' }),
  );
  expect(signalsOf(events)).toMatchObject([{ kind: 'discovery-spree', severity: 'low' }]);
});

test('a program that asks fewer than 64 addresses without neighbours is low', () => {
  const reader = new HostLogReader('host');
  const severities = Array.from({ length: 64 }, (_, n) => [
    ...reader.read(
      `type=EXECVE msg=audit(1795000000.${String(n).padStart(3, '0')}:${n}): argc=4 a0="nc" a1="-z" a2="10.0.${n}.7" a3="22"`,
    ),
  ]).flat();
  const last = [...reader.finish()];
  expect([...severities, ...last].map(({ severity, tool }) => [severity, tool])).toEqual([
    ['low', 'nc'],
    ['medium', 'nc'],
  ]);
});
