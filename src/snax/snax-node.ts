/**
 * What the snax services of one thread have in common.
 */

import type { Runtime } from "../service/runtime.ts";
import { MethodTable } from "./method-numbers.ts";

/** The snax side of a runtime. */
export class SnaxNode {
  readonly runtime: Runtime;
  /** The numbers of all methods. */
  readonly methods: MethodTable = new MethodTable();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }
}
