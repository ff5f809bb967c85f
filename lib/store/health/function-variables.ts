/** The environment variables of a deployed function. */
import { type Connection, createSqsClient } from '../clients.ts';
import { ask } from './ask.ts';
import type { Answer } from './facts.ts';
import { SignedCalls } from './signed-calls.ts';

/** The variables of a function, or why they are not known. */
export async function functionVariables(
  name: string,
  connection: Connection,
): Promise<Answer<Readonly<Record<string, string>>>> {
  const client = createSqsClient(connection);
  try {
    return await ask('lambda:GetFunctionConfiguration', async () => {
      const path = `/2015-03-31/functions/${encodeURIComponent(name)}/configuration`;
      const calls = new SignedCalls(client, connection);
      const { Environment } = await calls.lambda<{ Environment?: { Variables?: Record<string, string> } }>(path);
      return Environment?.Variables ?? {};
    });
  } finally {
    client.destroy();
  }
}
