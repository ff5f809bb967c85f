/**
 * A day of a cluster in which nobody scans, as the audit log of EKS tells it: seeded, so that every seed is another day
 * and each day can be had again. Names, users and user agents are those that the programs really have.
 */
import { type Random, randomOf, shuffled } from '../../../bench/random.ts';
import {
  type AuditEvent,
  ask,
  createPod,
  createWorkload,
  deletePod,
  enter,
  event,
  exec,
  podAddress,
  throughProxy,
} from './audit-events.ts';

/** When the day begins, epoch milliseconds. */
export const DAY = Date.parse('2026-11-21T00:00:00Z');
const HOUR = 3600;
const NAMESPACES = ['shop', 'payments', 'search', 'web', 'data'];
const NODES = 12;

const at = (second: number): string => new Date(DAY + Math.floor(second) * 1000).toISOString().replace('.000Z', 'Z');
const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const controller = (name: string) => `system:serviceaccount:kube-system:${name}-controller`;
const account = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;
const pick = <T>(random: Random, from: readonly T[]): T => from[random.whole(0, from.length - 1)]!;
const suffix = (random: Random): string =>
  times(5)
    .map(() => pick(random, [...'bcdfghjklmnpqrstvwxz2456789']))
    .join('');

/** A node, with the name and the instance that its kubelet reports. */
const nodeOf = (number: number) => ({
  node: `ip-10-0-${number}-10.ec2.internal`,
  instanceId: `i-0ff2a0c6a833fe${String(number).padStart(3, '0')}`,
  hostIp: `10.0.${number}.10`,
});

interface Life {
  readonly namespace: string;
  readonly begins: number;
  readonly lasts: number;
  readonly user?: string;
  readonly owner?: { kind: string; name: string };
  readonly labels?: Record<string, string>;
  readonly spec?: AuditEvent;
  readonly agent?: string;
}

/** A pod from its creation to its end, with the address that its kubelet reports. */
function life(name: string, container: AuditEvent, { namespace, begins, lasts, ...pod }: Life, random: Random) {
  const number = random.whole(0, NODES - 1);
  return [
    createPod(name, container, { at: at(begins), namespace, ...pod }),
    podAddress(name, {
      at: at(begins + 2),
      namespace,
      address: `10.0.${number}.${random.whole(20, 250)}`,
      ...nodeOf(number),
    }),
    deletePod(name, { at: at(begins + lasts), namespace, ...(pod.user !== undefined && { user: pod.user }) }),
  ];
}

/** The scripts of containers that wait for others, check themselves, or fetch something. */
const STARTS: readonly AuditEvent[] = [
  { image: 'registry.internal/shop:5', args: ['--port', '8080', '--workers', '4'] },
  { image: 'busybox:1.36', command: ['sh', '-c', 'until nc -z db.data 5432; do echo waiting; sleep 2; done'] },
  {
    image: 'busybox:1.36',
    command: [
      'sh',
      '-c',
      `for s in db:5432 cache:6379 queue:5672; do until nc -z ${'$'}{s%:*} ${'$'}{s#*:}; do sleep 1; done; done`,
    ],
  },
  {
    image: 'busybox:1.36',
    command: ['sh', '-c', 'until nslookup db.data.svc.cluster.local; do echo waiting for db; sleep 2; done'],
  },
  {
    image: 'curlimages/curl:8.11.0',
    command: [
      'sh',
      '-c',
      'for i in $(seq 1 30); do curl -sf http://shop.web:8080/healthz && exit 0; sleep 2; done; exit 1',
    ],
  },
  { image: 'registry.internal/migrate:2', command: ['/wait-for-it.sh', 'db.data:5432', '-t', '60', '--', './migrate'] },
  { image: 'bash:5', command: ['bash', '-c', 'until (echo > /dev/tcp/db.data/5432) 2>/dev/null; do sleep 1; done'] },
  { image: 'amazon/aws-cli:2.22', command: ['sh', '-c', 'aws s3 sync /data s3://backup/data --only-show-errors'] },
  { image: 'postgres:17', command: ['sh', '-c', 'pg_dump -h db.data -U app app | gzip > /backup/app.sql.gz'] },
  {
    image: 'python:3.13-slim',
    command: ['python', '-c', 'import urllib.request as u; u.urlopen("http://shop.web:8080/cron/daily")'],
  },
];

/** What makes up a day, by a name for the test. Each takes a generator of its own. */
const PARTS: Readonly<Record<string, (random: Random) => AuditEvent[]>> = {
  'rolling updates by the deployment controller': (random) =>
    times(40).flatMap((rollout) => {
      const namespace = pick(random, NAMESPACES);
      const begins = random.whole(7 * HOUR, 19 * HOUR);
      const name = `app-${rollout}`;
      const set = `${name}-${random.whole(1e8, 9e8).toString(16)}`;
      const image = `registry.internal/${name}:${rollout}`;
      return [
        createWorkload('Deployment', name, { image }, { at: at(begins), namespace, user: pick(random, DEPLOYERS) }),
        event(
          'update',
          `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`,
          { resource: 'deployments', namespace, name, subresource: 'status', apiGroup: 'apps' },
          { at: at(begins + 1), user: controller('deployment') },
        ),
        ...times(random.whole(2, 9)).flatMap((pod) =>
          life(
            `${set}-${suffix(random)}`,
            pod === 0 ? pick(random, STARTS) : { image },
            {
              namespace,
              begins: begins + 5 * pod,
              lasts: random.whole(600, 9 * HOUR),
              user: controller('replicaset'),
              owner: { kind: 'ReplicaSet', name: set },
              labels: { app: name, 'pod-template-hash': set.split('-').at(-1)! },
            },
            random,
          ),
        ),
      ];
    }),
  'an autoscaler that adds and removes pods all day': (random) =>
    times(150).flatMap((step) => {
      const begins = step * 560 + random.whole(0, 200);
      return [
        event(
          'update',
          '/apis/apps/v1/namespaces/web/deployments/front/scale',
          { resource: 'deployments', namespace: 'web', name: 'front', subresource: 'scale', apiGroup: 'apps' },
          { at: at(begins), user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' },
        ),
        ...times(random.whole(1, 4)).flatMap(() =>
          life(
            `front-6d4cf56db6-${suffix(random)}`,
            { image: 'registry.internal/front:3' },
            {
              namespace: 'web',
              begins,
              lasts: random.whole(20, 400),
              user: controller('replicaset'),
              owner: { kind: 'ReplicaSet', name: 'front-6d4cf56db6' },
            },
            random,
          ),
        ),
      ];
    }),
  'CronJobs every few minutes': (random) =>
    times(8).flatMap((job) => {
      const namespace = pick(random, NAMESPACES);
      const container = pick(random, STARTS);
      const every = pick(random, [300, 600, 900, 3600]);
      return times(Math.floor((24 * HOUR) / every)).flatMap((run) =>
        life(
          `task-${job}-${29_000_000 + run}-${suffix(random)}`,
          container,
          {
            namespace,
            begins: run * every,
            lasts: random.whole(4, 50),
            user: controller('job'),
            owner: { kind: 'Job', name: `task-${job}-${29_000_000 + run}` },
          },
          random,
        ),
      );
    }),
  'builds in namespaces of continuous integration, with exec and cp of the runner': (random) =>
    times(120).flatMap((build) => {
      const namespace = pick(random, ['gitlab-runner', 'ci', 'builds']);
      const user = account(namespace, namespace === 'builds' ? 'default' : 'gitlab-runner');
      const begins = random.whole(6 * HOUR, 20 * HOUR);
      const pod = `runner-${suffix(random)}-project-${build % 17}-concurrent-${build % 4}`;
      const agent = 'gitlab-runner 17.6.0';
      const common = { namespace, user, agent };
      return [
        ...life(
          pod,
          { image: pick(random, BUILD_IMAGES) },
          { begins, lasts: random.whole(20, 600), ...common },
          random,
        ),
        ...exec(pod, ['sh', '-c', RUNNER_SHELL], { at: at(begins + 4), ...common, tty: true }),
        ...exec(pod, ['tar', 'xmf', '-', '-C', '/builds'], { at: at(begins + 6), ...common }),
        ...exec(pod, ['gitlab-runner-helper', 'read-logs', '--path', '/logs/output.log'], {
          at: at(begins + 7),
          ...common,
        }),
        ...times(random.whole(1, 6)).flatMap((step) =>
          exec(pod, pick(random, BUILD_STEPS), { at: at(begins + 10 + step * 3), ...common }),
        ),
      ];
    }),
  'preview namespaces of pull requests, made and removed': (random) =>
    times(25).flatMap((preview) => {
      const namespace = `preview-${1000 + preview}`;
      const begins = random.whole(8 * HOUR, 18 * HOUR);
      const user = account('argocd', 'argocd-application-controller');
      return [
        createWorkload(
          'Deployment',
          'app',
          { image: `registry.internal/app:pr-${preview}` },
          { at: at(begins), namespace, user },
        ),
        ...times(3).flatMap((pod) =>
          life(
            `app-7f9c6bdd4d-${suffix(random)}`,
            STARTS[pod]!,
            {
              namespace,
              begins: begins + 3 + pod,
              lasts: random.whole(40, 3000),
              user: controller('replicaset'),
              owner: { kind: 'ReplicaSet', name: 'app-7f9c6bdd4d' },
            },
            random,
          ),
        ),
      ];
    }),
  'operators that list and watch everything': (random) =>
    OPERATORS.flatMap(([namespace, name, agent]) => {
      const user = account(namespace, name);
      return times(3).flatMap(() => {
        const begins = random.whole(0, 23 * HOUR);
        return shuffled(RESOURCES, random).flatMap((resource, index) => [
          informer('list', resource, { at: at(begins + index), user, agent }),
          informer('watch', resource, { at: at(begins + index + 1), user, agent }),
        ]);
      });
    }),
  'a backup and a cost report that list everything and watch nothing': () =>
    [account('velero', 'velero'), account('opencost', 'opencost')].flatMap((user, index) =>
      times(4).flatMap((round) =>
        RESOURCES.map((resource, second) =>
          ask('list', resource, { at: at(round * 6 * HOUR + index * 60 + second), user, agent: 'velero-server/v1.15' }),
        ),
      ),
    ),
  'an operator that asks at its start whether it may do what it must': (random) =>
    [account('monitoring', 'prometheus-operator'), account('kyverno', 'kyverno-background-controller')].flatMap(
      (user) => {
        const begins = random.whole(0, 20 * HOUR);
        return RESOURCES.flatMap((resource, index) =>
          ['get', 'list', 'watch'].map((verb) =>
            review(verb, resource, { at: at(begins + index), user, isAllowed: random.next() < 0.95 }),
          ),
        );
      },
    ),
  'a new operator whose role lacks half of what it needs': (random) => {
    const begins = random.whole(9 * HOUR, 16 * HOUR);
    const user = account('search', 'opensearch-operator');
    // Its informers ask again and again, later and later, until somebody adds the rights.
    return [0, 1, 2, 4, 8, 16, 32, 62, 92, 122, 152].flatMap((later) =>
      RESOURCES.slice(0, 7).map((resource, index) =>
        informer('list', resource, {
          at: at(begins + later + (index % 2)),
          user,
          code: 403,
          agent: 'manager/v0.0.0 (linux/amd64) kubernetes/$Format',
        }),
      ),
    );
  },
  'dashboards that ask what their user may do': (random) =>
    times(30).flatMap((login) => {
      const begins = random.whole(8 * HOUR, 19 * HOUR);
      const user = pick(random, [
        ...PEOPLE,
        account('kubernetes-dashboard', 'kubernetes-dashboard'),
        account('headlamp', 'headlamp'),
      ]);
      return RESOURCES.flatMap((resource, index) =>
        ['list', 'create', 'delete'].map((verb) =>
          review(verb, resource, {
            at: at(begins + index),
            user,
            isAllowed: login % 2 === 0,
            agent: pick(random, ['k9s/v0.32.7', 'Headlamp/0.26', 'Go-http-client/2.0']),
          }),
        ),
      );
    }),
  'people who look around with kubectl': (random) =>
    PEOPLE.flatMap((user) =>
      times(12).flatMap(() => {
        const begins = random.whole(8 * HOUR, 19 * HOUR);
        const namespace = pick(random, NAMESPACES);
        return shuffled(RESOURCES, random).flatMap((resource, index) => [
          ask('list', resource, { at: at(begins + 9 * index), user, namespace }),
          ask('list', resource, { at: at(begins + 9 * index + 4), user, ...(index > 6 && { code: 403 }) }),
        ]);
      }),
    ),
  'people at work in containers': (random) =>
    PEOPLE.flatMap((user) =>
      times(15).flatMap(() => {
        const second = random.whole(8 * HOUR, 19 * HOUR);
        const namespace = pick(random, NAMESPACES);
        const pod = `app-${random.whole(0, 39)}-5c4b9d-${suffix(random)}`;
        return exec(pod, pick(random, ERRANDS), { at: at(second), namespace, user, tty: random.next() < 0.4 });
      }),
    ),
  'a smoke test of every service after a release': (random) =>
    PEOPLE.slice(0, 2).flatMap((user) => {
      const begins = random.whole(9 * HOUR, 17 * HOUR);
      return SERVICES.flatMap((service, index) =>
        exec('front-0', ['curl', '-sf', '-m', '3', `http://${service}:8080/healthz`], {
          at: at(begins + 4 * index),
          namespace: 'web',
          user,
        }),
      );
    }),
  'operators that run checks in their databases': (random) =>
    CHECKS.flatMap(([namespace, name, command], check) =>
      times(720).flatMap((round) =>
        exec(`${name}-${round % 3}`, command, {
          at: at(round * 120 + check + (random.next() < 0.1 ? 3 : 0)),
          namespace,
          user: account(namespace, `${name}-operator`),
        }),
      ),
    ),
  'metrics and pages through the API server': (random) =>
    times(400).map((round) =>
      throughProxy('services', pick(random, SERVICES), 'metrics', {
        at: at(round * 210),
        namespace: pick(random, NAMESPACES),
        user: account('monitoring', 'prometheus'),
      }),
    ),
  'certificates that renew': (random) =>
    times(20).flatMap((order) => {
      const begins = random.whole(0, 23 * HOUR);
      return life(
        `cm-acme-http-solver-${suffix(random)}`,
        {
          image: 'quay.io/jetstack/cert-manager-acmesolver:v1.16.2',
          args: ['--listen-port=8089', `--domain=${order}.example.com`],
        },
        {
          namespace: pick(random, NAMESPACES),
          begins,
          lasts: random.whole(15, 90),
          user: account('cert-manager', 'cert-manager'),
          owner: { kind: 'Challenge', name: `tls-${order}` },
        },
        random,
      );
    }),
  'nodes that drain, with all their pods': (random) =>
    times(4).flatMap((drain) => {
      const begins = random.whole(2 * HOUR, 22 * HOUR);
      return times(35).flatMap((pod) => {
        const namespace = pick(random, NAMESPACES);
        const name = `app-${pod}-5c4b9d-${suffix(random)}`;
        return [
          event(
            'create',
            `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
            { resource: 'pods', namespace, name, subresource: 'eviction' },
            { at: at(begins + pod), user: drain % 2 ? account('karpenter', 'karpenter') : 'carol', code: 201 },
          ),
          ...life(
            `app-${pod}-5c4b9d-${suffix(random)}`,
            { image: `registry.internal/app-${pod}:1` },
            {
              namespace,
              begins: begins + pod + 1,
              lasts: 3 * HOUR,
              user: controller('replicaset'),
              owner: { kind: 'ReplicaSet', name: `app-${pod}-5c4b9d` },
            },
            random,
          ),
        ];
      });
    }),
  'leases and status reports of nodes': (random) =>
    times(4000).map((beat) => {
      const { node, instanceId } = nodeOf(beat % NODES);
      const extra = { sessionName: [instanceId] };
      return random.next() < 0.8
        ? event(
            'update',
            `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}?timeout=10s`,
            { resource: 'leases', namespace: 'kube-node-lease', name: node, apiGroup: 'coordination.k8s.io' },
            { at: at(beat * 21), user: `system:node:${node}`, extra },
          )
        : event(
            'patch',
            `/api/v1/nodes/${node}/status?timeout=10s`,
            { resource: 'nodes', name: node, subresource: 'status' },
            { at: at(beat * 21), user: `system:node:${node}`, extra },
          );
    }),
  'a service account without the one right that it wants': (random) =>
    times(700).map((round) =>
      ask('list', 'secrets', {
        at: at(round * 120 + random.whole(0, 9)),
        code: 403,
        user: account('shop', 'reporter'),
      }),
    ),
  'a port-forward, a debug container and a toolbox': (random) => [
    ...times(6).map(() =>
      enter('db-0', 'portforward', { at: at(random.whole(8 * HOUR, 18 * HOUR)), namespace: 'data', user: 'bob' }),
    ),
    enter('app-1', 'ephemeralcontainers', {
      at: at(random.whole(8 * HOUR, 18 * HOUR)),
      verb: 'patch',
      code: 200,
      user: 'carol',
      body: { spec: { ephemeralContainers: [{ name: 'debugger-1', image: 'busybox:1.36', stdin: true, tty: true }] } },
    }),
    createPod(
      'toolbox',
      { image: 'nicolaka/netshoot', args: ['bash'], stdin: true, tty: true },
      { at: at(random.whole(8 * HOUR, 18 * HOUR)), user: 'carol' },
    ),
  ],
};

const PEOPLE = ['alice', 'bob', 'carol', 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Platform/dave'];
const DEPLOYERS = [
  account('argocd', 'argocd-application-controller'),
  account('flux-system', 'kustomize-controller'),
  'alice',
];
const SERVICES = times(16).map(
  (number) => `${pick(randomOf(`${number}`), ['cart', 'user', 'order', 'stock'])}-${number}`,
);
const RESOURCES = [
  'pods',
  'services',
  'endpoints',
  'nodes',
  'namespaces',
  'configmaps',
  'secrets',
  'ingresses',
  'persistentvolumes',
  'serviceaccounts',
];
const OPERATORS = [
  ['ingress-nginx', 'ingress-nginx', 'nginx-ingress-controller/v1.11.3'],
  ['cert-manager', 'cert-manager', 'cert-manager-controller/v1.16.2'],
  ['monitoring', 'kube-state-metrics', 'kube-state-metrics/v2.14.0'],
  ['external-dns', 'external-dns', 'external-dns/v0.15.0'],
  ['istio-system', 'istiod', 'pilot-discovery/1.24.1'],
] as const;
const BUILD_IMAGES = ['golang:1.23', 'node:22', 'gcr.io/kaniko-project/executor:v1.23', 'docker:27-dind'];
const RUNNER_SHELL =
  'if [ -x /bin/bash ]; then exec /bin/bash; elif [ -x /bin/sh ]; then exec /bin/sh; else exit 1; fi';
const BUILD_STEPS = [
  ['sh', '-c', 'npm ci && npm test'],
  ['sh', '-c', 'until nc -z localhost 5432; do sleep 1; done; go test ./...'],
  ['bash', '-c', 'for i in {1..30}; do curl -sf localhost:3000/health && break; sleep 1; done'],
  ['sh', '-c', 'apk add --no-cache nmap-ncat curl bind-tools'],
  ['tar', 'cf', '-', '/builds/out'],
];
const ERRANDS = [
  ['bash'],
  ['sh'],
  ['sh', '-c', 'clear; (bash || ash || sh)'],
  ['ls', '-la', '/app'],
  ['env'],
  ['curl', '-s', 'localhost:8080/metrics'],
  ['nc', '-zv', 'db.data', '5432'],
  ['nslookup', 'db.data.svc.cluster.local'],
  ['cat', '/etc/resolv.conf'],
  ['tar', 'cf', '-', '/var/log/app'],
  ['psql', '-h', 'db.data', '-U', 'app', '-c', 'select 1'],
  ['sh', '-c', 'ps aux | grep nmap'],
  ['ping', '-c', '3', '10.0.3.4'],
  ['python3', 'manage.py', 'shell'],
  ['nmap', '--version'],
  ['ss', '-tlnp'],
  ['top', '-b', '-n', '1'],
];
const CHECKS: readonly (readonly [string, string, string[]])[] = [
  ['db', 'postgres', ['bash', '-c', 'pg_isready -h 127.0.0.1 -p 5432']],
  ['cache', 'redis', ['redis-cli', '-h', '127.0.0.1', 'ping']],
  ['queue', 'rabbitmq', ['rabbitmq-diagnostics', '-q', 'check_port_connectivity']],
  ['cache', 'sentinel', ['sh', '-c', 'nc -z 127.0.0.1 26379 && nc -z cache-0.cache 6379']],
];

/** What client-go asks for: a list from the cache of the API server, and a watch of what changes. */
const informer = (verb: 'list' | 'watch', resource: string, request: Parameters<typeof ask>[2]): AuditEvent =>
  event(
    verb,
    `/api/v1/${resource}?${verb === 'list' ? 'limit=500&resourceVersion=0' : 'allowWatchBookmarks=true&resourceVersion=81234&timeoutSeconds=577&watch=true'}`,
    { resource },
    request,
  );

/** A question about one's own rights, with its answer. */
const review = (
  verb: string,
  resource: string,
  { isAllowed, ...request }: Parameters<typeof ask>[2] & { readonly isAllowed: boolean },
): AuditEvent => {
  const spec = { resourceAttributes: { verb, resource } };
  return event(
    'create',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { resource: 'selfsubjectaccessreviews', apiGroup: 'authorization.k8s.io' },
    { code: 201, ...request },
    {
      requestObject: { kind: 'SelfSubjectAccessReview', spec },
      responseObject: { kind: 'SelfSubjectAccessReview', spec, status: { allowed: isAllowed } },
    },
  );
};

/** The names of what makes up a day. */
export const PARTS_OF_DAY: readonly string[] = Object.keys(PARTS);

/** One part of the day of a seed. */
export const partOfDay = (part: string, seed: string): AuditEvent[] => PARTS[part]!(randomOf(`${seed} ${part}`));

/** The whole day of a seed, in the order of its events. */
export const clusterDay = (seed: string): AuditEvent[] =>
  PARTS_OF_DAY.flatMap((part) => partOfDay(part, seed)).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));

const timeOf = (one: AuditEvent): string => String(one.requestReceivedTimestamp);

/** Somebody enters a pod and runs a scanner from it. */
export const plantedScan = (second: number): AuditEvent[] =>
  exec('app-7-5c4b9d-x2x4z', ['nmap', '-sT', '-p', '1-1024', '10.0.12.0/24'], {
    at: at(second),
    namespace: 'payments',
    user: 'mallory',
  });
