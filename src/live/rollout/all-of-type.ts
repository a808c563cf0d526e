/**
 * `snax.hotfixall`: one patch for every service of a type, those to be born included, on all
 * threads.
 *
 *     prepare   compiled for every text and history that running services of the type have
 *     try       service by service, each wholly or not at all, in slices that let other messages
 *               through (campaign.ts)
 *     births    from the first service on that takes it, new services of the thread have the patch
 *               before their `init`; one that was born before that gets it like those that ran already
 *     vote      it stays unless it failed in every service
 *
 * Or for all of them or none: atomic-campaign.ts.
 *
 * The main thread leads, whichever thread the caller lives on.
 */

import { codeOf } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import type { HotfixAllResult, Patch, PatchResult } from "../../snax/types.ts";
import { keepsOldOf, summarise } from "../apply/patch-summary.ts";
import { hashOfPatch, readPatch } from "../text/compile.ts";
import { AtomicPart } from "./atomic-campaign.ts";
import { Ballot } from "./ballot.ts";
import { Campaign, contextsOf } from "./campaign.ts";
import type { Applied, CampaignOrder, Kept, Ready } from "./campaign.ts";
import type { LiveThread } from "./live-thread.ts";
import type { Answers, Home, KeptState, PatchCaller, PatchKind, ThreadPart } from "./rollout.ts";
import { askReady, given, HOLDING, lead, rollOut } from "./rollout.ts";
import { refuseSelfWait } from "./self-wait.ts";
import { spreadSticky } from "./sticky.ts";
import { VariantTable } from "./variant-table.ts";

/** Services that are looked at before others get their turn. */
const LOOK_SLICE = 1024;

/** What a program asks of hotfixall. */
type CampaignCall = Omit<CampaignOrder, "id">;

/** Repairs all services of a type; see `SnaxApi.hotfixall`. */
export async function hotfixall(
  live: LiveThread,
  caller: PatchCaller,
  type: string,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<AllDone> {
  const { context, repair, takesBack, undoes, edited } = caller;
  const isAtomic = repair?.atomic === true;
  const isOnce = repair?.once === true;
  const texts = readPatch(patch);
  const by = { caller: context.handle, takesBack, undoes };
  const call: CampaignCall = { type, texts, edited, args, ...by, isAtomic, isOnce };
  await refuseSelfWait(caller, "a patch", { types: [type], holds: isAtomic });
  const { threads } = context.runtime;
  if (threads !== undefined && threads.own !== 0) {
    // Order: what was sent before is on its threads when these have answered; the main thread's
    // words come by another way.
    const order = { ...call, id: 0 };
    await askReady(live, context, { kind: ALL_OF_TYPE, order, homes: homesOf(context, type) });
  }
  return (await lead(live, context, ALL_OF_TYPE, { leader: 0, call })) as AllDone;
}

/** A patch for all services of a type. */
export const ALL_OF_TYPE: PatchKind<CampaignCall, CampaignOrder, Applied, Kept> = {
  name: "type",
  // Order: of two patches for a type every thread has the same one last.
  run: (live, context, call) => live.inTurn(turnsOf(call), () => runForType(live, context, call)),
  prepare,
  keepLate,
};

/** What other nodes think of a patch; throws if it is not to stay. */
export type Decide = () => Promise<void>;

/**
 * Puts a patch of the whole fleet into all services of this node or into none; on the main thread.
 *
 * @param decide - asked when it is in everywhere here and no handler has seen it yet: all services of the type are held until it is settled.
 */
export function patchForFleet(
  live: LiveThread,
  context: Context,
  call: Omit<CampaignCall, "isAtomic" | "isOnce">,
  decide: Decide,
): Promise<AllDone> {
  const whole = { ...call, isAtomic: true, isOnce: false };
  return live.inTurn(turnsOf(whole), () => runForType(live, context, whole, decide));
}

/** Of what one is at a time: what holds services, and patches for a type. */
function turnsOf({ type, isAtomic }: CampaignCall): readonly string[] {
  return isAtomic ? [HOLDING, type] : [type];
}

async function runForType(
  live: LiveThread,
  context: Context,
  call: CampaignCall,
  decide?: Decide,
): Promise<AllDone> {
  const id = live.ledger.next();
  const order: CampaignOrder = { ...call, id };
  // Without a ledger on disk every patch ends with the process.
  const sticky = call.isOnce ? undefined : live.sticky;
  const hash = hashOfPatch(call.texts);
  const ballot = call.isAtomic ? new Ballot(context.runtime, call.type) : undefined;
  const enter = (
    said: string,
    results: readonly PatchResult[],
    keepsOld?: readonly string[],
  ): void => {
    const { texts, caller: by, takesBack, fleet } = call;
    live.ledger.enter({
      ...{ id, hash, target: `all ${call.type}`, results, said, texts, by, takesBack },
      ...{ fleet: fleet?.id, keepsOld },
    });
  };
  const homes = homesOf(context, call.type);
  try {
    await sticky?.prepareType(order, hash);
    const { summary, tried, ended } = await rollOut(live, context, {
      kind: ALL_OF_TYPE,
      order,
      homes,
      stays: async (answers) => {
        if (ballot !== undefined) {
          ballot.count(homes, answers);
          await decide?.();
          return true;
        }
        const { applied, failed } = merge(answers);
        // What failed everywhere would fail in every new service.
        return applied.length > 0 || failed.length === 0;
      },
      // Order: a thread that takes another one's place from here on is born with it; one that has
      // done so before is told.
      onKeep: (answers) => keepForBirths(live, order, count(answers)),
    });
    sticky?.refuse(id, "it failed in every service");
    const { applied, failed, skipped } = merge(tried, ended);
    const retired = new Set(ended.flatMap((each) => each.retired));
    live.retire(retired, call.isOnce);
    const counts = `${applied.length} applied, ${failed.length} failed, ${skipped.length} skipped`;
    enter(`${counts}: ${summary?.said ?? ""}`, resultsOf({ applied, failed }), summary?.keepsOld);
    const held = Math.max(0, ...ended.map((each) => each.held));
    const kept = call.undoes === undefined ? {} : { kept: keptOf(tried, ended) };
    const more = { ...(call.isAtomic && { held }), ...kept, ...keepsOldOf(summary) };
    return { id, applied, failed, skipped, ...more };
  } catch (error) {
    sticky?.refuse(id, messageOf(error));
    const code = codeOf(error) ?? "ERR_PATCH";
    enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    throw error;
  } finally {
    ballot?.close();
  }
}

/** What the ledger has of it, the failures first. */
function resultsOf({ applied, failed }: Pick<Applied, "applied" | "failed">): PatchResult[] {
  return [
    ...failed.map(({ handle, code }) => ({ handle, ok: false, code })),
    ...applied.map((handle) => ({ handle, ok: true })),
  ];
}

/** Has new threads and programs know of a patch that stays. */
function keepForBirths(
  live: LiveThread,
  order: CampaignOrder,
  counts: { readonly applied: number; readonly failed: number },
): void {
  const { id, type, texts, fleet, isOnce } = order;
  if (fleet !== undefined) live.fleet.add(fleet, id);
  if (isOnce && live.sticky !== undefined) return live.sticky.keepOnce(order);
  if (live.sticky?.keep(id, counts) === true) return;
  if (fleet === undefined) return live.births.keepForThreads(order);
  // Without a ledger on disk a patch of the fleet lasts as long as the process, whatever is read anew.
  const file = findModuleFile(live.runtime.paths.find(type));
  if (file !== undefined) spreadSticky(live, { id, type, texts, file, isOnce: false });
}

/** The threads on which services of the type may live. */
export function homesOf({ runtime }: Context, type: string): readonly Home[] {
  return runtime.threads?.homesOf(type) ?? [undefined];
}

/**
 * Puts together what came of the services. A thread that hangs counts as a failure, under the
 * service that it runs.
 */
function merge({ values, stuck }: Answers<Applied>, ended: readonly Applied[] = []): Applied {
  const hanging = [...stuck.values()].map(({ code, message, data }) => {
    const { handle } = data as { handle: number };
    return { handle, code, message };
  });
  const tried = given(values);
  return {
    applied: [...tried, ...ended].flatMap(({ applied }) => applied),
    failed: [
      ...tried.flatMap(({ failed }) => failed),
      ...hanging,
      ...ended.flatMap(({ failed }) => failed),
    ],
    skipped: [...tried, ...ended].flatMap(({ skipped }) => skipped),
  };
}

function keptOf({ values }: Answers<Applied>, ended: readonly Applied[]): readonly KeptState[] {
  return [...given(values), ...ended].flatMap(({ kept = [] }) => kept);
}

/** What came of a patch. */
export interface AllDone extends HotfixAllResult {
  /** Variables that it was to give back, and has not; with a rollback only. */
  readonly kept?: readonly KeptState[];
}

/** In how many services a patch that stays is, and how many have refused it. */
function count(answers: Answers<Applied>): { applied: number; failed: number } {
  const { applied, failed } = merge(answers);
  const pending = given(answers.values).map((each) => each.pending ?? 0);
  return {
    applied: pending.reduce((sum, each) => sum + each, applied.length),
    failed: failed.length,
  };
}

async function prepare(
  live: LiveThread,
  context: Context,
  order: CampaignOrder,
): Promise<ThreadPart<Applied, Kept>> {
  const ready = await prepareForType(live, context, order);
  return order.isAtomic ? new AtomicPart(live, ready, order) : new Campaign(live, ready, order);
}

/** Compiles a patch for all services of a type on this thread, and those to be born. */
export async function prepareForType(
  live: LiveThread,
  context: Context,
  order: CampaignOrder,
): Promise<Ready> {
  const { type, texts } = order;
  const { program, parts } = await live.births.compile(context, order);
  const variants = new VariantTable(texts, new Set(context.runtime.parts.keys()));
  await compileForAll(context, type, variants);
  const [first] = contextsOf(context.runtime, type);
  // Where new services have the edit already, a running one says what changes.
  const running = first === undefined ? undefined : variants.find(first);
  const summary = summarise(parts.length < texts.size ? (running ?? parts) : parts, first?.code);
  return { program, born: parts, variants, summary };
}

/**
 * Compiles for every kind of service that runs, with pauses: a look at ten thousand services takes
 * some milliseconds. A service started meanwhile with different code is compiled for when its turn
 * comes.
 */
async function compileForAll(caller: Context, type: string, variants: VariantTable): Promise<void> {
  const { kernel } = caller.runtime;
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const { origin } = kernel;
      kernel.soon(caller.service, resolve).origin = origin;
    });
  await pause();
  for (const [index, context] of contextsOf(caller.runtime, type).entries()) {
    if (index % LOOK_SLICE === LOOK_SLICE - 1) await pause();
    if (context.service.isAlive && variants.lacks(context)) await variants.compile(context);
  }
  await pause();
}

/** Gives a patch that stays to a thread that has taken another one's place meanwhile. */
export async function keepLate(
  live: LiveThread,
  context: Context,
  order: CampaignOrder,
): Promise<Kept | undefined> {
  if (live.births.inherits(order.id)) return undefined;
  const contexts = contextsOf(context.runtime, order.type);
  try {
    const campaign = await prepare(live, context, order);
    return await campaign.keep();
  } catch (error) {
    live.births.logMissing(order, error);
    const code = codeOf(error) ?? "ERR_PATCH";
    const failed = contexts.map(({ handle }) => ({ handle, code, message: messageOf(error) }));
    return { applied: [], failed, skipped: [], retired: [], held: 0 };
  }
}
