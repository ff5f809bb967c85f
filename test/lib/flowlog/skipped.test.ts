/** Reasons for skipping a line. */
import { expect, test } from '@jest/globals';
import { SKIP_REASONS } from '../../../lib/flowlog/skipped.ts';

test('every reason says in words what was expected', () => {
  for (const text of Object.values(SKIP_REASONS)) expect(text.split(' ').length).toBeGreaterThan(4);
});
