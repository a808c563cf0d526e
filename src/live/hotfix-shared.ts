/**
 * `snax.hotfixshared`: a patch for a `"use shared"` module, of which a thread has one instance.
 *
 * It goes in in one synchronous step for all services at once: they hold the module's functions through forwarders and its
 * classes by identity, and hear of its changed variables. `hotfix()` of the patch, if it has one, must be synchronous:
 * nobody could be held while it waits.
 */

import { resolve } from "node:path";
import { codeOf, SnaxError } from "../base/error.ts";
import type { Instance } from "../loader/instance.ts";
import { Program } from "../loader/program.ts";
import { Context, isThenable } from "../service/context.ts";
import { messageOf } from "../service/error-text.ts";
import type { Runtime } from "../service/runtime.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import type { HotfixSharedResult } from "../snax/types.ts";
import { scopeIn } from "./apply.ts";
import type { LiveNode } from "./live-node.ts";
import { evaluateImports } from "./patch-import.ts";
import { compileParts, findSharedNode, hashOfPatch, summaryOf } from "./patch.ts";
import { ServicePatch } from "./service-patch.ts";

/** Repairs a shared module; see `SnaxApi.hotfixshared`. */
export async function hotfixshared(
  live: LiveNode,
  { context: { runtime, handle } }: SnaxCaller,
  path: string,
  text: string,
): Promise<HotfixSharedResult> {
  if (typeof path !== "string" || typeof text !== "string") {
    throw new SnaxError("ERR_ARGUMENT", "snax.hotfixshared needs the path of a module and a text");
  }
  const file = resolve(runtime.paths.root, path);
  const program = runtime.cache.shared;
  const node = findSharedNode(program, file);
  if (node === undefined) {
    throw new SnaxError("ERR_PATCH_NAME", `no service uses a shared module ${file}`);
  }
  const instance = program.sharedInstance;
  const texts = new Map([[file, text]]);
  const id = live.ledger.next();
  const hash = hashOfPatch(texts);
  const enter = (said: string, result: { ok: boolean; code?: string }): void =>
    live.enter(handle, { id, hash, target: file, results: [{ handle: 0, ...result }], said });
  try {
    const parts = await compileParts(texts, {
      program,
      scopeOf: (each) => scopeIn(instance, each),
      hasMethods: false,
      apiNames: new Set(),
      find: () => node,
    });
    await evaluateImports(parts, instance);
    Program.expectWrites(node, instancesOf(runtime));
    const patch = ServicePatch.commit(instance, undefined, parts);
    runNow(patch);
    enter(`applied: ${summaryOf(parts)}`, { ok: true });
    return { id, threads: 1 };
  } catch (error) {
    enter(`refused: ${messageOf(error)}`, { ok: false, code: codeOf(error) ?? "ERR_PATCH_FAILED" });
    throw error;
  }
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
  patch.keep();
}
