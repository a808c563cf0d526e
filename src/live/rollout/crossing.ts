/**
 * On a thread either patches of many services are under way, or services come and go: so a patch meets each service once,
 * wherever that is, and a service that is held for a vote stays where it is.
 *
 * A patch that comes while a service is on its way waits for it, some milliseconds; a move that comes while a patch is under way is
 * put off by the thread that wants it, for it may not wait while it holds a service that the patch waits for.
 */

import type { Runtime } from "../../service/runtime.ts";

/** How often it is looked whether a service has come or gone, in milliseconds. */
const LOOK_MS = 1;

/** What is under way on one thread. */
export class Crossing {
  readonly #runtime: Runtime;
  /** The patches, by number. */
  readonly #patches = new Set<number>();
  /** Services that leave. */
  #leaving = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The number of a patch that is under way; undefined if none is. */
  get patch(): number | undefined {
    for (const id of this.#patches) return id;
    return undefined;
  }

  /** A service begins to leave; no patch may be under way. @returns what says that it is gone, or stays */
  leave(): () => void {
    this.#leaving += 1;
    return () => void (this.#leaving -= 1);
  }

  /** A patch begins: no service comes or goes from now on. @returns a promise if one still does */
  begin(id: number): Promise<void> | undefined {
    this.#patches.add(id);
    return this.#isQuiet ? undefined : this.#wait();
  }

  /** A patch has ended on this thread. */
  end(id: number): void {
    this.#patches.delete(id);
  }

  get #isQuiet(): boolean {
    return this.#leaving === 0 && this.#runtime.threads?.handOver.hasComing !== true;
  }

  async #wait(): Promise<void> {
    while (!this.#isQuiet) await this.#runtime.pause(LOOK_MS);
  }
}
