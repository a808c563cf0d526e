/**
 * What is still to be filled while a graph of objects is copied: a list and not a recursion, so a chain of a million links
 * is no deeper than one of two.
 */

/** How a copy gets what it holds. */
export interface Filler {
  /** Gives a field of a copy that was written out at once what its source holds there. */
  give(owner: Record<string, unknown>, key: string, item: object): void;
  /** Fills a copy that was begun empty. */
  fill(source: object, copy: object): void;
}

/** The list of one copier. */
export class FillQueue {
  readonly #filler: Filler;
  /** A source and its copy, in turn. */
  readonly #whole: object[] = [];
  /** A copy, a key, what the source holds there, in turn. */
  readonly #fields: (object | string)[] = [];

  constructor(filler: Filler) {
    this.#filler = filler;
  }

  /** Notes a copy that is empty. */
  add(source: object, copy: object): void {
    this.#whole.push(source, copy);
  }

  /** Notes a field of a copy that is whole but for such fields. */
  readonly addField = (owner: object, key: string, item: unknown): void => {
    this.#fields.push(owner, key, item as object);
  };

  /** Works until nothing is left; what is noted meanwhile too. */
  run(): void {
    const whole = this.#whole;
    const fields = this.#fields;
    while (whole.length > 0 || fields.length > 0) {
      if (fields.length > 0) {
        const item = fields.pop() as object;
        const key = fields.pop() as string;
        this.#filler.give(fields.pop() as Record<string, unknown>, key, item);
        continue;
      }
      const copy = whole.pop() as object;
      this.#filler.fill(whole.pop() as object, copy);
    }
  }
}
