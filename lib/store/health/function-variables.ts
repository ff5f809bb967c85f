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
    const calls = new SignedCalls(client, connection);
    return await ask('lambda:GetFunctionConfiguration', () => variablesOf(calls, name));
  } finally {
    client.destroy();
  }
}

async function variablesOf(calls: SignedCalls, name: string): Promise<Readonly<Record<string, string>>> {
  const path = `/2015-03-31/functions/${encodeURIComponent(name)}/configuration`;
  const { Environment } = await calls.lambda<{ Environment?: { Variables?: Record<string, string> } }>(path);
  return Environment?.Variables ?? {};
}

/** The settings of a function that checks ask about. */
interface FunctionSettings {
  readonly routingDomains: Readonly<Record<string, readonly string[]>>;
  readonly hasInventory: boolean;
}

/** The settings that a function has. */
export async function functionSettings(calls: SignedCalls, name: string): Promise<FunctionSettings> {
  const { SETTINGS = '{}' } = await variablesOf(calls, name);
  const { routingDomains = {}, hasInventory = false } = JSON.parse(SETTINGS) as Partial<FunctionSettings>;
  return { routingDomains, hasInventory };
}
