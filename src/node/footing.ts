/**
 * What a node stands on in the process that it runs in: refused at once where it lacks what nothing works without, and said at
 * the start where it lacks what the watchdog needs.
 */

import { SnaxError } from "../base/error.ts";
import { OwnSession } from "../inspector/own-session.ts";

/**
 * Checks the process before anything is loaded.
 *
 * @throws {ERR_RUNTIME} if no node can run here
 */
export function checkRuntime(): void {
  const { bun, deno } = process.versions as { readonly bun?: string; readonly deno?: string };
  const other = bun !== undefined ? `bun ${bun}` : deno !== undefined ? `deno ${deno}` : undefined;
  if (other !== undefined) {
    throw refuse(`snax runs on Node 20.19 or later, and this is ${other}`);
  }
  if (!("WebAssembly" in globalThis)) {
    throw refuse("the compiler for TypeScript needs WebAssembly: start Node without --jitless");
  }
  try {
    // oxlint-disable-next-line no-new-func -- it asks whether that is allowed
    void new Function("");
  } catch {
    throw refuse(
      "services are compiled from their files: start Node without --disallow-code-generation-from-strings",
    );
  }
}

const refuse = (message: string): SnaxError => new SnaxError("ERR_RUNTIME", message);

/** Says what the watchdog lacks in this process; undefined if it has everything. */
export function lackOfWatchdog(): string | undefined {
  try {
    new OwnSession().close();
    return undefined;
  } catch (error) {
    return (
      "there is no stall watch: a handler that does not return is neither named nor cut off. It needs the inspector: start Node with " +
      `--allow-inspector beside --permission (${(error as Error).message})`
    );
  }
}
