/** DescribeStacks of CloudFormation, for the stack that the local cloud runs. */
import type { buildApp } from 'fauxqs';
import { escapeXml } from './notification-config.ts';

/** The part of a stack that DescribeStacks returns. */
export interface DescribedStack {
  readonly status: 'CREATE_IN_PROGRESS' | 'CREATE_COMPLETE' | 'UPDATE_ROLLBACK_FAILED' | 'ROLLBACK_COMPLETE';
  readonly outputs: Readonly<Record<string, string>>;
  /** The id of the stack, which names Region and account. Default: none. */
  readonly id?: string;
  /** When it was created, ISO 8601. Default: long ago. */
  readonly created?: string;
}

const STARTED = '2026-01-01T00:00:00Z';

/** Adds the call to the embedded server before it listens. `stacks` by name may change while it serves. */
export function installStacks(app: ReturnType<typeof buildApp>, stacks: ReadonlyMap<string, DescribedStack>): void {
  app.addHook('preHandler', async (request, reply) => {
    const form = request.body as Record<string, string> | undefined;
    if (request.url !== '/' || form?.Action !== 'DescribeStacks') return;
    reply.header('content-type', 'text/xml');
    const { StackName: name } = form;
    const wanted = name === undefined ? [...stacks] : [...stacks].filter(([each]) => each === name);
    if (name !== undefined && !wanted.length) {
      const message = `Stack with id ${escapeXml(name)} does not exist`;
      const details = `<Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message>`;
      await reply
        .code(400)
        .send(`<ErrorResponse><Error>${details}</Error><RequestId>${request.id}</RequestId></ErrorResponse>`);
      return;
    }
    await reply.send(
      `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>` +
        `<Stacks>${wanted.map(stackXml).join('')}</Stacks></DescribeStacksResult>` +
        `<ResponseMetadata><RequestId>${request.id}</RequestId></ResponseMetadata></DescribeStacksResponse>`,
    );
  });
}

function stackXml([name, { status, outputs, id, created = STARTED }]: readonly [string, DescribedStack]): string {
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${escapeXml(key)}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
  );
  return (
    `<member><StackName>${escapeXml(name)}</StackName>${id ? `<StackId>${escapeXml(id)}</StackId>` : ''}` +
    `<CreationTime>${created}</CreationTime><StackStatus>${status}</StackStatus>` +
    `<Outputs>${members.join('')}</Outputs></member>`
  );
}
