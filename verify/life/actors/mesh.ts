/** A Kubernetes cluster with a service mesh: every sidecar knows the pods of the services that it calls. */
import type { Actor } from '../actor.ts';
import { doubling, hold, often } from '../habits.ts';
import { change, type Host, serve, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { MINUTE, type Site } from '../site.ts';

const GRPC = 50051;
const DNS = 53;

interface Pod {
  readonly host: Host;
  /** What its clients do when discovery has told them that it is gone. */
  readonly left: (() => void)[];
}

class Deployment {
  readonly pods: Pod[] = [];
  readonly callers: Deployment[] = [];
  readonly callees: Deployment[] = [];
  readonly #site: Site;
  readonly #actor: string;
  readonly #nodes: readonly Host[];
  /** Seconds to give up a connection: Envoy takes 5, Istio sets 10, gRPC gives each address at least 20. */
  readonly #patience: number;

  constructor(site: Site, actor: string, nodes: readonly Host[], size: number) {
    this.#site = site;
    this.#actor = actor;
    this.#nodes = nodes;
    this.#patience = site.dice.pick([5, 10, 20]);
    for (let count = 0; count < size; count++) this.pods.push({ host: this.#place(), left: [] });
  }

  /** Connects the pods of a caller to those of this deployment. A sidecar keeps a few of them warm, a gRPC pool has all. */
  calledBy(caller: Deployment): void {
    this.callers.push(caller);
    caller.callees.push(this);
    for (const { host } of caller.pods) for (const pod of this.pods) this.#connect(host, pod);
  }

  /** Replaces its pods, some at a time. The sidecars hear of it up to a few seconds late. */
  roll(): void {
    const { clock, dice } = this.#site;
    let delay = 0;
    for (const old of [...this.pods]) {
      clock.after(delay, () => this.replace(old, dice.between(0, 4)));
      delay += dice.between(5, 40);
    }
  }

  /** One pod goes and another comes. `lag` seconds later the callers stop asking for the old one. */
  replace(old: Pod, lag: number): void {
    const { clock, dice } = this.#site;
    const index = this.pods.indexOf(old);
    if (index < 0) return;
    change(old.host, () => {
      old.host.isUp = false;
    });
    clock.after(lag, () => {
      for (const leave of old.left) leave();
      const fresh: Pod = { host: this.#place(), left: [] };
      this.pods[index] = fresh;
      clock.after(dice.between(2, 20), () => {
        for (const caller of this.callers)
          for (const { host } of caller.pods) if (host.isUp) this.#connect(host, fresh, 3);
        // A new sidecar learns the endpoints before its pod is ready.
        for (const callee of this.callees) for (const pod of callee.pods) callee.#connect(fresh.host, pod, 3);
      });
    });
  }

  #place(): Host {
    return this.#site.pod(this.#site.dice.pick(this.#nodes.filter(({ isUp }) => isUp)), [GRPC, 9090]);
  }

  #connect(client: Host, pod: Pod, beginsWithin?: number): void {
    // gRPC Connection Backoff Protocol: 1 s, times 1.6, at most 120 s.
    const backoff = doubling(1, 120, client.dice, 1.6);
    const patience = this.#patience;
    const leave = hold(this.#site.net, {
      actor: `${this.#actor}, sidecar`,
      client,
      port: GRPC,
      choose: () => pod.host,
      patience,
      backoff,
      ...(beginsWithin !== undefined && { beginsWithin }),
    });
    pod.left.push(leave);
  }
}

function build(site: Site, size: number, actor: string): void {
  const { dice, net } = site;
  const nodes = Array.from({ length: size }, (_, zone) =>
    site.server({ tier: 'pods', zone: zone % 3, others: 'closed', open: [22, 10250] }),
  );
  const deployments = Array.from(
    { length: Math.ceil(size / 3) },
    () => new Deployment(site, actor, nodes, dice.whole(2, 6)),
  );
  for (const [index, deployment] of deployments.entries())
    for (const caller of dice.some(deployments.slice(0, index), dice.whole(1, 2))) deployment.calledBy(caller);
  const resolvers = [0, 1].map(() => serve(site.pod(dice.pick(nodes)), UDP, DNS));
  for (const node of nodes)
    often(net, node, 1.5, () =>
      net.udp({
        actor: `${actor}, names`,
        client: node,
        target: dice.pick(resolvers),
        port: DNS,
        bytes: dice.whole(60, 110),
        reply: dice.whole(90, 300),
        repeats: [5],
        patience: 10,
      }),
    );
  const registry = site.internet([443]);
  for (const deployment of deployments)
    site.happens(dice.spread(0.5, 6), () => {
      for (const node of dice.some(nodes, 3))
        net.tcp({ actor, client: node, target: registry, port: 443, says: exchange(3000, 4_000_000, 4) });
      deployment.roll();
    });
  // A node dies. After 50 s it counts as not ready and its pods leave the endpoints (kube-controller-manager,
  // --node-monitor-grace-period). They start elsewhere after another five minutes.
  site.happens(0.6, () => {
    const node = dice.pick(nodes.slice(1));
    const gone = deployments.flatMap((deployment) =>
      deployment.pods.filter(({ host }) => host.nic === node.nic).map((pod) => ({ deployment, pod })),
    );
    site.fail(dice.spread(10 * MINUTE, 60 * MINUTE), node);
    for (const { deployment, pod } of gone) deployment.replace(pod, dice.between(45, 60));
  });
  // A service refuses connections: a bad release whose pods start and stop again.
  site.happens(0.4, () => {
    const bad = dice.pick(deployments).pods.map(({ host }) => host);
    site.disturb(dice.spread(MINUTE, 20 * MINUTE), bad, GRPC, 'closed');
  });
  // The discovery service is gone for a while, so that sidecars hold on to addresses of pods that were replaced.
  site.happens(0.3, () => {
    const lag = dice.spread(2 * MINUTE, 40 * MINUTE);
    for (const deployment of dice.some(deployments, 3))
      for (const pod of dice.some(deployment.pods, 3)) deployment.replace(pod, lag);
  });
}

export const MESH: Actor = { name: 'service mesh', interfaces: [6, 24], weight: 4, build };
