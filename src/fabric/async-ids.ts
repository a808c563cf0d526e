/**
 * Node's own books on what runs asynchronously, made ready for a cut.
 *
 * Node keeps a stack of ids, one for each callback, tick and continuation that is under way, and takes them off in `finally`
 * blocks, which a cut skips: the next callback that ends would find the stack corrupted, and end the process. V8 calls back for
 * every continuation while async hooks are on, and can't bear to be cut off there. So before a cut the stack is emptied, as
 * Node does it itself for an error that nobody caught, and V8's hooks are put aside until the cut is over.
 *
 * No public API leads there on all releases. The inspector does: the binding is a variable of the module that exports
 * `executionAsyncId`. test/integration/watchdog-hooks.test.ts shows that it is there.
 */

import { executionAsyncId } from "node:async_hooks";
import type { InspectorLink } from "./inspector-link.ts";

/** What is needed of Node's binding. */
interface AsyncBinding {
  clearAsyncIdStack(): void;
  getPromiseHooks(): unknown[];
  setPromiseHooks(...hooks: readonly unknown[]): void;
}

/** The binding, once it is found, and the hooks that are put aside. */
const found: { binding: AsyncBinding | undefined; hooks: unknown[] | undefined } = {
  binding: undefined,
  hooks: undefined,
};

/** What the inspector can find of this module from outside: the function that leads to the binding, and who takes it. */
export interface AsyncDoor {
  readonly executionAsyncId: () => number;
  take(binding: object): boolean;
}

export const asyncDoor: AsyncDoor = {
  executionAsyncId,
  take(binding) {
    const names = ["clearAsyncIdStack", "getPromiseHooks", "setPromiseHooks"];
    const isComplete = names.every(
      (name) => typeof (binding as Record<string, unknown>)[name] === "function",
    );
    if (isComplete) found.binding = binding as AsyncBinding;
    return isComplete;
  },
};

/** Makes Node's books ready for a cut, on the thread that is about to be cut off. @returns false if it can't */
export function prepareForCut(): boolean {
  const { binding } = found;
  if (binding === undefined) return false;
  found.hooks ??= binding.getPromiseHooks();
  binding.setPromiseHooks(undefined, undefined, undefined, undefined);
  binding.clearAsyncIdStack();
  return true;
}

/** Puts the hooks back after a cut, on the thread that was cut off. */
export function finishCut(): void {
  if (found.hooks !== undefined) found.binding?.setPromiseHooks(...found.hooks);
  found.hooks = undefined;
}

interface Named {
  readonly name: string;
  readonly value?: { readonly objectId?: string };
}

interface Properties {
  readonly result: readonly Named[];
  readonly internalProperties?: readonly Named[];
}

/**
 * Finds the binding on another thread, from outside.
 *
 * @param door - an expression that is the {@link AsyncDoor} of that thread
 * @returns whether it is there now
 */
export async function openAsyncDoor(link: InspectorLink, door: string): Promise<boolean> {
  const read = async (objectId: string): Promise<Properties> =>
    (await link.post("Runtime.getProperties", { objectId, ownProperties: true })) as Properties;
  const idOf = (list: readonly Named[] | undefined, name: string): string | undefined =>
    list?.find((one) => one.name === name)?.value?.objectId;
  const asked = await link.post("Runtime.evaluate", { expression: door });
  const doorId = (asked as { result: { objectId?: string } }).result.objectId;
  if (doorId === undefined) return false;
  const key = idOf((await read(doorId)).result, "executionAsyncId");
  const scopes = key && idOf((await read(key)).internalProperties, "[[Scopes]]");
  const scope = scopes && idOf((await read(scopes)).result, "0");
  const objectId = scope && idOf((await read(scope)).result, "async_wrap");
  if (objectId === undefined) return false;
  const functionDeclaration = "function(door){return door.take(this)}";
  const taken = await link.post("Runtime.callFunctionOn", {
    ...{ objectId, functionDeclaration, returnByValue: true },
    arguments: [{ objectId: doorId }],
  });
  return (taken as { result: { value?: unknown } }).result.value === true;
}
