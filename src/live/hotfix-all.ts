/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included, on all threads.
 *
 *     compile   on every thread, for every text and history that running services of the type have; any error, and nothing
 *               has changed anywhere
 *     births    from this moment new services of the thread have the patch before their `init`
 *     apply     service by service, each wholly or not at all, in slices that let other messages through
 *
 * What a thread does for it stands in hotfix-all-thread.ts; here is who asks the threads, and puts their answers together.
 */

import { codeOf, SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { messageOf } from "../service/error-text.ts";
import { askSteward } from "../service/steward.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import type { HotfixAllResult, Patch, PatchResult } from "../snax/types.ts";
import type { Applied, CampaignCommand, CampaignOrder, Prepared } from "./hotfix-all-thread.ts";
import { CAMPAIGN } from "./hotfix-all-thread.ts";
import type { LiveNode } from "./live-node.ts";
import { hashOfPatch, readPatch } from "./patch.ts";

/** Repairs all services of a type; see `SnaxApi.hotfixall`. */
export async function hotfixall(
  live: LiveNode,
  { context }: SnaxCaller,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<HotfixAllResult> {
  const texts = readPatch(patch);
  const id = live.ledger.next();
  const order: CampaignOrder = { id, type, texts, args, caller: context.handle };
  const enter = (said: string, results: readonly PatchResult[]): void => {
    const target = `all ${type}`;
    live.enter(context.handle, { id, hash: hashOfPatch(texts), target, results, said });
  };
  let prepared: ReadonlyMap<Home, Prepared>;
  try {
    prepared = await prepareEverywhere(live, context, order);
  } catch (error) {
    const code = codeOf(error) ?? "ERR_PATCH";
    enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    throw error;
  }
  const homes = [...prepared.keys()];
  const outcome = merge(await askHomes<Applied>(live, context, { homes, order, command: "APPLY" }));
  const { applied, failed, skipped } = outcome;
  // What failed everywhere would fail in every service to come.
  const isKept = applied.length > 0 || failed.length === 0;
  await askHomes(live, context, { homes, order, command: isKept ? "KEEP" : "WITHDRAW" });
  const [summary] = [...prepared.values()].map((each) => each.summary);
  const counts = `${applied.length} applied, ${failed.length} failed, ${skipped.length} skipped`;
  enter(`${counts}: ${summary ?? ""}`, [
    ...failed.map(({ handle, code }) => ({ handle, ok: false, code })),
    ...applied.map((handle) => ({ handle, ok: true })),
  ]);
  return { id, applied, failed, skipped };
}

/** The number of a thread; undefined in a node of one thread. */
type Home = number | undefined;

/** What the threads are asked. */
interface Question {
  readonly homes: readonly Home[];
  readonly order: CampaignOrder;
  readonly command: CampaignCommand;
}

/** Has the patch compiled on every thread; where one refuses, all forget it. */
async function prepareEverywhere(
  live: LiveNode,
  context: Context,
  order: CampaignOrder,
): Promise<ReadonlyMap<Home, Prepared>> {
  const { threads } = context.runtime;
  const homes: readonly Home[] = threads?.homesOf(order.type) ?? [undefined];
  const answers = await Promise.allSettled(
    homes.map((home) => askHome(live, context, home, "PREPARE", order)),
  );
  const refusal = answers.find((each) => each.status === "rejected" && !isGone(each.reason));
  const prepared = new Map<Home, Prepared>();
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") prepared.set(homes[index], answer.value as Prepared);
  }
  if (refusal?.status !== "rejected") return prepared;
  const others = homes.filter((home) => !prepared.has(home));
  // Who has not answered yet will find that it is to forget what it compiles.
  void askHomes(live, context, { homes: others, order, command: "WITHDRAW" }).catch(() => {});
  await askHomes(live, context, { homes: [...prepared.keys()], order, command: "WITHDRAW" });
  throw refusal.reason;
}

/** Asks several threads; what has died meanwhile has no say, and nothing of it remains to be patched. */
async function askHomes<T>(
  live: LiveNode,
  context: Context,
  { homes, order, command }: Question,
): Promise<T[]> {
  const answers = await Promise.allSettled(
    homes.map((home) => askHome(live, context, home, command, order)),
  );
  const values: T[] = [];
  for (const answer of answers) {
    if (answer.status === "fulfilled") values.push(answer.value as T);
    else if (!isGone(answer.reason)) throw answer.reason;
  }
  return values;
}

// oxlint-disable-next-line max-params -- who, where, what: an object would only be taken apart again
function askHome(
  live: LiveNode,
  context: Context,
  home: Home,
  command: CampaignCommand,
  order: CampaignOrder,
): Promise<unknown> {
  if (home === undefined || home === context.runtime.threads?.own) {
    return CAMPAIGN[command](live, context, order);
  }
  const answer = askSteward(context, home, `HOTFIXALL_${command}`, order);
  return command === "PREPARE" ? beforeTooLong(context, home, answer) : answer;
}

/** A thread whose handler never returns must not keep the operator waiting who is about to repair it. */
function beforeTooLong(context: Context, home: number, answer: Promise<unknown>): Promise<unknown> {
  const { environment, kernel } = context.runtime;
  const ms = Number(environment.get("hotfixtimeout"));
  return new Promise((resolve, reject) => {
    const { origin } = kernel;
    const timer = kernel.addTimer(context.service, ms, () => reject(stuckError(home, ms)));
    timer.origin = origin;
    const settled = (settle: () => void): void => {
      kernel.removeTimer(context.service, timer);
      settle();
    };
    answer.then(
      (value) => settled(() => resolve(value)),
      (error: unknown) => settled(() => reject(error as Error)),
    );
  });
}

function stuckError(home: number, ms: number): SnaxError {
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `thread ${home} did not compile the patch within hotfixtimeout, ${ms} ms, and nothing has changed: ` +
      "a handler there does not return",
  );
}

function isGone(error: unknown): boolean {
  return codeOf(error) === "ERR_SERVICE_DEAD";
}

function merge(parts: readonly Applied[]): Applied {
  return {
    applied: parts.flatMap(({ applied }) => applied),
    failed: parts.flatMap(({ failed }) => failed),
    skipped: parts.flatMap(({ skipped }) => skipped),
  };
}
