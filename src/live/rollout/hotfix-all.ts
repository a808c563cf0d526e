/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included, on all threads.
 *
 *     compile   on every thread, for every text and history that running services of the type have; any error, and nothing
 *               has changed anywhere; a thread that hangs, and does not compile, is such an error
 *     apply     service by service, each wholly or not at all, in slices that let other messages through
 *     births    from the first service on that takes it, new services of the thread have the patch before their `init`; who was
 *               born before that gets it like those that ran already
 *     keep      on all threads, those included that have taken another one's place meanwhile; or withdraw, if it failed everywhere
 *
 * What a thread does for it stands in hotfix-all-thread.ts; here is who asks the threads, and puts their answers together: the
 * main thread, whichever thread the caller lives on.
 */

import type { SnaxError } from "../../base/error.ts";
import { codeOf } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { HotfixAllResult, Patch, PatchResult } from "../../snax/types.ts";
import type {
  Applied,
  CampaignCall,
  CampaignCommand,
  CampaignOrder,
  Kept,
  Prepared,
} from "./hotfix-all-thread.ts";
import { CAMPAIGN } from "./hotfix-all-thread.ts";
import type { LiveNode } from "./live-node.ts";
import { hashOfPatch, readPatch } from "../text/patch.ts";
import { orderThread, stuckThread } from "./thread-order.ts";

/** Repairs all services of a type; see `SnaxApi.hotfixall`. */
export async function hotfixall(
  live: LiveNode,
  { context }: SnaxCaller,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<HotfixAllResult> {
  const call: CampaignCall = { type, texts: readPatch(patch), args, caller: context.handle };
  const { threads } = context.runtime;
  if (threads === undefined || threads.own === 0) return await runCampaign(live, context, call);
  // Order: what was sent before is on its threads when these have answered; the main thread's words come by another way.
  const question = { homes: threads.homesOf(type), order: { ...call, id: 0 }, command: "READY" };
  const { stuck } = await askHomes(live, context, question as Question);
  for (const error of stuck.values()) throw error;
  return (await orderThread(context, 0, HOTFIXALL, call)) as HotfixAllResult;
}

/** The command of the main thread's steward. */
export const HOTFIXALL = "HOTFIXALL";

/** Runs on the main thread, which outlives all others: so whatever ends meanwhile, those that are left agree in the end. */
export function runCampaign(
  live: LiveNode,
  context: Context,
  call: CampaignCall,
): Promise<HotfixAllResult> {
  // Order: of two patches for a type every thread has the same one last.
  return live.inTurn(call.type, () => runAlone(live, context, call));
}

async function runAlone(
  live: LiveNode,
  context: Context,
  call: CampaignCall,
): Promise<HotfixAllResult> {
  const id = live.ledger.next();
  const order: CampaignOrder = { ...call, id };
  const enter = (said: string, results: readonly PatchResult[]): void => {
    const target = `all ${call.type}`;
    live.enter(call.caller, { id, hash: hashOfPatch(call.texts), target, results, said });
  };
  let prepared: ReadonlyMap<Home, Prepared>;
  try {
    prepared = await prepareEverywhere(live, context, order);
  } catch (error) {
    const code = codeOf(error) ?? "ERR_PATCH";
    enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    throw error;
  }
  const homes = homesOf(context, order);
  const answers = await askHomes<Applied>(live, context, { homes, order, command: "APPLY" });
  const { failed, skipped, applied } = merge(answers);
  // What failed everywhere would fail in every service to come.
  const isKept = applied.length > 0 || failed.length === 0;
  // Order: a thread that takes another one's place from here on is born with it; one that has done so before is told.
  if (isKept) live.keepForThreads(order);
  const ending = { homes, order, command: isKept ? "KEEP" : "WITHDRAW" } as const;
  const ended = await tellHomes(live, context, ending, (home) => answers.stuck.has(home));
  for (const late of ended) {
    applied.push(...late.applied);
    failed.push(...late.failed);
    skipped.push(...late.skipped);
  }
  live.dropForThreads(new Set(ended.flatMap(({ retired }) => retired)));
  const [summary] = [...prepared.values()].map((each) => each.summary);
  const counts = `${applied.length} applied, ${failed.length} failed, ${skipped.length} skipped`;
  enter(`${counts}: ${summary ?? ""}`, [
    ...failed.map(({ handle, code }) => ({ handle, ok: false, code })),
    ...applied.map((handle) => ({ handle, ok: true })),
  ]);
  return { id, applied, failed, skipped };
}

/** The threads on which services of the type live, whoever has died meanwhile: another one has the number then. */
function homesOf({ runtime }: Context, { type }: CampaignOrder): readonly Home[] {
  return runtime.threads?.homesOf(type) ?? [undefined];
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
  const homes = homesOf(context, order);
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

/** Tells threads how a patch ends; nobody waits for those that are silent anyway. @returns what came of it */
// oxlint-disable-next-line max-params -- who, where, what: an object would only be taken apart again
async function tellHomes(
  live: LiveNode,
  context: Context,
  question: Question,
  isSilent: (home: Home) => boolean,
): Promise<readonly Kept[]> {
  const { homes } = question;
  void askHomes(live, context, { ...question, homes: homes.filter(isSilent) }).catch(() => {});
  const others = homes.filter((home) => !isSilent(home));
  const { values } = await askHomes<Kept | undefined>(live, context, {
    ...question,
    homes: others,
  });
  return [...values.values()].filter((each) => each !== undefined);
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
