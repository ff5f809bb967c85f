/** Which situation made which failed contact, so that a false alarm is counted for its cause. */

export interface Accused {
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly ports: readonly number[];
}

export class Ledger {
  /** Source, then target and port, to the situation. */
  readonly #bySource = new Map<string, Map<string, string>>();

  note(source: string, target: string, port: number, actor: string): void {
    const contacts = this.#bySource.get(source) ?? new Map<string, string>();
    this.#bySource.set(source, contacts.set(`${target} ${port}`, actor));
  }

  /** The situation with most of the failed contacts that an accusation names. */
  actorOf({ sources, targets, ports }: Accused): string {
    const votes = new Map<string, number>();
    const named = new Set(targets);
    const numbered = new Set(ports);
    for (const source of sources)
      for (const [contact, actor] of this.#bySource.get(source) ?? []) {
        const [target, port] = contact.split(' ') as [string, string];
        const weight = (named.has(target) ? 100 : 0) + (numbered.has(Number(port)) ? 10 : 0) + 0.01;
        votes.set(actor, (votes.get(actor) ?? 0) + weight);
      }
    const [best] = [...votes].sort((a, b) => b[1] - a[1]);
    return best?.[0] ?? 'nobody that failed';
  }
}
