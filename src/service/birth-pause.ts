/**
 * A pause in the births of a type: a patch is on its way to all of its services, and whether a service born now
 * gets it depends on the others. A service that is about to be born waits until the pause is over.
 */

import type { Context } from "./context.ts";

/** In place of a type: no service of any type is born. No type has this name. */
export const EVERY_TYPE = "*";

/** One pause, of one type or of all on one thread. */
export class BirthPause {
  readonly #waiting = new Set<Context>();
  readonly #over: Promise<void>;
  #end = (): void => {};
  /** Hears of each that begins to wait. */
  onWait: ((context: Context) => void) | undefined = undefined;

  constructor() {
    this.#over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Waits in the name of a service that is to be born; resolves when the pause is over. */
  pass(context: Context): Promise<void> {
    this.#waiting.add(context);
    this.onWait?.(context);
    return this.#over;
  }

  /** Says whether a service waits here, and has no code yet. */
  has(context: Context): boolean {
    return this.#waiting.has(context);
  }

  /** All that wait go on. */
  end(): void {
    this.#waiting.clear();
    this.#end();
  }
}
