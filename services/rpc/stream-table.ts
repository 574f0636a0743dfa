/** Slots at first, and at most. */
const SMALLEST = 16;
const LARGEST = 1024;

/**
 * Streams of one connection by id: what node:http2 uses of a Map, without a Map's garbage. Ids grow by two, so those that are
 * open lie side by side: each has the slot of its id, and one whose slot is taken by a stream that stays open goes to a Map.
 */
export class StreamTable<T> {
  #slots: ({ readonly id: number; readonly stream: T } | undefined)[] = new Array(SMALLEST).fill(undefined);
  readonly #others = new Map<number, T>();
  #count = 0;

  get size(): number {
    return this.#count + this.#others.size;
  }

  get(id: number): T | undefined {
    const found = this.#slots[this.#slotOf(id)];
    return found?.id === id ? found.stream : this.#others.get(id);
  }

  set(id: number, stream: T): this {
    while (this.#taken(id) && this.#slots.length < LARGEST) this.#grow();
    if (this.#taken(id)) {
      this.#others.set(id, stream);
      return this;
    }
    const slot = this.#slotOf(id);
    if (!this.#slots[slot]) this.#count += 1;
    this.#slots[slot] = { id, stream };
    this.#others.delete(id);
    return this;
  }

  delete(id: number): boolean {
    const slot = this.#slotOf(id);
    if (this.#slots[slot]?.id !== id) return this.#others.delete(id);
    this.#slots[slot] = undefined;
    this.#count -= 1;
    return true;
  }

  /** Those that were there when it began, whatever `visit` opens or closes. */
  forEach(visit: (stream: T, id: number) => void): void {
    const inSlots = this.#slots.flatMap((each) => (each ? [each] : []));
    const others = [...this.#others].map(([id, stream]) => ({ id, stream }));
    for (const { id, stream } of [...inSlots, ...others]) visit(stream, id);
  }

  #slotOf(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1);
  }

  #taken(id: number): boolean {
    const found = this.#slots[this.#slotOf(id)];
    return found !== undefined && found.id !== id;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Array(2 * before.length).fill(undefined);
    // Twice the slots never bring together what was apart.
    for (const each of before) if (each) this.#slots[this.#slotOf(each.id)] = each;
  }
}
