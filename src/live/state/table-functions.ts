/**
 * Tells whether a function that is in a table is the one that the text writes there, or one that a program has put in its
 * place: `handlers.hit = makeHit(3)`.
 *
 * It goes by sources. What runs may be another text than what is written (see woven-functions.ts), and a patch brings texts of its
 * own; so a function is a program's only if its source is known to be elsewhere, or can be no module's.
 */

import type { AnyNode } from "acorn";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleText } from "../../texts/module-text.ts";
import type { WovenFunctions } from "./woven-functions.ts";
import { findFunctions, wovenFunctions } from "./woven-functions.ts";

/** A place of a table in which the text writes a function. */
export interface Member {
  /** The way there, from the name of the table. */
  readonly way: readonly string[];
  /** The property; or the function, for what is the value of a name. */
  readonly node: AnyNode;
}

const NATIVE = "{ [native code] }";

/** The functions of one module's text. */
export class TableFunctions {
  readonly #module: ModuleInstance;
  readonly #text: ModuleText | undefined;
  readonly #hasPatches: boolean;
  #written: WovenFunctions | undefined;

  /** @param text - what the module runs; undefined if it can't be told. */
  constructor(module: ModuleInstance, text: ModuleText | undefined, hasPatches: boolean) {
    this.#module = module;
    this.#text = text;
    this.#hasPatches = hasPatches;
  }

  /** Says whether a function is the one that the text has in this place. */
  isWritten({ way, node }: Member, value: Function): boolean {
    const source = Function.prototype.toString.call(value);
    const code = this.#text?.syntax.code;
    if (code === undefined) return true;
    const own = node.type === "Property" && !node.method ? node.value : node;
    if (code.slice(own.start, own.end) === source) return true;
    if (source.endsWith(NATIVE)) return false;
    const woven = wovenFunctions(this.#module.image.data);
    const first = woven.members.get(way.join("."));
    if (first === source) return true;
    if (!this.#hasPatches && first !== undefined) return false;
    this.#written ??= findFunctions(this.#text?.syntax.ast as AnyNode, code);
    return ![woven, this.#written].some(
      ({ inner, outer }) => inner.has(source) || outer.has(source),
    );
  }
}
