/**
 * Node's own books on what runs asynchronously, made ready for a cut; on the thread that is cut off.
 *
 * Node keeps a stack of ids: one for each callback, tick and continuation that is under way. It takes them off in `finally`
 * blocks, which a cut skips, and ends the process when the next callback finds some left. While async hooks are on, V8 also
 * calls back around every continuation, and can't bear to be cut off there. So before a cut the stack is emptied, as Node
 * does it itself for an error that was not caught, and V8's hooks are put aside until the cut is over.
 *
 * No public API leads there on all releases. The inspector does, see async-door.ts.
 */

import { executionAsyncId, executionAsyncResource } from "node:async_hooks";

/** What is needed of Node's binding `async_wrap`. */
interface AsyncBinding {
  clearAsyncIdStack(): void;
  popAsyncContext(asyncId: number): boolean;
  readonly async_hook_fields: Uint32Array;
  readonly constants: { readonly kTotals: number; readonly kCheck: number };
  getPromiseHooks(): unknown[];
  setPromiseHooks(...hooks: readonly unknown[]): void;
}

/** Its functions. */
const NEEDED = ["clearAsyncIdStack", "popAsyncContext", "getPromiseHooks", "setPromiseHooks"];

/** More than a stack holds that is not endless. */
const STACK_MAX = 100_000;

/** The books of a thread. */
export class AsyncBooks {
  /** The inspector finds Node's binding through it: the binding is a variable of its module. */
  readonly executionAsyncId: () => number = executionAsyncId;
  #binding: AsyncBinding | undefined;
  /** V8's hooks while they are put aside. */
  #hooks: unknown[] | undefined;
  /** How many hooks and checks Node counts, while they are put aside. */
  #counts: readonly number[] = [];

  /** Takes Node's binding from the inspector. @returns whether it has everything that is needed */
  take(binding: Readonly<Record<string, unknown>>): boolean {
    const { async_hook_fields: fields, constants } = binding as Partial<AsyncBinding>;
    const isComplete =
      NEEDED.every((name) => typeof binding[name] === "function") &&
      fields instanceof Uint32Array &&
      [constants?.kTotals, constants?.kCheck].every((at) => at !== undefined && at in fields);
    if (isComplete) this.#binding = binding as unknown as AsyncBinding;
    return isComplete;
  }

  /** Makes them ready for a cut. */
  prepare(): void {
    const binding = this.#binding;
    if (binding === undefined) return;
    const hooks = binding.getPromiseHooks();
    if (this.#hooks !== undefined) forgetStores(binding);
    else if (hooks.some((hook) => hook !== undefined)) {
      this.#hooks = hooks;
      forgetStores(binding);
      binding.setPromiseHooks(undefined, undefined, undefined, undefined);
    }
    // V8 ends what runs at its next check, which may come behind the next id that Node puts on the stack. So it is not checked
    // until it is emptied once more.
    if (this.#counts.length === 0)
      this.#counts = countersOf(binding).map((at) => takeCount(binding, at));
    binding.clearAsyncIdStack();
  }

  /** Puts back what was put aside. */
  finish(): void {
    if (this.#hooks !== undefined) this.#binding?.setPromiseHooks(...this.#hooks);
    this.#hooks = undefined;
    const binding = this.#binding;
    if (binding === undefined || this.#counts.length === 0) return;
    binding.clearAsyncIdStack();
    // Code that has turned hooks on meanwhile has counted from nothing.
    for (const [index, at] of countersOf(binding).entries()) {
      binding.async_hook_fields[at] =
        (binding.async_hook_fields[at] ?? 0) + (this.#counts[index] ?? 0);
    }
    this.#counts = [];
  }
}

/** Where Node counts what makes it look whether its stack is in order. */
function countersOf({ constants }: AsyncBinding): number[] {
  return [constants.kTotals, constants.kCheck];
}

function takeCount({ async_hook_fields: fields }: AsyncBinding, at: number): number {
  const count = fields[at] ?? 0;
  fields[at] = 0;
  return count;
}

/**
 * Takes what AsyncLocalStorage keeps off everything that is under way. Where it works by hooks (Node 20 and 22) a store hangs on
 * the resource of the callback, such as the port of the turns, and `run()` takes it off in a `finally`: every message that
 * comes later, of any service, would find it there.
 */
function forgetStores(binding: AsyncBinding): void {
  for (let count = 0; count < STACK_MAX && executionAsyncId() !== 0; count += 1) {
    const resource = executionAsyncResource() as Record<symbol, unknown>;
    for (const key of Object.getOwnPropertySymbols(resource)) {
      if (key.description === "kResourceStore") delete resource[key];
    }
    if (!binding.popAsyncContext(executionAsyncId())) return;
  }
}
