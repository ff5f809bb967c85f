/** Imports findings into Security Hub CSPM. The answer is read finding by finding, since it says 200 to failed ones. */
import { CallError, type Caller, MAY_PASS, pause, post } from './signed-call.ts';

/** Findings of one call. */
const MOST = 100;
const ROUNDS = 3;

type Asff = Readonly<Record<string, unknown>>;

interface Failure {
  readonly finding: Asff;
  readonly code: string;
  readonly message: string;
}

/**
 * Imports all findings. One that fails does not hold back the others, and an import that is repeated changes nothing.
 * @throws CallError once, after all calls, if findings were refused in the end.
 */
export async function importFindings(caller: Caller, findings: readonly Asff[]): Promise<void> {
  const failed: Failure[] = [];
  for (let at = 0; at < findings.length; at += MOST)
    failed.push(...(await importCall(caller, findings.slice(at, at + MOST))));
  const [first] = failed;
  if (first)
    throw new CallError(
      first.code,
      `Security Hub did not accept ${failed.length} of ${findings.length} findings: ${meaning(first)}`,
      MAY_PASS.test(first.code),
    );
}

const meaning = ({ code, message }: Failure): string =>
  code === 'InvalidAccess'
    ? `${message || 'no access'} (is Security Hub CSPM enabled in this account and Region?)`
    : message;

async function importCall(caller: Caller, findings: readonly Asff[]): Promise<Failure[]> {
  const lost: Failure[] = [];
  let waiting = findings;
  for (let round = 1; ; round++) {
    let failed: Failure[];
    try {
      failed = await failuresOf(caller, waiting);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const { code, reason } = error;
      return [...lost, ...waiting.map((finding) => ({ finding, code, message: reason }))];
    }
    const again = round < ROUNDS ? failed.filter(({ code }) => MAY_PASS.test(code)) : [];
    lost.push(...failed.filter((failure) => !again.includes(failure)));
    if (again.length === 0) return lost;
    waiting = again.map(({ finding }) => finding);
    await pause(caller, round);
  }
}

async function failuresOf(caller: Caller, findings: readonly Asff[]): Promise<Failure[]> {
  const answer = await post(caller, '/findings/import', { 'content-type': 'application/json' }, { Findings: findings });
  if (!answer.FailedCount) return [];
  const failed = (answer.FailedFindings ?? []) as { Id?: string; ErrorCode?: string; ErrorMessage?: string }[];
  return failed.flatMap(({ Id, ErrorCode: code = 'Unknown', ErrorMessage: message = '' }) => {
    const finding = findings.find((each) => each.Id === Id);
    return finding ? [{ finding, code, message }] : [];
  });
}
