/**
 * Events of container engines. Docker names the command of an exec and never that of a run. Podman names no command at
 * all, and containerd neither image nor command.
 */
import { commandWords } from './command-words.ts';
import { definedText, type Fact, NO_TIME, objectOf, textOf, timeOf, type Where } from './facts.ts';
import { isForCi } from './identities.ts';

type Json = Readonly<Record<string, unknown>>;

/** The form of names that Docker and Podman make up: `nifty_franklin`, `nifty_franklin7`. */
const MADE_UP = /^[a-z]+_[a-z]+\d?$/;

/** Whether a JSON object is an event of `docker events`. */
export const isDockerEvent = (event: Json): boolean =>
  typeof event.Type === 'string' && typeof event.Action === 'string' && event.Actor !== undefined;

/** Whether a JSON object is an event of `podman events`. */
export const isPodmanEvent = (event: Json): boolean =>
  typeof event.Status === 'string' && typeof event.Name === 'string' && (event.Time ?? event.time) !== undefined;

/** A line of `docker events` without a format: time, type, action, id, attributes. */
const DOCKER_LINE =
  /^(\d{4}-\d\d-\d\dT\S{1,30}) (container|network|image|volume|service|node|plugin|daemon) (.{1,5000}?) (\S{1,300}) \((.*)\)\s*$/;

/** The event in a line of text. Undefined if it is not one. */
export function dockerLine(line: string): Json | undefined {
  const match = DOCKER_LINE.exec(line);
  if (!match) return undefined;
  const pairs = match[5]!
    .split(', ')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  const at = timeOf(match[1]) ?? NO_TIME;
  return {
    Type: match[2],
    Action: match[3],
    Actor: { ID: match[4], Attributes: Object.fromEntries(pairs) },
    time: at / 1000,
  };
}

/** The facts of an event of Docker or Swarm. @param host the host, which no event names. */
export function dockerFacts(event: Json, host: string | undefined): Fact[] {
  if (event.Type !== 'container') return [];
  const actor = objectOf(event.Actor);
  const attributes = objectOf(actor?.Attributes) ?? {};
  const id = textOf(actor?.ID) ?? '';
  const action = String(event.Action);
  const at = typeof event.timeNano === 'number' ? Math.floor(event.timeNano / 1e6) : Number(event.time ?? 0) * 1000;
  const service = textOf(attributes['com.docker.swarm.service.name']);
  const name = textOf(attributes.name) ?? id.slice(0, 12);
  const exec = /^exec_(?:create|start): ([\s\S]*)$/.exec(action);
  const where: Where = {
    platform: service === undefined ? 'docker' : 'swarm',
    container: id,
    pod: name,
    ...definedText('image', attributes.image),
    ...definedText('namespace', service),
    ...definedText('host', host),
  };
  if (exec)
    return [
      {
        type: 'exec',
        // Both events of one exec have one id.
        key: `${id} ${textOf(attributes.execID) ?? `${at}`}`,
        at,
        entry: 'exec',
        where,
        argv: commandWords(exec[1]!),
        isRefused: false,
      },
    ];
  return lifeFacts(action, { id, at, where, name, labels: Object.keys(attributes) });
}

/** The facts of an event of Podman. */
export function podmanFacts(event: Json, host: string | undefined): Fact[] {
  if (event.Type !== 'container' && event.type !== 'container') return [];
  const id = textOf(event.ID) ?? textOf(event.Id) ?? '';
  const time = event.Time ?? event.time;
  const at = typeof time === 'number' ? time * 1000 : (timeOf(time) ?? NO_TIME);
  const name = textOf(event.Name) ?? id.slice(0, 12);
  const where: Where = {
    platform: 'podman',
    container: id,
    pod: name,
    ...definedText('image', event.Image),
    ...definedText('host', host),
  };
  const status = String(event.Status);
  if (status === 'exec')
    return [
      {
        type: 'exec',
        key: `${id} exec ${String(time)}`,
        at,
        entry: 'exec',
        where,
        argv: [],
        isCommandUnknown: true,
        isRefused: false,
      },
    ];
  return lifeFacts(status, { id, at, where, name, labels: Object.keys(objectOf(event.Attributes) ?? {}) });
}

interface Life {
  readonly id: string;
  readonly at: number;
  readonly where: Where;
  readonly name: string;
  readonly labels: readonly string[];
}

/** A container counts when it starts. One that was made and removed never ran. */
function lifeFacts(action: string, { id, at, where, name, labels }: Life): Fact[] {
  if (action === 'start')
    return [
      {
        type: 'workload',
        key: `${id} start`,
        at,
        kind: 'Container',
        where,
        name,
        programs: [{ ...definedText('image', where.image), argv: [], isCommandUnknown: true }],
        ...(where.namespace !== undefined && { owner: { kind: 'service', name: where.namespace } }),
        ...(isForCi(labels) && { isForCi: true }),
        ...(MADE_UP.test(name) && { hasRandomName: true }),
        isRefused: false,
      },
    ];
  if (action === 'die' || action === 'died' || action === 'destroy' || action === 'remove')
    return [{ type: 'end', key: `${id} end`, at, id }];
  return [];
}

/** A line of `ctr events`: time, namespace, topic, JSON. */
const CONTAINERD = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) \+0000 UTC (\S+) (\/\S+) (\{.*\})\s*$/;

/** The JSON and topic of a line of `ctr events`. Undefined if it is not one. */
export function containerdLine(
  line: string,
): { readonly at: number; readonly namespace: string; readonly topic: string; readonly body: string } | undefined {
  const match = CONTAINERD.exec(line);
  if (!match) return undefined;
  return { at: timeOf(match[1]) ?? NO_TIME, namespace: match[2]!, topic: match[3]!, body: match[4]! };
}

/** The facts of an event of containerd. Its namespace `moby` belongs to Docker, which keeps the image to itself. */
export function containerdFacts(
  { at, namespace, topic }: { readonly at: number; readonly namespace: string; readonly topic: string },
  body: Json,
  host: string | undefined,
): Fact[] {
  const id = textOf(body.container_id) ?? textOf(body.id) ?? '';
  const where: Where = {
    platform: 'containerd',
    container: id,
    pod: id.slice(0, 12),
    ...definedText('image', body.image),
    ...definedText('host', host),
  };
  if (topic === '/tasks/exec-started')
    return [
      {
        type: 'exec',
        key: `${id} ${textOf(body.exec_id) ?? at}`,
        at,
        entry: 'exec',
        where,
        argv: [],
        isCommandUnknown: true,
        isRefused: false,
      },
    ];
  if (topic === '/containers/create' && where.image !== undefined && namespace !== 'moby')
    return lifeFacts('start', { id, at, where, name: id.slice(0, 12), labels: [] });
  if (topic === '/tasks/exit' && body.id === id) return lifeFacts('die', { id, at, where, name: id, labels: [] });
  return [];
}
