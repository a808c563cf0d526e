/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included, on all threads.
 *
 *     compile   on every thread, for every text and history that running services of the type have; any error, and nothing
 *               has changed anywhere; a thread that hangs, and does not compile, is such an error
 *     births    from this moment new services of the thread have the patch before their `init`
 *     apply     service by service, each wholly or not at all, in slices that let other messages through
 *
 * What a thread does for it stands in hotfix-all-thread.ts; here is who asks the threads, and puts their answers together.
 */

import type { SnaxError } from "../base/error.ts";
import { codeOf } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { messageOf } from "../service/error-text.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import type { HotfixAllResult, Patch, PatchResult } from "../snax/types.ts";
import type { Applied, CampaignCommand, CampaignOrder, Prepared } from "./hotfix-all-thread.ts";
import { CAMPAIGN } from "./hotfix-all-thread.ts";
import type { LiveNode } from "./live-node.ts";
import { hashOfPatch, readPatch } from "./patch.ts";
import { orderThread, stuckThread } from "./thread-order.ts";

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
  const answers = await askHomes<Applied>(live, context, { homes, order, command: "APPLY" });
  const { applied, failed, skipped } = merge(answers);
  // What failed everywhere would fail in every service to come.
  const isKept = applied.length > 0 || failed.length === 0;
  const ending = { homes, order, command: isKept ? "KEEP" : "WITHDRAW" } as const;
  await tellHomes(live, context, ending, (home) => answers.stuck.has(home));
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

/** What several threads said. */
interface Answers<T> {
  readonly values: ReadonlyMap<Home, T>;
  /** For which an order was given up, with the error. */
  readonly stuck: ReadonlyMap<Home, SnaxError>;
}

/** Has the patch compiled on every thread; where one refuses, or hangs, all forget it. */
async function prepareEverywhere(
  live: LiveNode,
  context: Context,
  order: CampaignOrder,
): Promise<ReadonlyMap<Home, Prepared>> {
  const { threads } = context.runtime;
  const homes: readonly Home[] = threads?.homesOf(order.type) ?? [undefined];
  const prepared = new Map<Home, Prepared>();
  try {
    const answers = await Promise.allSettled(
      homes.map(async (home) => {
        const answer = await askHome(live, context, home, "PREPARE", order);
        prepared.set(home, answer as Prepared);
      }),
    );
    const refusal = answers.find((each) => each.status === "rejected" && !isGone(each.reason));
    if (refusal?.status === "rejected") throw refusal.reason;
    // Some were faster than others, and may have begun to hang since.
    const question = { homes: [...prepared.keys()], order, command: "READY" } as const;
    const { stuck } = await askHomes(live, context, question);
    for (const error of stuck.values()) throw error;
    return prepared;
  } catch (error) {
    // Who has not answered yet will find that it is to forget what it compiles.
    const question = { homes, order, command: "WITHDRAW" } as const;
    const isSilent = (home: Home): boolean => home === stuckThread(error) || !prepared.has(home);
    await tellHomes(live, context, question, isSilent);
    throw error;
  }
}

/** Asks several threads; what has died meanwhile has no say, and nothing of it remains to be patched. */
async function askHomes<T>(
  live: LiveNode,
  context: Context,
  { homes, order, command }: Question,
): Promise<Answers<T>> {
  const values = new Map<Home, T>();
  const stuck = new Map<Home, SnaxError>();
  const ask = async (home: Home): Promise<void> => {
    try {
      values.set(home, (await askHome(live, context, home, command, order)) as T);
    } catch (error) {
      if (stuckThread(error) !== undefined) stuck.set(home, error as SnaxError);
      else if (!isGone(error)) throw error;
    }
  };
  const answers = await Promise.allSettled(homes.map(ask));
  for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  return { values, stuck };
}

/** Tells threads how a patch ends; nobody waits for those that are silent anyway. */
// oxlint-disable-next-line max-params -- who, where, what: an object would only be taken apart again
async function tellHomes(
  live: LiveNode,
  context: Context,
  question: Question,
  isSilent: (home: Home) => boolean,
): Promise<void> {
  const { homes } = question;
  void askHomes(live, context, { ...question, homes: homes.filter(isSilent) }).catch(() => {});
  const others = homes.filter((home) => !isSilent(home));
  await askHomes(live, context, { ...question, homes: others });
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
  return orderThread(context, home, `HOTFIXALL_${command}`, order);
}

function isGone(error: unknown): boolean {
  return codeOf(error) === "ERR_SERVICE_DEAD";
}

/** A thread that hangs counts as a failure, under the service that it runs. */
function merge({ values, stuck }: Answers<Applied>): Applied {
  const parts = [...values.values()];
  const hanging = [...stuck.values()].map(({ code, message, data }) => {
    const { handle } = data as { handle: number };
    return { handle, code, message };
  });
  return {
    applied: parts.flatMap(({ applied }) => applied),
    failed: [...parts.flatMap(({ failed }) => failed), ...hanging],
    skipped: parts.flatMap(({ skipped }) => skipped),
  };
}
