/**
 * What the snax services of one thread have in common.
 */

import type { SharedLog } from "../fabric/shared-log.ts";
import type { Runtime } from "../service/runtime.ts";
import type { SnaxHost } from "./snax-host.ts";
import { MethodTable } from "./snax-host.ts";

/** The snax side of one thread. */
export class SnaxThread {
  readonly runtime: Runtime;
  /** The numbers of all methods. */
  readonly methods: MethodTable;

  /**
   * Called with each new service's host, when its methods have been read and its `init` has not
   * run.
   */
  readonly births: ((host: SnaxHost) => void)[] = [];

  /** @param log - what the threads of a node agree by. @defaultValue there is one thread */
  constructor(runtime: Runtime, log?: SharedLog) {
    this.runtime = runtime;
    this.methods = new MethodTable(log);
  }
}
