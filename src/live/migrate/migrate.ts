/**
 * `skynet.migrate`: a running service goes to another thread of the node, under its handle.
 *
 *     caller -> MIGRATE to the steward of the service's thread -> ADOPT to that of the other one (leave.ts, arrive.ts)
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { deadError } from "../../kernel/refusal.ts";
import { resolveAddress } from "../../service/calls.ts";
import type { Context } from "../../service/context.ts";
import { settleInside } from "../../service/context.ts";
import { readPlace } from "../../service/life.ts";
import type { Address, MigrateOptions, MigrateResult } from "../../service/skynet-api.ts";
import { askSteward } from "../../service/steward.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { liveOf } from "../rollout/live-thread.ts";
import { ASKS_FOR_ITSELF } from "../rollout/self-wait.ts";
import { adopt, ComingPrograms } from "./arrive.ts";
import { migrateOne } from "./leave.ts";
import type { Head } from "./pack.ts";
import { ADOPT, DISCARD_WORD, FORM_WORD, migrateError, PREPARE } from "./pack.ts";

/** The command of a thread's steward by which a service goes. */
const MIGRATE = "MIGRATE";

/** Gives a thread what it needs to let services go and come. */
export function answerMigrate(live: LiveThread): void {
  const { runtime } = live;
  const { stewardCommands, words } = runtime;
  stewardCommands.set(MIGRATE, (steward, [handle, thread, caller]) =>
    migrateHere(steward, handle as number, { thread: thread as number, caller: caller as number }),
  );
  const coming = new ComingPrograms();
  stewardCommands.set(PREPARE, (steward, order) => coming.prepare(steward, live, order));
  stewardCommands.set(ADOPT, (steward, order) => adopt(steward, live, coming, order));
  words.set(FORM_WORD, (head, program) => coming.form(live, head as Head, program as number));
  words.set(DISCARD_WORD, (handle) => {
    coming.forget(handle as number);
    runtime.threads?.handOver.discard(handle as number);
  });
  runtime.onThreadDeath.push((dead) => coming.forgetThread(dead));
  runtime.migrate = migrate;
}

/** Moves a service; see `SkynetApi.migrate`. */
export function migrate(
  context: Context,
  address: Address,
  wish: MigrateOptions,
): Promise<MigrateResult> {
  return settleInside(context, () => ask(context, address, wish));
}

async function ask(
  context: Context,
  address: Address,
  wish: MigrateOptions | undefined,
): Promise<MigrateResult> {
  const { runtime } = context;
  const { threads } = runtime;
  const handle = resolveAddress(context, address);
  if (handle === undefined) {
    throw new SnaxError("ERR_NO_SERVICE", `no service has the name ${String(address)}`);
  }
  if (threads === undefined) {
    throw migrateError("the node has one thread: start it with `thread: 2` or more");
  }
  const thread = wish?.thread;
  if (typeof thread !== "number") {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `skynet.migrate needs { thread: 1 to ${threads.hosts.length} }`,
    );
  }
  readPlace(context, thread);
  const home = threads.threadOf(handle);
  if (home === undefined) {
    throw deadError(handle, { movedTo: runtime.kernel.successors.find(handle) });
  }
  const { handle: caller } = context;
  return home === threads.own
    ? await migrateHere(context, handle, { thread, caller })
    : ((await askSteward(context, home, MIGRATE, handle, thread, caller)) as MigrateResult);
}

async function migrateHere(
  { runtime }: Context,
  handle: number,
  { thread, caller }: { readonly thread: number; readonly caller: number },
): Promise<MigrateResult> {
  const context = runtime.contextOf(handle);
  if (context === undefined) throw deadError(handle);
  if (context.handle === caller) {
    throw migrateError(ASKS_FOR_ITSELF);
  }
  if (context.handle !== handle) {
    throw migrateError(
      `${formatAddress(context.handle)} has taken its place, in a swap: move that one`,
    );
  }
  return await migrateOne(liveOf(runtime), context, { to: thread, caller });
}
