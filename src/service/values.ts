/**
 * Several results of one answer.
 *
 * A Lua caller takes several results apart; a TypeScript caller gets them as an array.
 */

import { copyArguments } from "../base/copy.ts";
import { definePort } from "../base/portable.ts";

/** Results made by `skynet.values(a, b)`. */
export class Values {
  /** The results in order. */
  readonly values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.values = values;
  }

  static {
    definePort(Values, ({ values }, receiver) => copyArguments(values, receiver));
  }
}
