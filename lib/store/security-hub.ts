/** Imports findings into Security Hub CSPM. The answer is read finding by finding, since it says 200 to failed ones. */
import { type Failure, failuresAfterRounds, refusal } from './partial-failures.ts';
import { type Caller, post } from './signed-call.ts';

/** Findings of one call. */
const MOST = 100;

type Asff = Readonly<Record<string, unknown>>;

/**
 * Imports all findings. One that fails does not hold back the others, and an import that is repeated changes nothing.
 * @throws CallError once, after all calls, if findings were refused in the end.
 */
export async function importFindings(caller: Caller, findings: readonly Asff[]): Promise<void> {
  const failed: Failure<Asff>[] = [];
  for (let at = 0; at < findings.length; at += MOST)
    failed.push(
      ...(await failuresAfterRounds(caller, findings.slice(at, at + MOST), (some) => failuresOf(caller, some))),
    );
  const [first] = failed;
  if (first)
    throw refusal(
      { ...first, message: meaning(first) },
      'Security Hub did not accept',
      failed.length,
      `${findings.length} findings`,
    );
}

const meaning = ({ code, message }: Failure<Asff>): string =>
  code === 'InvalidAccess'
    ? `${message || 'no access'} (is Security Hub CSPM enabled in this account and Region?)`
    : message;

async function failuresOf(caller: Caller, findings: readonly Asff[]): Promise<Failure<Asff>[]> {
  const answer = await post(caller, '/findings/import', { 'content-type': 'application/json' }, { Findings: findings });
  if (!answer.FailedCount) return [];
  const failed = (answer.FailedFindings ?? []) as { Id?: string; ErrorCode?: string; ErrorMessage?: string }[];
  return failed.flatMap(({ Id, ErrorCode: code = 'Unknown', ErrorMessage: message = '' }) => {
    const finding = findings.find((each) => each.Id === Id);
    return finding ? [{ entry: finding, code, message }] : [];
  });
}
