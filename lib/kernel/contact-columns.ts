/** The contacts of one source as columns, for loops over very many sources. */

/** Rows of the columns at first. They grow by doubling. */
const FEWEST = 4096;

const grown = (column: Uint32Array, length: number): Uint32Array<ArrayBuffer> => {
  const longer = new Uint32Array(length);
  longer.set(column);
  return longer;
};

/** Columns of contacts, used again and again. A contact has one row for each hour. */
export class ContactColumns {
  /** Number of rows in use. */
  length = 0;
  /** Numbers of addresses. */
  target = new Uint32Array(FEWEST);
  /** Port times 256 plus protocol. */
  service = new Uint32Array(FEWEST);
  /** The bits seen of it (`seen-bits.ts`). */
  seen = new Uint32Array(FEWEST);
  /** Start and end of the record that was seen first, epoch seconds. */
  start = new Uint32Array(FEWEST);
  end = new Uint32Array(FEWEST);
  /** Minutes of the hour in which the initiator's half was seen: 0 to 29, and 30 to 59. */
  minutesLow = new Uint32Array(FEWEST);
  minutesHigh = new Uint32Array(FEWEST);

  clear(): void {
    this.length = 0;
  }

  /** Makes room for one more row and returns its position. */
  next(): number {
    if (this.length === this.target.length) this.#grow();
    return this.length++;
  }

  #grow(): void {
    const length = this.length * 2;
    this.target = grown(this.target, length);
    this.service = grown(this.service, length);
    this.seen = grown(this.seen, length);
    this.start = grown(this.start, length);
    this.end = grown(this.end, length);
    this.minutesLow = grown(this.minutesLow, length);
    this.minutesHigh = grown(this.minutesHigh, length);
  }
}
