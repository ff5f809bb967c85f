/** State changes of ECS tasks, which EventBridge delivers: address, interface, images and overrides of a task. */
import {
  definedText,
  type Fact,
  NO_TIME,
  objectOf,
  objectsOf,
  type Program,
  textOf,
  textsOf,
  timeOf,
} from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

/** Whether a JSON object is the state change of a task. */
export const isTaskStateChange = (event: Json): boolean =>
  event.source === 'aws.ecs' && event['detail-type'] === 'ECS Task State Change';

/** The facts of one state change. Each change of a task repeats everything known, so that facts of all are one. */
export function taskFacts(event: Json): Fact[] {
  const detail = objectOf(event.detail);
  const taskArn = textOf(detail?.taskArn);
  if (!detail || taskArn === undefined) return [];
  const changed = timeOf(detail.updatedAt) ?? timeOf(event.time) ?? NO_TIME;
  const created = timeOf(detail.createdAt) ?? changed;
  const attachments = objectsOf(detail.attachments).map((attachment) => detailsOf(attachment.details));
  const containers = objectsOf(detail.containers);
  const addresses = [
    ...new Set(
      [
        // AWS spells it in two ways.
        ...attachments.map((details) => details.privateIPv4Address ?? details.privateIpv4Address),
        ...containers
          .flatMap(({ networkInterfaces }) => objectsOf(networkInterfaces))
          .map((one) => textOf(one.privateIpv4Address) ?? textOf(one.privateIPv4Address)),
      ].filter((address) => address !== undefined),
    ),
  ];
  const interfaceId = attachments.map(({ networkInterfaceId }) => networkInterfaceId).find((id) => id !== undefined);
  const name = textOf(detail.group) ?? taskArn;
  const key = `${taskArn} ${textOf(detail.version) ?? detail.version ?? changed}`;
  const facts: Fact[] = [
    {
      type: 'workload',
      key: taskArn,
      at: created,
      kind: 'Task',
      where: { platform: 'ecs', taskArn, ...definedText('cluster', detail.clusterArn) },
      name,
      programs: programsOf(detail, containers),
      ...ownerOf(name, textOf(detail.startedBy)),
      isRefused: false,
    },
    {
      type: 'place',
      key,
      at: created,
      id: taskArn,
      platform: 'ecs',
      name,
      addresses,
      ...definedText('interfaceId', interfaceId),
      ...definedText('image', containers[0]?.image),
      from: created,
    },
  ];
  const stopped = timeOf(detail.stoppedAt);
  if (stopped !== undefined) facts.push({ type: 'end', key, at: stopped, id: taskArn });
  return facts;
}

const ownerOf = (group: string, startedBy: string | undefined) =>
  group.startsWith('service:') || startedBy?.startsWith('ecs-svc/')
    ? { owner: { kind: 'service', name: group.replace(/^service:/, '') } }
    : {};

/** The event has the command only if the task was started with another one than its definition says. */
function programsOf(detail: Json, containers: readonly Json[]): Program[] {
  const overrides = new Map(
    objectsOf(objectOf(detail.overrides)?.containerOverrides).map((one) => [textOf(one.name), textsOf(one.command)]),
  );
  return containers.map((container) => {
    const argv = overrides.get(textOf(container.name)) ?? [];
    return { ...definedText('image', container.image), argv, ...(argv.length === 0 && { isCommandUnknown: true }) };
  });
}

function detailsOf(details: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objectsOf(details).flatMap(({ name, value }) => {
      const [key, text] = [textOf(name), textOf(value)];
      return key !== undefined && text !== undefined ? [[key, text]] : [];
    }),
  );
}
