/**
 * `snax.together`: patches of several types and shared modules, all of them or none; and what
 * `atomic` makes of one.
 *
 *     run      the main thread leads, in the turn of each type and module
 *     threads  each has a part in it: transaction.ts
 *     vote     every thread has to say that all of it is in (ballot.ts)
 *     ledger   one entry, under the number of the first patch; each has a number of its own, by which
 *              the threads, and the ledger on disk, know it
 */

import { keepsOldOf, summaryOf } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import { resolve } from "node:path";
import { codeOf, SnaxError } from "../../base/error.ts";
import { TOGETHER_MAX } from "../../base/limits.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Patch, PatchFailure, PatchResult, PatchSkip } from "../../snax/types.ts";
import type { TogetherResult } from "../../snax/types.ts";
import type { EditedTexts, PatchTexts } from "../text/compile.ts";
import { hashOfPatch, readPatch } from "../text/compile.ts";
import { keepLate as keepLateOfType, prepareForType, homesOf } from "./all-of-type.ts";
import { AtomicCampaign } from "./atomic-campaign.ts";
import { Ballot } from "./ballot.ts";
import type { CampaignOrder } from "./campaign.ts";
import type { LiveThread } from "./live-thread.ts";
import type { Answers, Home, KeptState, PatchCaller, PatchKind, PatchOrder } from "./rollout.ts";
import { askReady, given, HOLDING, lead, rollOut } from "./rollout.ts";
import type { SharedOrder } from "./shared-module.ts";
import { SharedStep, unusedError } from "./shared-module.ts";
import { refuseSelfWait } from "./self-wait.ts";
import { nameText } from "./sticky.ts";
import { Standstill } from "./standstill.ts";
import type { TransactionKept, TransactionStep, TransactionTried } from "./transaction.ts";
import { Transaction } from "./transaction.ts";

/** One patch of several, as the program says it. */
export type TogetherPart =
  | {
      readonly kind: "type";
      readonly type: string;
      readonly texts: PatchTexts;
      readonly edited?: EditedTexts | undefined;
      readonly args: readonly unknown[];
    }
  | { readonly kind: "shared"; readonly file: string; readonly text: string };

interface TogetherCall {
  readonly parts: readonly TogetherPart[];
  /** The handle of the service that asks. */
  readonly caller: number;
  readonly takesBack: readonly number[] | undefined;
  readonly undoes: readonly string[] | undefined;
  readonly isOnce: boolean;
}

/** One of the patches, with its number. */
export type PartOrder =
  | { readonly kind: "type"; readonly order: CampaignOrder; readonly homes: readonly Home[] }
  | { readonly kind: "shared"; readonly order: SharedOrder };

interface TogetherOrder extends PatchOrder {
  readonly caller: number;
  readonly parts: readonly PartOrder[];
}

/** What came of patches that are in. */
export interface Together {
  readonly id: number;
  readonly applied: readonly number[];
  readonly skipped: readonly PatchSkip[];
  /** How many threads have one of the patches, at the most. */
  readonly threads: number;
  readonly held: number;
  /** Variables that they were to give back, and have not. */
  readonly kept: readonly KeptState[];
  /** See PatchSummary. */
  readonly keepsOld?: readonly string[];
}

/** Repairs several types and shared modules; see `SnaxApi.together`. */
export async function together(
  live: LiveThread,
  caller: PatchCaller,
  given: unknown,
): Promise<TogetherResult> {
  const parts = readParts(given, caller.context.runtime.paths.root);
  const { id, applied, skipped, held, keepsOld } = await applyTogether(live, caller, parts);
  return { id, applied, skipped, held, ...(keepsOld !== undefined && { keepsOld }) };
}

/** Applies patches to all that they are for or to none. */
export async function applyTogether(
  live: LiveThread,
  caller: PatchCaller,
  parts: readonly TogetherPart[],
): Promise<Together> {
  const { context, repair, takesBack, undoes } = caller;
  await refuseSelfWait(caller, "such a patch", { types: parts.map(nameOf), holds: true });
  const isOnce = repair?.once === true;
  const call: TogetherCall = { parts, caller: context.handle, takesBack, undoes, isOnce };
  const { threads } = context.runtime;
  if (threads !== undefined && threads.own !== 0) {
    // Order: what was sent before is on its threads when these have answered; the main thread's
    // words come by another way.
    const homes = homesOfParts(context, parts);
    await askReady(live, context, { kind: TOGETHER, order: { id: 0 }, homes });
  }
  return (await lead(live, context, TOGETHER, { leader: 0, call })) as Together;
}

/** Patches for several, all or none. */
export const TOGETHER: PatchKind<TogetherCall, TogetherOrder, TransactionTried, TransactionKept> = {
  name: "together",
  // Order: of two patches for a type every thread has the same one last; and of two transactions
  // one holds those that both are for until it is over.
  run: (live, context, call) =>
    live.inTurn([HOLDING, ...call.parts.map(nameOf)], () => runTogether(live, context, call)),
  prepare,
  keepLate,
};

async function runTogether(
  live: LiveThread,
  context: Context,
  call: TogetherCall,
): Promise<Together> {
  const { parts, caller, takesBack, isOnce } = call;
  const id = live.ledger.next(parts.length);
  const orders = ordersOf(context, call, id);
  const homes = homesOfParts(context, parts);
  const texts = textsOf(parts);
  const targets = parts.map(targetOf);
  const hash = hashOfPatch(texts);
  const sticky = isOnce ? undefined : live.sticky;
  const what = new Intl.ListFormat("en", { type: "disjunction" }).format(parts.map(nameOf));
  const ballot = new Ballot(context.runtime, what);
  const enter = (
    said: string,
    results: readonly PatchResult[],
    keepsOld?: readonly string[],
  ): void => {
    const several = targets.length > 1 ? { targets } : {};
    const target = targets.join(", ");
    const report = { id, hash, target, results, said, texts, by: caller, takesBack, keepsOld };
    live.ledger.enter({ ...report, ...several });
  };
  try {
    await sticky?.prepareAll(orders, { hash, takesBack });
    const { summary, tried, ended } = await rollOut(live, context, {
      kind: TOGETHER,
      order: { id, caller, parts: orders },
      homes,
      stays: (answers) => {
        ballot.count(homes, failuresOf(answers));
        refuseUnused(context, orders, answers);
        return true;
      },
      // Order: a thread that takes another one's place from here on is born with it; one that has
      // done so before is told.
      onKeep: (answers) => keepOrders(live, { id, orders, isOnce, answers }),
    });
    const done = orders.map((_, index) => ended.flatMap(({ steps }) => steps[index] ?? []));
    const applied = done.flat().flatMap((step) => step.applied);
    const skipped = done.flat().flatMap((step) => step.skipped);
    live.retire(new Set(done.flat().flatMap((step) => step.retired)), isOnce);
    const said = `${applied.length} applied, all or none: ${summary?.said ?? ""}`;
    // A shared module has no services of its own.
    const shared = orders.flatMap(({ kind }) => (kind === "shared" ? 0 : []));
    const results = [...applied, ...shared].map((handle) => ({ handle, ok: true }));
    enter(said, results, summary?.keepsOld);
    const threads = Math.max(...orders.map((_, index) => usersOf(tried, index)));
    const held = Math.max(0, ...ended.map((each) => each.held));
    const kept = done.flat().flatMap((step) => step.kept);
    return { id, applied, skipped, threads, held, kept, ...keepsOldOf(summary) };
  } catch (error) {
    sticky?.refuse(id, messageOf(error));
    const code = codeOf(error) ?? "ERR_PATCH";
    enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    throw error;
  } finally {
    ballot.close();
  }
}

/** One order for each part, numbered from the first on. */
function ordersOf(
  context: Context,
  { parts, caller, undoes, isOnce }: TogetherCall,
  id: number,
): PartOrder[] {
  return parts.map((part, index): PartOrder => {
    if (part.kind === "shared")
      return { kind: "shared", order: { ...part, id: id + index, undoes } };
    const { type, texts, edited, args } = part;
    const patch = { type, texts, edited, args };
    const order = { id: id + index, ...patch, caller, undoes, isOnce, isAtomic: true };
    return { kind: "type", order, homes: homesOf(context, type) };
  });
}

/** What is kept of the patches for later births, threads and starts. */
function keepOrders(
  live: LiveThread,
  {
    id,
    orders,
    isOnce,
    answers,
  }: {
    readonly id: number;
    readonly orders: readonly PartOrder[];
    readonly isOnce: boolean;
    readonly answers: Answers<TransactionTried>;
  },
): void {
  const pending = given(answers.values).flatMap((steps) => steps.map((step) => step.pending));
  const applied = pending.reduce((sum, each) => sum + each, 0);
  const isOnDisk = !isOnce && live.sticky?.keep(id, { applied, failed: 0 }) === true;
  if (isOnDisk) return;
  for (const each of orders) {
    if (each.kind === "shared") {
      live.latePatches.spread({ ...each.order, isSticky: false });
      if (isOnce) live.sticky?.logOnce({ id, type: each.order.file });
    } else if (isOnce && live.sticky !== undefined) live.sticky.keepOnce(each.order);
    else live.births.keepForThreads(each.order);
  }
}

function failuresOf({ values, stuck }: Answers<TransactionTried>): Answers<Failures> {
  const all = [...values].map(([home, steps]): [Home, Failures | undefined] => [
    home,
    steps && { failed: steps.flatMap(({ failed }) => failed) },
  ]);
  return { values: new Map(all), stuck, refusal: undefined };
}

interface Failures {
  readonly failed: readonly PatchFailure[];
}

/** A shared module that no thread has loaded can't be patched. */
function refuseUnused(
  { runtime }: Context,
  orders: readonly PartOrder[],
  answers: Answers<TransactionTried>,
): void {
  for (const [index, each] of orders.entries()) {
    if (each.kind !== "shared" || usersOf(answers, index) > 0) continue;
    throw unusedError(runtime, each.order.file);
  }
}

function usersOf({ values }: Answers<TransactionTried>, index: number): number {
  return given(values).filter((steps) => steps[index]?.isUsed === true).length;
}

async function prepare(
  live: LiveThread,
  context: Context,
  { caller, parts }: TogetherOrder,
): Promise<Transaction> {
  const steps: TransactionStep[] = [];
  for (const part of parts) {
    if (part.kind === "shared") steps.push(await SharedStep.compile(live, part.order));
    else if (isHome(live, part.homes)) {
      const ready = await prepareForType(live, context, part.order);
      steps.push(new AtomicCampaign(live, ready, part.order));
    } else steps.push(new NoStep());
  }
  const types = new Set(parts.flatMap((each) => (each.kind === "type" ? each.order.type : [])));
  const files = parts.flatMap((each) => (each.kind === "shared" ? each.order.file : []));
  const standstill = new Standstill(live.runtime, { types, files, caller });
  return new Transaction(live.runtime, steps, standstill);
}

function isHome({ runtime }: LiveThread, homes: readonly Home[]): boolean {
  return homes.includes(runtime.threads?.own);
}

/** A patch that is not for this thread. */
class NoStep implements TransactionStep {
  readonly summary: PatchSummary = summaryOf("");
  async ready(): Promise<void> {}
  async try(): Promise<{ failed: []; pending: 0; isUsed: boolean }> {
    return { failed: [], pending: 0, isUsed: false };
  }
  async keep(): Promise<{ applied: []; skipped: []; retired: []; kept: [] }> {
    return { applied: [], skipped: [], retired: [], kept: [] };
  }
  giveUp(): void {}
  async undo(): Promise<void> {}
  end(): void {}
}

/** Shared modules come with the word about patches that were kept. */
async function keepLate(
  live: LiveThread,
  context: Context,
  { parts }: TogetherOrder,
): Promise<TransactionKept | undefined> {
  const steps: TransactionKept["steps"][number][] = [];
  for (const part of parts) {
    const isMine = part.kind === "type" && isHome(live, part.homes);
    const kept = isMine ? await keepLateOfType(live, context, part.order) : undefined;
    const { applied = [], skipped = [], retired = [] } = kept ?? {};
    steps.push({ applied, skipped, retired, kept: kept?.kept ?? [] });
  }
  return { steps, held: 0 };
}

function homesOfParts(context: Context, parts: readonly TogetherPart[]): readonly Home[] {
  const { threads } = context.runtime;
  if (threads === undefined) return [undefined];
  const homes = parts.flatMap((part) =>
    part.kind === "type" ? homesOf(context, part.type) : threads.hosts,
  );
  return [...new Set(homes)];
}

function nameOf(part: TogetherPart): string {
  return part.kind === "type" ? part.type : part.file;
}

function targetOf(part: TogetherPart): string {
  return part.kind === "type" ? `all ${part.type}` : part.file;
}

/** The texts as the ledger keeps them: of several patches with what each is for. */
function textsOf(parts: readonly TogetherPart[]): PatchTexts {
  const texts = new Map<string, string>();
  for (const part of parts) {
    if (part.kind === "shared") texts.set(part.file, part.text);
    else {
      for (const [path, text] of part.texts) {
        texts.set(parts.length === 1 ? path : nameText(targetOf(part), path), text);
      }
    }
  }
  return texts;
}

/** Reads what a program asks for. */
function readParts(given: unknown, root: string): readonly TogetherPart[] {
  const list: unknown[] = Array.isArray(given) ? given : [];
  if (list.length === 0 || list.length > TOGETHER_MAX) {
    const why = `a list of 1 to ${TOGETHER_MAX} patches, as { type, patch } or { shared, patch }`;
    throw new SnaxError("ERR_ARGUMENT", `snax.together needs ${why}`);
  }
  const parts = list.map((each) => readPart(each, root));
  const names = parts.map(targetOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return parts;
  const why = `two patches for ${twice}: put them into one`;
  throw new SnaxError("ERR_ARGUMENT", `snax.together: ${why}`);
}

const KEYS: ReadonlySet<string> = new Set(["type", "shared", "patch", "args"]);

function readPart(value: unknown, root: string): TogetherPart {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  const { type, shared, patch, args = [] } = (isRecord ? value : {}) as Record<string, unknown>;
  const unknown = Object.keys(isRecord ? value : {}).find((key) => !KEYS.has(key));
  const isType = typeof type === "string" && shared === undefined && Array.isArray(args);
  if (isType && unknown === undefined) {
    return { kind: "type", type, texts: readPatch(patch as Patch), args };
  }
  const isShared = typeof shared === "string" && type === undefined && typeof patch === "string";
  const hasArgs = isRecord && Object.hasOwn(value, "args");
  if (isShared && unknown === undefined && !hasArgs) {
    readPatch(patch);
    return { kind: "shared", file: resolve(root, shared), text: patch };
  }
  const why = unknown === undefined ? "" : `; ${unknown} is no key of them`;
  throw new SnaxError(
    "ERR_ARGUMENT",
    `snax.together needs patches as { type, patch, args } or { shared, patch }${why}`,
  );
}
