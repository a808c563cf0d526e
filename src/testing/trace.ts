/**
 * The fingerprint of a run: every event is mixed into a hash, and the hash after each step is kept.
 *
 * Two runs of one seed must have the same list. Where they differ first is where chance got in from
 * outside: a real clock, the order of a hash table, a promise.
 */

const views = new DataView(new ArrayBuffer(8));

/** What happened so far, as hashes. */
export class Trace {
  /** FNV-1a, 32 bits. */
  #hash = 0x811c9dc5;
  readonly #hashes: number[] = [];

  /** Mixes an event in; its numbers may have fractions. */
  note(...numbers: readonly number[]): void {
    for (const number of numbers) {
      views.setFloat64(0, number);
      this.#mix(views.getUint32(0));
      this.#mix(views.getUint32(4));
    }
  }

  /** Ends a step. */
  mark(): void {
    this.#hashes.push(this.hash);
  }

  /** The fingerprint so far, 0..0xffffffff. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** The fingerprint after each step. */
  get hashes(): readonly number[] {
    return this.#hashes;
  }

  #mix(word: number): void {
    for (let shift = 0; shift < 32; shift += 8) {
      this.#hash = Math.imul(this.#hash ^ ((word >>> shift) & 0xff), 0x01000193);
    }
  }
}
