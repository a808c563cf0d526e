/**
 * `snax.hotfixshared`: a patch for a `"use shared"` module, of which a thread has one instance.
 *
 * It goes in in one synchronous step for all services at once: they hold the module's functions through forwarders and its
 * classes by identity, and hear of its changed variables. `hotfix()` of the patch, if it has one, must be synchronous:
 * nobody could be held while it waits.
 */

import { resolve } from "node:path";
import { codeOf, SnaxError } from "../../base/error.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { HotfixSharedResult } from "../../snax/types.ts";
import type { SharedCall, SharedCommand, SharedOrder } from "./hotfix-shared-thread.ts";
import { SHARED_PATCH } from "./hotfix-shared-thread.ts";
import type { LiveNode } from "./live-node.ts";
import { hashOfPatch } from "../text/patch.ts";
import { orderThread, stuckThread } from "./thread-order.ts";

/** Repairs a shared module; see `SnaxApi.hotfixshared`. */
export async function hotfixshared(
  live: LiveNode,
  { context }: SnaxCaller,
  path: string,
  text: string,
): Promise<HotfixSharedResult> {
  if (typeof path !== "string" || typeof text !== "string") {
    throw new SnaxError("ERR_ARGUMENT", "snax.hotfixshared needs the path of a module and a text");
  }
  const { paths, threads } = context.runtime;
  const call: SharedCall = { file: resolve(paths.root, path), text, caller: context.handle };
  if (threads === undefined || threads.own === 0) return await runShared(live, context, call);
  return (await orderThread(context, 0, HOTFIXSHARED, call)) as HotfixSharedResult;
}

/** The command of the main thread's steward. */
export const HOTFIXSHARED = "HOTFIXSHARED";

/** Runs on the main thread, which outlives all others: so whatever ends meanwhile, those that are left agree in the end. */
export function runShared(
  live: LiveNode,
  context: Context,
  call: SharedCall,
): Promise<HotfixSharedResult> {
  // Order: of two patches for a module every thread has the same one last.
  return live.inTurn(call.file, () => runAlone(live, context, call));
}

async function runAlone(
  live: LiveNode,
  context: Context,
  { file, text, caller }: SharedCall,
): Promise<HotfixSharedResult> {
  const { runtime } = context;
  const id = live.ledger.next();
  const order: SharedOrder = { id, file, text };
  const hash = hashOfPatch(new Map([[file, text]]));
  const enter = (said: string, result: { ok: boolean; code?: string }): void =>
    live.enter(caller, { id, hash, target: file, results: [{ handle: 0, ...result }], said });
  const homes: readonly Home[] = runtime.threads?.hosts ?? [undefined];
  const ask = (home: Home, command: SharedCommand): Promise<unknown> =>
    home === undefined || home === runtime.threads?.own
      ? SHARED_PATCH[command](live, order)
      : orderThread(context, home, `HOTFIXSHARED_${command}`, order);
  let using: readonly Home[];
  let patched: readonly Home[];
  let summary: unknown;
  try {
    const summaries = await askAll(homes, (home) => ask(home, "PREPARE"));
    using = homes.filter((home) => summaries.get(home) !== undefined);
    summary = summaries.get(using[0]);
    const committed = await askAll(using, (home) => ask(home, "COMMIT"));
    patched = using.filter((home) => committed.get(home) === true);
  } catch (error) {
    // A thread that has only compiled it forgets it; one that has put it in takes it back, one that hangs when it goes on.
    await endEverywhere(homes, error, (home) => ask(home, "UNDO"));
    enter(`refused: ${messageOf(error)}`, {
      ok: false,
      code: codeOf(error) ?? "ERR_PATCH_FAILED",
    });
    throw error;
  }
  // It is in everywhere: nothing that happens to a thread changes that.
  await endEverywhere(patched, undefined, (home) => ask(home, "KEEP"));
  // Nothing was patched, so there is nothing to enter.
  if (using.length === 0) throw unusedError(runtime, file);
  // Whoever loads the module later gets it then, those included that take another one's place.
  live.lateShared.spread(order);
  enter(`applied: ${String(summary)}`, { ok: true });
  return { id, threads: patched.length };
}

function unusedError({ cache }: Runtime, file: string): SnaxError {
  const image = cache.images.get(findModuleFile(file) ?? file);
  const why =
    image === undefined || image.data.isShared
      ? `no service uses a shared module ${file}`
      : `${file} is not shared: each service that imports it has its own; ${HOW_OWN}`;
  return new SnaxError("ERR_PATCH_NAME", why);
}

/** How a module is patched of which each service has its own. */
const HOW_OWN =
  "give its text to the services, snax.hotfixall(type, { path: text }), or `hotfix TYPE path=FILE` in the console";

/** The number of a thread; undefined in a node of one thread. */
type Home = number | undefined;

/** Tells several threads how it ends; nobody waits for one that hangs. */
async function endEverywhere(
  homes: readonly Home[],
  error: unknown,
  tell: (home: Home) => Promise<unknown>,
): Promise<void> {
  const stuck = stuckThread(error);
  const told = homes.map((home) => ({ home, answer: tell(home).catch(() => {}) }));
  await Promise.all(told.filter(({ home }) => home !== stuck).map(({ answer }) => answer));
}

/** Asks several threads at once; when all have answered, the first refusal is thrown. */
async function askAll(
  homes: readonly Home[],
  ask: (home: Home) => Promise<unknown>,
): Promise<Map<Home, unknown>> {
  const answers = await Promise.allSettled(homes.map(ask));
  const values = new Map<Home, unknown>();
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") values.set(homes[index], answer.value);
    // What has died needs no patch.
    else if (codeOf(answer.reason) !== "ERR_SERVICE_DEAD") throw answer.reason;
  }
  return values;
}
