/** Which situations a network is composed of. */
import type { Actor } from './actor.ts';
import { ACTORS } from './actors/index.ts';
import type { Site } from './site.ts';

/** Builds situations until the interfaces are used up, and returns how many there are of each. */
export function compose(site: Site, interfaces: number, only?: readonly string[]): ReadonlyMap<string, number> {
  const choice = ACTORS.filter(({ name }) => only?.includes(name) ?? true);
  const chosen: { actor: Actor; size: number }[] = [];
  let left = interfaces - site.interfaces;
  // Each once where there is room, in random order, and then by weight.
  const queue = site.dice.shuffle(choice);
  const common = choice.filter(({ interfaces: [, most] }) => most > 0);
  while (left > 0 && (queue.length > 0 || common.length > 0)) {
    const actor = queue.pop() ?? weighted(common, site.dice.share());
    const [least, most] = actor.interfaces;
    const size = Math.min(site.dice.whole(least, most), left);
    left -= size;
    if (size >= least) chosen.push({ actor, size });
  }
  const composition = new Map<string, number>();
  for (const isVisitor of [false, true])
    for (const { actor, size } of chosen.filter((one) => (one.actor.isVisitor ?? false) === isVisitor)) {
      actor.build(site, size, actor.name);
      composition.set(actor.name, (composition.get(actor.name) ?? 0) + 1);
    }
  return composition;
}

function weighted(actors: readonly Actor[], share: number): Actor {
  let left = share * actors.reduce((sum, { weight }) => sum + weight, 0);
  return (
    actors.find(({ weight }) => {
      left -= weight;
      return left < 0;
    }) ?? actors.at(-1)!
  );
}
