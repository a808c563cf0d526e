/**
 * Patches that import a module's variables: they hear of new values, and are not kept alive for it.
 *
 * A patch holds its setter in its own scope, so the setter lives exactly as long as some function
 * of the patch does.
 */

/** Sets an import variable of a patch, by its number. */
export type ImportSetter = (index: number, value: unknown) => void;

interface Follower {
  /** A cell, or a name that a patch has added, which has none. */
  readonly cell: number | string;
  readonly set: WeakRef<ImportSetter>;
  readonly index: number;
}

const SWEEP_SIZE_MIN = 16;

/** The patches that follow one module instance. */
export class Followers {
  #list: Follower[] = [];
  #sweepSize = SWEEP_SIZE_MIN;

  /** Adds a patch's import variable. */
  add(cell: number | string, set: ImportSetter, index: number): void {
    this.#list.push({ cell, set: new WeakRef(set), index });
    if (this.#list.length < this.#sweepSize) return;
    this.#list = this.#list.filter((follower) => follower.set.deref() !== undefined);
    this.#sweepSize = Math.max(SWEEP_SIZE_MIN, 2 * this.#list.length);
  }

  /** Sets the import variables of a cell, or of an added name. */
  tell(cell: number | string, value: unknown): void {
    for (const follower of this.#list) {
      if (follower.cell === cell) follower.set.deref()?.(follower.index, value);
    }
  }
}
