/** Judges the newest object of a bucket of flow logs: how old it is, and whether it can be read. */
import { known } from '../../lib/store/health/ask.ts';
import type { Answer, Facts, ObjectFacts } from '../../lib/store/health/facts.ts';
import { fail, judged, ok, skip, spanOf, type Verdict, warn } from './check.ts';

/** Files arrive every five minutes, up to ten minutes after the traffic. */
const RECENT = 900;
const LATE = 3600;

/** Judges its age. `of` begins the texts, where there are several buckets, and `show` is the command to run next. */
export const judgeNewest = (
  facts: Facts,
  {
    bucket,
    newest,
    show,
    of = '',
  }: {
    readonly bucket: string;
    readonly newest: Answer<ObjectFacts | undefined>;
    readonly show: string;
    readonly of?: string;
  },
): readonly Verdict[] =>
  judged(facts, `bucket ${bucket}`, newest, (object) => {
    if (!object) {
      const because = 'no flow log has delivered yet. A new one takes some minutes, and needs traffic';
      return fail(`${of}the bucket has no object`, because, show);
    }
    const age = facts.now - object.at;
    if (object.isSample && age > RECENT)
      return warn(
        `${of}newest object of the folders that were looked at is ${spanOf(age)} old`,
        'the bucket has more accounts, Regions or prefixes than doctor follows, and others may have newer objects',
        show,
      );
    if (age <= RECENT) return ok(`${of}newest object is ${spanOf(Math.max(0, age))} old`);
    const text = `${of}newest object is ${spanOf(age)} old`;
    const because = 'flow logs deliver every five minutes while there is traffic';
    return age <= LATE ? warn(text, because, show) : fail(text, because, show);
  });

/** Judges whether it could be read. */
export function judgeRead(
  facts: Facts,
  {
    newest,
    read,
    show,
    of = '',
  }: {
    readonly newest: Answer<ObjectFacts | undefined>;
    readonly read: Answer<number>;
    readonly show: string;
    readonly of?: string;
  },
): readonly Verdict[] {
  if (known(newest)?.key === undefined) return [skip(`${of}reading an object: there is no object to read`)];
  if ('missing' in read)
    return [
      fail(
        `${of}the newest object cannot be read: ${read.missing}`,
        'the policy of the bucket or its key refuses. Ingest may be refused too: its errors are in its log',
        show,
      ),
    ];
  return judged(facts, `${of}reading an object`, read, () => ok(`${of}the newest object can be read`));
}
