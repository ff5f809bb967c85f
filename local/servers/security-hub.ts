/** BatchImportFindings and DescribeHub of Security Hub CSPM: a hub that is enabled or not, and the findings that it keeps. */
import type { buildApp } from 'fauxqs';
import { asffProblem } from '../checks/asff.ts';
import type { EmitEvent } from '../events.ts';
import { isObject } from '../template/json.ts';

/** The hub of an account and Region. */
export interface SecurityHub {
  isEnabled: boolean;
}

type Asff = Readonly<Record<string, unknown>>;

interface Context {
  readonly hub: SecurityHub;
  readonly emit: EmitEvent;
  readonly region: string;
  readonly accountId: string;
}

const MOST = 100;

/** Adds the calls to the embedded server before it listens. */
export function installSecurityHub(app: ReturnType<typeof buildApp>, context: Context): void {
  const stored = new Map<string, Asff>();
  app.addHook('preHandler', async (request, reply) => {
    const isOurs = String(request.headers.authorization).includes('/securityhub/aws4_request');
    if (isOurs && request.method === 'GET' && request.url === '/accounts') return describeHub(reply, context);
    if (!isOurs || request.url !== '/findings/import') return;
    reply.header('content-type', 'application/json');
    const body: unknown =
      isObject(request.body) && !Buffer.isBuffer(request.body) ? request.body : JSON.parse(String(request.body));
    const { Findings: findings = [] } = body as { Findings?: Asff[] };
    const refusal = refusalOf(findings, context);
    if (refusal) {
      const [code, name, Message] = refusal;
      await reply
        .code(code)
        .header('x-amzn-errortype', name)
        .send(JSON.stringify({ Code: name, Message }));
      return;
    }
    const failed = findings.flatMap((finding) => importOne(finding, stored, context));
    await reply.send(
      JSON.stringify({
        FailedCount: failed.length,
        SuccessCount: findings.length - failed.length,
        FailedFindings: failed,
      }),
    );
  });
}

interface Replying {
  code(status: number): Replying;
  header(name: string, value: string): Replying;
  send(body: string): unknown;
}

/** DescribeHub. */
async function describeHub(reply: Replying, { hub, region, accountId }: Context): Promise<void> {
  const answer = hub.isEnabled
    ? { HubArn: `arn:aws:securityhub:${region}:${accountId}:hub/default` }
    : { Code: 'InvalidAccessException', Message: `Account ${accountId} is not subscribed to AWS Security Hub` };
  reply.header('content-type', 'application/json');
  if (!hub.isEnabled) reply.code(401).header('x-amzn-errortype', 'InvalidAccessException');
  await reply.send(JSON.stringify(answer));
}

/** Why a call is refused as a whole. */
function refusalOf(findings: readonly Asff[], { region, accountId }: Context): [number, string, string] | undefined {
  if (findings.length < 1 || findings.length > MOST)
    return [400, 'InvalidInputException', `${findings.length} findings, expected 1 to ${MOST}`];
  const own = `arn:aws:securityhub:${region}:${accountId}:product/${accountId}/default`;
  const isForeign = findings.some(({ AwsAccountId, ProductArn }) => AwsAccountId !== accountId || ProductArn !== own);
  return isForeign
    ? [403, 'AccessDeniedException', 'User is not authorized to perform: securityhub:BatchImportFindings']
    : undefined;
}

function importOne(finding: Asff, stored: Map<string, Asff>, { hub, emit }: Context): object[] {
  const id = String(finding.Id);
  const refuse = (ErrorCode: string, ErrorMessage: string) => [{ Id: id, ErrorCode, ErrorMessage }];
  if (!hub.isEnabled) return refuse('InvalidAccess', 'Account is not subscribed to AWS Security Hub');
  const problem = asffProblem(finding);
  if (problem !== undefined) return refuse('InvalidInput', problem);
  const known = stored.get(id);
  // A finding that is not newer is accepted, and ignored.
  if (known && Date.parse(String(known.UpdatedAt)) >= Date.parse(String(finding.UpdatedAt))) return [];
  stored.set(id, finding);
  emit({ type: 'finding imported', id, body: JSON.stringify(finding) });
  return [];
}
