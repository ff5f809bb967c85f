/** A resource with evaluated properties, and what its creator may use to create it. */
import type { Clients } from '../clients.ts';
import type { EmitEvent } from '../events.ts';
import { type InvokeConfig, invokeAsynchronously } from '../functions/asynchronous.ts';
import type { EventSourceSettings } from '../functions/event-source.ts';
import type { LocalFunction } from '../functions/local-function.ts';
import type { Schedule } from '../functions/schedule.ts';
import type { Background } from '../servers/background.ts';
import type { Chats } from '../servers/chats.ts';
import type { EventBus } from '../servers/event-bus.ts';
import type { LogGroups } from '../servers/log-groups.ts';
import type { SecurityHub } from '../servers/security-hub.ts';
import type { Machines } from '../servers/step-functions.ts';
import type { JsonObject } from '../template/json.ts';
import type { StackIdentity } from '../template/parameters.ts';

/** A resource with all values evaluated. */
export interface ResolvedResource {
  logicalId: string;
  type: string;
  properties: JsonObject;
  metadata: JsonObject;
}

/** The values of Ref (physicalId) and GetAtt (attributes). */
export interface PhysicalIdentity {
  physicalId: string;
  attributes: Record<string, string>;
}

/** A resource that exists. */
export type CreatedResource = ResolvedResource & PhysicalIdentity;

/** The result of a creator. */
export interface Creation extends PhysicalIdentity {
  /** Deletes the resource again, for a rollback of the deployment. Rejects with the service's message. */
  remove?(): Promise<void>;
}

/** A part of the template without an effect here, and why. */
export interface InertResource {
  logicalId: string;
  type: string;
  reason: string;
}

/** The account and Region that a stack is deployed into, as far as rules depend on them. */
export interface AccountState {
  /** Whether the account already has an ECS cluster in this Region. Default: no. */
  readonly hasEcsCluster?: boolean;
  /** The highest version of flow log fields that this Region offers. Default: all versions. */
  readonly flowLogVersion?: number;
  /** The log groups that exist already, by name. Default: none. */
  readonly logGroups?: readonly string[];
}

/** The stack under construction. Creators add to its collections. */
export interface Stack extends StackIdentity {
  clients: Clients;
  engine: 'dynoxide' | 'dynalite';
  /** Deliveries in progress. */
  background: Background;
  /** The embedded EventBridge. Undefined if another emulator serves S3, SQS and SNS. */
  bus: EventBus | undefined;
  /** The chat channels. Undefined if another emulator serves SNS. */
  chats: Chats | undefined;
  /** The account's Security Hub. Undefined if another emulator is used. */
  hub: SecurityHub | undefined;
  /** The state machines of the account. Undefined if another emulator is used. */
  machines: Machines | undefined;
  /** The log groups of the account. */
  logGroups: LogGroups;
  /** The AWS_* variables that each function gets. */
  cloud: Record<string, string>;
  emit: EmitEvent;
  bundleFolder(logicalId: string, metadata: JsonObject, code: JsonObject): string;
  /** The account state that rules depend on. */
  accountState: AccountState;
  /** The buckets of the account, by name. */
  buckets: Set<string>;
  /** The buckets that rules listen to, by name. */
  watchedBuckets: Set<string>;
  functions: LocalFunction[];
  eventSources: EventSourceSettings[];
  schedules: Schedule[];
  /** How asynchronous events are repeated, by the ARN of the function. */
  invokeConfigs: Map<string, InvokeConfig>;
  inert: InertResource[];
}

/** Creates one resource. Throws if the template asks for something that is not simulated. */
export type CreateResource = (resource: ResolvedResource, stack: Stack) => Promise<Creation>;

/** The function whose name or ARN a property contains. Throws naming the property's owner. */
export function findFunction(stack: Stack, nameOrArn: string, owner: string): LocalFunction {
  const found = stack.functions.find(({ settings }) => settings.arn === nameOrArn || settings.name === nameOrArn);
  if (found === undefined) throw new Error(`${owner} names the function ${nameOrArn}, expected one of this stack`);
  return found;
}

/** Invokes a function as services do that need no answer. `what` names the caller where a failure cannot be kept. */
export function invokeInBackground(stack: Stack, lambda: LocalFunction, event: unknown, what: string): void {
  stack.background.run(what, () =>
    invokeAsynchronously(lambda, event, stack.invokeConfigs.get(lambda.settings.arn), stack.clients.sqs),
  );
}
