/** Names of interfaces, of which 48 bytes count, as in the kernel; AWS's own have 21 at most. */

const MOST_BYTES = 48;

export class InterfaceNames {
  #ids = new Map<string, number>();
  #texts: string[] = ['-'];

  /** The number of a name, a character for each of its bytes; 0 for none. */
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
