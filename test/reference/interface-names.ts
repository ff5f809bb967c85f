/** Names of interfaces. Only 48 bytes count, as in the kernel. AWS's own names have at most 21. */

const MOST_BYTES = 48;

export class InterfaceNames {
  #ids = new Map<string, number>();
  #texts: string[] = ['-'];

  /** The number of a name with one character per byte. 0 for undefined. */
  intern(name: string | undefined): number {
    if (name === undefined) return 0;
    const kept = name.slice(0, MOST_BYTES);
    const id = this.#ids.get(kept) ?? this.#texts.push(kept) - 1;
    this.#ids.set(kept, id);
    return id;
  }

  text(id: number): string {
    return this.#texts[id]!;
  }
}
