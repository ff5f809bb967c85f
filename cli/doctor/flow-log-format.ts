/** Whether the format of a flow log has the columns that detection reads. */
import { isEcsColumn, LOSSES, REQUIRED_COLUMNS } from '../../lib/flowlog/read-columns.ts';
import type { FlowLogFacts } from '../../lib/store/health/facts.ts';
import { fail, type Verdict, warn } from './check.ts';

/** What the format of a flow log lacks. Undefined if it lacks nothing. */
export function judgeFormat({ id, resource, columns }: FlowLogFacts, command: string): Verdict | undefined {
  // A Transit Gateway has a format of its own.
  if (!columns.length || columns.includes('tgw-id')) return undefined;
  const absent = REQUIRED_COLUMNS.filter((name) => !columns.includes(name));
  if (absent.length)
    return fail(
      `format of ${id} of ${resource} lacks ${absent.join(', ')}`,
      'without these columns nothing can be detected, or a finding cannot say whose traffic it is about',
      command,
    );
  const lost = LOSSES.filter((loss) => loss.columns.some((name) => !isEcsColumn(name) && !columns.includes(name)));
  if (!lost.length) return undefined;
  const names = lost.flatMap((loss) => loss.columns.filter((name) => !columns.includes(name)));
  return warn(
    `format of ${id} of ${resource} lacks ${names.join(', ')}`,
    lost.map(({ text }) => text).join('. Also, '),
    command,
  );
}
