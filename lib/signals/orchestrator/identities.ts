/** What kind of caller a name stands for. Names are free text: they explain a finding and never excuse a known tool. */

/** A person includes everything that is not recognised as something else, such as an assumed role. */
export type Identity = 'anonymous' | 'system' | 'controller' | 'automation' | 'workload' | 'person' | 'unknown';

const CI =
  /(^|[^a-z0-9])(ci|cicd|gitlab|jenkins|tekton|argo|argocd|argo-workflows|github|github-actions|actions|arc|runners?|buildkite|drone|circleci|teamcity|bamboo|concourse|woodpecker|spinnaker|airflow|spark|flux|prow)([^a-z0-9]|$)/i;
const CI_LABEL =
  /^(ci[./]|ci$|com\.gitlab|gitlab|jenkins|.*\bgithub|actions\.|drone|buildkite|circleci|tekton\.dev|workflows\.argoproj|com\.docker\.compose)/i;
/** Consoles in a browser: a person opens the shell, and the console's service account asks for it. */
const CONSOLE = /dashboard|cattle|rancher|headlamp|octant|teleport|portainer|kubesphere|console/i;
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):(.+)$/;

/** The namespace and name of a service account's user name. */
export function serviceAccountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const match = SERVICE_ACCOUNT.exec(user);
  return match ? { namespace: match[1]!, name: match[2]! } : undefined;
}

/** The kind of a caller by its user name. */
export function identityOf(user: string | undefined): Identity {
  if (user === undefined) return 'unknown';
  if (user === 'system:anonymous' || user === 'system:unauthenticated') return 'anonymous';
  const account = serviceAccountOf(user);
  if (account) {
    if (account.namespace === 'kube-system') return 'controller';
    if (CI.test(account.namespace) || CI.test(account.name)) return 'automation';
    return CONSOLE.test(account.namespace) || CONSOLE.test(account.name) ? 'person' : 'workload';
  }
  if (user === 'system:admin' || user === 'system:masters') return 'person';
  if (/^(system:|eks:|aws:|kube-)/.test(user)) return 'system';
  return CI.test(user) ? 'automation' : 'person';
}

/** Whether a namespace is one of continuous integration, by its name. */
export const isCiNamespace = (namespace: string | undefined): boolean => namespace !== undefined && CI.test(namespace);

/** Whether labels are those that continuous integration puts on its containers. */
export const isForCi = (labels: readonly string[]): boolean => labels.some((label) => CI_LABEL.test(label));
