/** The programs of a pod, and of everything that has a template for pods. */
import { objectOf, objectsOf, type Program, textOf, textsOf, type WorkloadFact } from './facts.ts';
import { isForCi } from './identities.ts';

type Json = Readonly<Record<string, unknown>>;
type Template = Pick<WorkloadFact, 'programs' | 'owner' | 'hasHostNetwork' | 'hasNetRaw' | 'isForCi'>;

/** A template within a template within a template would be no Kubernetes object. */
const MOST_LAYERS = 3;

/** What runs in a pod or in the pods of a workload. Undefined if the body holds no pod. */
export function templateOf(body: Json | undefined): Template | undefined {
  const spec = podSpecOf(body);
  if (!spec) return undefined;
  const metadata = objectOf(body?.metadata);
  const containers = [
    ...objectsOf(spec.initContainers),
    ...objectsOf(spec.containers),
    ...objectsOf(spec.ephemeralContainers),
  ];
  const owner = objectsOf(metadata?.ownerReferences)[0];
  const [kind, name] = [textOf(owner?.kind), textOf(owner?.name)];
  return {
    programs: containers.map(programOf),
    ...(kind !== undefined && name !== undefined && { owner: { kind, name } }),
    ...(spec.hostNetwork === true && { hasHostNetwork: true }),
    ...(containers.some(addsRawSockets) && { hasNetRaw: true }),
    ...(isForCi(Object.keys(objectOf(metadata?.labels) ?? {})) && { isForCi: true }),
  };
}

/** A CronJob holds a template of Jobs, which hold a template of pods. */
function podSpecOf(body: Json | undefined): Json | undefined {
  let spec = objectOf(body?.spec);
  for (let layer = 0; layer < MOST_LAYERS && spec; layer++) {
    if (Array.isArray(spec.containers)) return spec;
    spec = objectOf((objectOf(spec.jobTemplate) ?? objectOf(spec.template))?.spec);
  }
  return undefined;
}

function programOf(container: Json): Program {
  const image = textOf(container.image);
  return {
    ...(image !== undefined && { image }),
    argv: [...textsOf(container.command), ...textsOf(container.args)],
  };
}

function addsRawSockets(container: Json): boolean {
  const added = textsOf(objectOf(objectOf(container.securityContext)?.capabilities)?.add);
  return added.some((name) => /^(CAP_)?(NET_RAW|NET_ADMIN|ALL)$/i.test(name));
}
