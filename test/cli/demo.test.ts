/**
 * The demo proves itself: it ends in an alert. demo-proof.test.ts has each part that can fail, and verify/tests/demo.test.ts
 * broken deployments, whose broken part the demo names.
 */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedAssembly } from '../deployments/assembly.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { demoFolder } from './demo-process.ts';

const LIMIT_MS = 300_000;
const demo = demoFolder();
let assembly: string;
beforeAll(() => {
  assembly = sharedAssembly();
}, LIMIT_MS);
afterAll(() => demo.remove());

test(
  'ends in the alert and the findings table, answers commands of another shell, and ends on Ctrl-C',
  async () => {
    const kept = demo.start(['demo', '--keep', '--assembly', assembly]);
    let [told, trouble] = ['', ''];
    kept.stderr.setEncoding('utf8').on('data', (text: string) => {
      trouble += text;
    });
    try {
      for await (const chunk of kept.stdout.setEncoding('utf8')) {
        told += chunk;
        if (told.includes('endpoints:')) break;
      }
      expect(trouble).not.toContain('demo failed');
      expect(told).toMatch(/high +vertical-scan +lateral +10\.0\.7\.105 +10\.0\.12\.30 +1024 +1019 +5/);
      expect(told).toMatch(
        /Subject: \[high\] lateral vertical scan by 10\.0\.7\.105 on 10\.0\.12\.30: 5 services answered \([0-9a-f]{8}\)/,
      );
      expect(told).toContain('WHAT TO DO NOW');
      // The command as the demo prints it, which finds the captured scan on any later day.
      const [, printed = ''] = /sweepwatch (findings list --local.*)/.exec(told)!;
      const list = await demo.run([...printed.split(' '), '--format', 'ndjson']);
      expect(list).toMatchObject({ code: 0, stderr: '' });
      const finding = JSON.parse(list.stdout);
      expectValidFinding(finding);
      const shown = await demo.run(['findings', 'show', finding.id, '--local']);
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('WHAT WOULD HAVE SUPPRESSED IT') });
    } finally {
      kept.kill('SIGINT');
    }
    const [code] = await once(kept, 'exit');
    expect(code).toBe(0);
    expect((await demo.run(['findings', 'list', '--local'])).code).toBe(2);
  },
  LIMIT_MS,
);
