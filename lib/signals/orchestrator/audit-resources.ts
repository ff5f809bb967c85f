/** The resources of the Kubernetes API that audit events are read for. */
import type { Entry } from './facts.ts';

/** Subresources of a pod by which a running container is entered. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  exec: 'exec',
  attach: 'attach',
  portforward: 'port-forward',
  ephemeralcontainers: 'ephemeral-container',
};
/** Resources whose body holds a pod, or a template of pods. */
export const WORKLOADS: ReadonlySet<string> = new Set([
  'pods',
  'jobs',
  'cronjobs',
  'deployments',
  'daemonsets',
  'statefulsets',
  'replicasets',
  'replicationcontrollers',
]);
/** Lists that tell where services are. */
export const MAPS: ReadonlySet<string> = new Set([
  'services',
  'endpoints',
  'endpointslices',
  'pods',
  'nodes',
  'ingresses',
  'networkpolicies',
  'namespaces',
]);
/** Programs that look for weak points of a cluster, by the first words of their user agent, which is free text. */
export const SEEKERS = /\b(kube-?hunter|peirates|kdigger|rakkess|kubeletctl|kubestriker|trufflehog|kubesploit)\b/i;

/** Questions about one's own rights. */
export const REVIEWS: ReadonlySet<string> = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews']);
