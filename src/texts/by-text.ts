/**
 * What is known of texts, by the text that a module runs: of a text that patches made it goes when a later one is asked for.
 *
 * All texts of a lineage live as long as its last one. What was found out of each, a tree for example, must not.
 */

import type { EffectiveText } from "./effective-text.ts";

/** Values by text. */
export class ByText<T> {
  readonly #values = new WeakMap<EffectiveText, { readonly value: T }>();

  /** Returns what is known of a text, and finds it out if nothing is. */
  get(text: EffectiveText, find: () => T): T {
    const known = this.#values.get(text);
    if (known !== undefined) return known.value;
    const value = find();
    this.#values.set(text, { value });
    // The text of the file is that of all services without a patch.
    for (let { before } = text; before?.before !== undefined; { before } = before) {
      this.#values.delete(before);
    }
    return value;
  }
}
