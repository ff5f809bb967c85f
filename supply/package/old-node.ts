/**
 * Language features that the command uses and Node 20 lacks. Newer versions keep their own. Only the package contains
 * this file.
 */

Map.groupBy ??= <K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
};

const own = Set.prototype;

own.union ??= function <T, U>(this: Set<T>, other: ReadonlySetLike<U>): Set<T | U> {
  return new Set<T | U>([...this, ...valuesOf(other)]);
};

own.intersection ??= function <T, U>(this: Set<T>, other: ReadonlySetLike<U>): Set<T & U> {
  return new Set([...this].filter((value) => other.has(value as never))) as Set<never>;
};

own.isDisjointFrom ??= function <T>(this: Set<T>, other: ReadonlySetLike<unknown>): boolean {
  return ![...this].some((value) => other.has(value));
};

function valuesOf<T>(set: ReadonlySetLike<T>): T[] {
  const values: T[] = [];
  const keys = set.keys();
  for (let next = keys.next(); !next.done; next = keys.next()) values.push(next.value);
  return values;
}
