/**
 * The scripts of a thread, as its inspector tells of them: a frame names its script by a number
 * only.
 */

import type { Json } from "./link.ts";

/** The scripts of a thread by number. */
export class ScriptTable {
  readonly #urls = new Map<string, string>();

  /**
   * Takes an event Debugger.scriptParsed. Scripts without a URL, as evaluated expressions, are
   * ignored.
   */
  add({ scriptId, url }: Json): void {
    if (url !== "") this.#urls.set(String(scriptId), String(url));
  }

  /** Returns the URL of a script; empty if it has none. */
  urlOf(scriptId: string): string {
    return this.#urls.get(scriptId) ?? "";
  }
}
