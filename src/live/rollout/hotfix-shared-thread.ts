/**
 * What one thread does for `snax.hotfixshared`: see hotfix-shared.ts.
 */

import { SnaxError } from "../../base/error.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { Program } from "../../loader/run/program.ts";
import { Context, isThenable } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import { scopeIn } from "../text/name-scope.ts";
import type { LiveNode } from "./live-node.ts";
import { evaluateImports } from "../apply/import-values.ts";
import type { PatchPart } from "../text/patch-code.ts";
import type { SharedPlace } from "../text/module-search.ts";
import { findSharedPlaces } from "../text/module-search.ts";
import { compileParts } from "../text/patch.ts";
import { summarise } from "../apply/patch-summary.ts";
import { ServicePatch } from "../apply/service-patch.ts";
import type { OrderState } from "./thread-order.ts";
import { commitOrder } from "./thread-order.ts";

/** What a program asks of hotfixshared. */
export interface SharedCall {
  /** Absolute path of the module. */
  readonly file: string;
  readonly text: string;
  /** Who asks, by handle. */
  readonly caller: number;
}

/** One call of hotfixshared, with its number. */
export interface SharedOrder extends Omit<SharedCall, "caller"> {
  readonly id: number;
}

/** What a thread can be told, in this order; UNDO in place of KEEP. */
export type SharedCommand = "PREPARE" | "COMMIT" | "KEEP" | "UNDO";

/** A patch of a shared module on its way into a thread, for each instance of the module that somebody runs. */
export interface SharedPatch {
  readonly targets: readonly SharedTarget[];
  /** Those that are in, and not kept yet. */
  readonly patches: ServicePatch[];
}

/** A patch compiled for one instance of a shared module. */
export interface SharedTarget extends SharedPlace {
  readonly parts: readonly PatchPart[];
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
    const { runtime } = live.node;
    const places = findSharedPlaces(runtime, file);
    const [first] = places;
    if (first === undefined) return undefined;
    live.compiling.add(id);
    try {
      const targets: SharedTarget[] = [];
      for (const place of places) targets.push(await compileAt(runtime, place, { file, text }));
      if (live.compiling.has(id)) live.sharedPatches.set(id, { targets, patches: [] });
      return summarise(targets[0]?.parts ?? [], targets[0]?.program.sharedInstance);
    } finally {
      live.compiling.delete(id);
    }
  },
  /**
   * Puts it in and runs its `hotfix()`; an error has undone it. Answers false where it was not compiled: the thread has taken
   * another one's place since, and gets it when it is kept.
   */
  COMMIT: async (live, { id }, state): Promise<boolean> => {
    const { runtime } = live.node;
    commitOrder(state);
    const waiting = live.sharedPatches.get(id);
    if (waiting === undefined) return false;
    const { targets, patches } = waiting;
    for (const target of targets) {
      const patch = commitShared(runtime, target);
      runNow(patch);
      patches.push(patch);
    }
    return true;
  },
  KEEP: async (live, { id }) => {
    const { targets = [], patches = [] } = live.sharedPatches.get(id) ?? {};
    for (const patch of patches) patch.keep();
    // Whoever was cut off and rests may have been so for the code that is another now.
    live.node.runtime.kernel.rests.end();
    for (const { node } of targets) {
      if (node.shared !== undefined) live.lateShared.note(node.shared, id);
    }
    live.sharedPatches.delete(id);
  },
  /** What went in last is taken back first. */
  UNDO: async (live, { id }) => {
    const { patches = [] } = live.sharedPatches.get(id) ?? {};
    live.sharedPatches.delete(id);
    live.compiling.delete(id);
    for (const patch of patches.toReversed()) {
      patch.undo(new SnaxError("ERR_PATCH_FAILED", "another instance or thread failed"));
    }
  },
};

/** What a text from before the cache was cleared refuses says so: it is not the one that the operator has in front of him. */
async function compileAt(
  { cache }: Runtime,
  place: SharedPlace,
  order: Pick<SharedOrder, "file" | "text">,
): Promise<SharedTarget> {
  const { node, program } = place;
  try {
    return { node, program, parts: await compileShared(place, order) };
  } catch (error) {
    const isFormer = cache.shared.nodes.get(node.image.file) !== node;
    if (!isFormer || !(error instanceof SnaxError)) throw error;
    const why = `${error.message} (so it is in the text that services from before the cache was cleared run)`;
    throw new SnaxError(error.code, why, { cause: error });
  }
}

/** Compiles a patch of a shared module as the module is. */
export async function compileShared(
  { node, program }: SharedPlace,
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
  { node, program, parts }: SharedTarget,
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
