/**
 * What one thread does for `snax.hotfixshared`: see hotfix-shared.ts.
 */

import { SnaxError } from "../base/error.ts";
import type { Instance } from "../loader/instance.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import { Program } from "../loader/program.ts";
import { Context, isThenable } from "../service/context.ts";
import type { Runtime } from "../service/runtime.ts";
import { scopeIn } from "./apply.ts";
import type { LiveNode } from "./live-node.ts";
import { evaluateImports } from "./patch-import.ts";
import type { PatchPart } from "./patch-part.ts";
import { findSharedNode } from "./module-search.ts";
import { compileParts, summaryOf } from "./patch.ts";
import { ServicePatch } from "./service-patch.ts";
import type { OrderState } from "./thread-order.ts";
import { commitOrder } from "./thread-order.ts";

/** One call of hotfixshared. */
export interface SharedOrder {
  readonly id: number;
  /** Absolute path of the module. */
  readonly file: string;
  readonly text: string;
}

/** What a thread can be told, in this order; UNDO in place of KEEP. */
export type SharedCommand = "PREPARE" | "COMMIT" | "KEEP" | "UNDO";

/** A patch of a shared module on its way into a thread. */
export interface SharedPatch {
  readonly node: ModuleNode;
  readonly parts: readonly PatchPart[];
  /** In, and not kept yet. */
  patch: ServicePatch | undefined;
}

/** What a thread does at each command. */
export const SHARED_PATCH: Readonly<
  Record<
    SharedCommand,
    (live: LiveNode, order: SharedOrder, state?: OrderState) => Promise<unknown>
  >
> = {
  /** Compiles it; answers what it does, or undefined if no service of this thread uses the module. */
  PREPARE: async (live, { id, file, text }): Promise<string | undefined> => {
    const program = live.node.runtime.cache.shared;
    const node = findSharedNode(program, file);
    if (node === undefined) return undefined;
    live.compiling.add(id);
    try {
      const parts = await compileShared(program, node, { file, text });
      if (live.compiling.has(id)) live.sharedPatches.set(id, { node, parts, patch: undefined });
      return summaryOf(parts);
    } finally {
      live.compiling.delete(id);
    }
  },
  /** Puts it in and runs its `hotfix()`; an error has undone it. */
  COMMIT: async (live, { id }, state) => {
    const { runtime } = live.node;
    commitOrder(state);
    const waiting = live.sharedPatches.get(id) as SharedPatch;
    const patch = commitShared(runtime, runtime.cache.shared, waiting);
    runNow(patch);
    waiting.patch = patch;
  },
  KEEP: async (live, { id }) => {
    const waiting = live.sharedPatches.get(id);
    waiting?.patch?.keep();
    if (waiting?.node.shared !== undefined) live.lateShared.note(waiting.node.shared, id);
    live.sharedPatches.delete(id);
  },
  UNDO: async (live, { id }) => {
    const waiting = live.sharedPatches.get(id);
    waiting?.patch?.undo(new SnaxError("ERR_PATCH_FAILED", "another thread failed"));
    live.sharedPatches.delete(id);
    live.compiling.delete(id);
  },
};

/** Compiles a patch of a shared module as the module is. */
export async function compileShared(
  program: Program,
  node: ModuleNode,
  { file, text }: Pick<SharedOrder, "file" | "text">,
): Promise<readonly PatchPart[]> {
  const instance = program.sharedInstance;
  const parts = await compileParts(new Map([[file, text]]), {
    program,
    scopeOf: (each) => scopeIn(instance, each),
    hasMethods: false,
    apiNames: new Set(),
    find: () => node,
  });
  await evaluateImports(parts, instance);
  return parts;
}

/** Puts it in; its `hotfix()` does not run yet. */
export function commitShared(
  runtime: Runtime,
  program: Program,
  { node, parts }: Pick<SharedPatch, "node" | "parts">,
): ServicePatch {
  Program.expectWrites(node, instancesOf(runtime));
  return ServicePatch.commit(program.sharedInstance, undefined, parts);
}

function* instancesOf(runtime: Runtime): Generator<Instance> {
  for (const { instance } of runtime.kernel.services) {
    if (instance instanceof Context && instance.code !== undefined) yield instance.code;
  }
}

function runNow(patch: ServicePatch): void {
  let result: unknown;
  try {
    result = patch.run([]);
  } catch (error) {
    throw patch.undo(error);
  }
  if (isThenable(result)) {
    // Nobody waits for it; its failure must not become a stray rejection.
    result.then(undefined, () => {});
    throw patch.undo(
      new SnaxError("ERR_PATCH", "hotfix() of a shared module's patch must not be async"),
    );
  }
}
