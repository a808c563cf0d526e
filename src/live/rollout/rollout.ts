/**
 * One patch on every thread that it concerns: for all of a type, for a shared module. One for a single
 * service has a leader too, and no more: no other thread has to agree.
 *
 *     RUN      the leader: the thread of the one service, or the main thread, which outlives the others
 *     PREPARE  every thread compiles; nothing changes. If one refuses or hangs, all forget the patch
 *     READY    every thread answers once more; one that hangs by now is found here.
 *              A patch that must be in all services or in none holds them here
 *     TRY      every thread puts it in and runs its hotfix()
 *     vote     the leader decides by what the threads say: the kind of the patch knows how
 *     KEEP     or UNDO, on every thread, even if it hears of it late
 *
 * A thread is told of a phase by the one command PATCH of its steward; the leader's own thread is
 * called directly. What a thread does at each phase is a {@link ThreadPart}, which lives from
 * PREPARE to KEEP or UNDO.
 */

import { fullestOf } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import type { SnaxError } from "../../base/error.ts";
import { codeOf } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { EditedTexts } from "../text/compile.ts";
import type { LiveThread } from "./live-thread.ts";
import type { OrderState } from "./thread-order.ts";
import { orderThread, stuckThread, takeOrder } from "./thread-order.ts";

/**
 * What a thread can be told about a patch, in this order; UNDO in place of KEEP, and in place of
 * whatever follows.
 */
export type Phase = "RUN" | "PREPARE" | "READY" | "TRY" | "KEEP" | "UNDO";

/** The command of a thread's steward: `PATCH(phase, kind, order)`. */
const PATCH = "PATCH";

/**
 * What is done however late it is heard: a thread that was given up has an end to its patches, too.
 */
const MUST_BE_HEARD: ReadonlySet<Phase> = new Set(["TRY", "KEEP", "UNDO"]);

/** A patch as the threads are told of it; each kind adds what its threads need. */
export interface PatchOrder {
  /** The number of the patch in the ledger. */
  readonly id: number;
}

/** One patch on one thread, compiled. */
export interface ThreadPart<Tried, Kept> {
  /** What it does, and what keeps the old. */
  readonly summary: PatchSummary;
  /** Holds what must not run until the vote; what it throws refuses the patch. @defaultValue nothing */
  ready?(): Promise<void>;
  /**
   * Puts the patch in.
   *
   * @param state - how far the leader's order has come; undefined on its own thread
   */
  try(state: OrderState | undefined): Promise<Tried | undefined>;
  /** The patch stays. */
  keep(): Kept | Promise<Kept>;
  /** The patch goes, tried or not. */
  undo(): void | Promise<void>;
}

/** The turn of patches that hold services until all have agreed: one at a time. */
export const HOLDING = "";

/** The service that asks for a patch. */
export interface PatchCaller extends SnaxCaller {
  /** The patches that it takes back, by number. @defaultValue none */
  readonly takesBack?: readonly number[];
  /** The texts of these. @defaultValue none */
  readonly undoes?: readonly string[];
  /** The patch was made from files. */
  readonly edited?: EditedTexts;
}

/** Variables of a service that keep what other code has written since a patch assigned them. */
export interface KeptState {
  /** 0 for a shared module. */
  readonly handle: number;
  readonly names: readonly string[];
}

/** What one thread leads, and other threads may ask it for. */
export interface Led<Call> {
  readonly name: string;
  /**
   * Does it, on the thread that {@link lead} chose.
   *
   * @param state - of the order to do so, if another thread asks
   */
  run(live: LiveThread, context: Context, call: Call, state?: OrderState): Promise<unknown>;
}

/** What differs between the kinds of patches that go to several threads. */
export interface PatchKind<Call, Order extends PatchOrder, Tried, Kept> extends Led<Call> {
  /** Compiles the patch for a thread; undefined if nothing on it is to be patched. */
  prepare(
    live: LiveThread,
    context: Context,
    order: Order,
  ): Promise<ThreadPart<Tried, Kept> | undefined>;
  /** Hears that a patch stays, on a thread that has taken another one's place since PREPARE. */
  keepLate(live: LiveThread, context: Context, order: Order): Promise<Kept | undefined>;
}

/** Any kind, for a thread that is told of one by its name. */
export type AnyKind = PatchKind<unknown, PatchOrder, unknown, unknown>;

/** The number of a thread; undefined in a node of one thread. */
export type Home = number | undefined;

/** What several threads said. */
export interface Answers<T> {
  /** Undefined for a thread that had nothing to say. */
  readonly values: ReadonlyMap<Home, T | undefined>;
  /** The threads that were given up, with the error of each. */
  readonly stuck: ReadonlyMap<Home, SnaxError>;
  /**
   * The first other failure. A thread that has died has no say: nothing of it remains to be
   * patched.
   */
  readonly refusal: { readonly error: unknown } | undefined;
}

/** The patches on their way through one thread. */
export class Rollouts {
  readonly #live: LiveThread;
  readonly #kinds: ReadonlyMap<string, AnyKind>;
  /** What this thread may be asked to lead: the kinds, and what concerns no other thread. */
  readonly #led: ReadonlyMap<string, Led<unknown>>;
  /**
   * By number; undefined while it is compiled. What is undone meanwhile is taken out, and then not
   * kept.
   */
  readonly #parts = new Map<number, ThreadPart<unknown, unknown> | undefined>();

  /**
   * Gives the thread's steward its command.
   *
   * @param alone - what one thread does, led from any other
   */
  constructor(live: LiveThread, kinds: readonly AnyKind[], alone: Led<unknown>) {
    this.#live = live;
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    this.#led = new Map([alone, ...kinds].map((led) => [led.name, led]));
    live.runtime.stewardCommands.set(PATCH, (context, [given, phase, kind, order]) => {
      const state = given as OrderState;
      if (!MUST_BE_HEARD.has(phase as Phase)) takeOrder(state);
      const told = { phase: phase as Phase, kind: kind as string, order: order as PatchOrder };
      return this.hear(context, told, state);
    });
  }

  /** Does what a phase asks of this thread. @param state - see {@link ThreadPart.try} */
  async hear(
    context: Context,
    { phase, kind: name, order }: Told,
    state?: OrderState,
  ): Promise<unknown> {
    if (phase === "RUN") return await this.#led.get(name)?.run(this.#live, context, order, state);
    const kind = this.#kinds.get(name) as AnyKind;
    const part = this.#parts.get(order.id);
    switch (phase) {
      case "PREPARE":
        return await this.#begin(context, kind, order);
      case "READY":
        return await part?.ready?.();
      case "TRY":
        return await part?.try(state);
      case "KEEP":
        this.#parts.delete(order.id);
        return await this.#end(order, () =>
          part === undefined ? kind.keepLate(this.#live, context, order) : part.keep(),
        );
      case "UNDO":
        this.#parts.delete(order.id);
        return await this.#end(order, () => part?.undo());
    }
  }

  /** No service comes or goes until the patch has ended here; a thread with nothing to patch does not hear how it ends. */
  async #begin(
    context: Context,
    kind: AnyKind,
    order: PatchOrder,
  ): Promise<PatchSummary | undefined> {
    const { crossing } = this.#live;
    await crossing.begin(order.id);
    let summary: PatchSummary | undefined;
    try {
      summary = await this.#prepare(context, kind, order);
      return summary;
    } finally {
      if (summary === undefined) crossing.end(order.id);
    }
  }

  async #end<T>({ id }: PatchOrder, run: () => T | Promise<T>): Promise<T> {
    try {
      return await run();
    } finally {
      this.#live.crossing.end(id);
    }
  }

  async #prepare(
    context: Context,
    kind: AnyKind,
    order: PatchOrder,
  ): Promise<PatchSummary | undefined> {
    const { id } = order;
    this.#parts.set(id, undefined);
    let part: ThreadPart<unknown, unknown> | undefined;
    try {
      part = await kind.prepare(this.#live, context, order);
    } finally {
      const isWanted = this.#parts.delete(id);
      if (isWanted && part !== undefined) this.#parts.set(id, part);
    }
    return part?.summary;
  }
}

/** What a thread is told. */
interface Told {
  readonly phase: Phase;
  /** The kind's name. */
  readonly kind: string;
  readonly order: PatchOrder;
}

/** Has a thread lead a rollout, which may be the own one; answers what the kind's `run` does. */
export function lead<Call>(
  live: LiveThread,
  context: Context,
  kind: Led<Call>,
  { leader, call }: { readonly leader: Home; readonly call: Call },
): Promise<unknown> {
  const { threads } = context.runtime;
  return threads === undefined || leader === undefined || leader === threads.own
    ? kind.run(live, context, call)
    : orderThread(context, leader, PATCH, "RUN", kind.name, call);
}

/** One patch, by whom it is led and where it goes. */
export interface Rollout<Order extends PatchOrder, Tried, Kept> {
  readonly kind: PatchKind<never, Order, Tried, Kept>;
  readonly order: Order;
  readonly homes: readonly Home[];
  /**
   * The vote: says whether the patch stays. What it throws has the patch undone, and is thrown on.
   */
  stays(tried: Answers<Tried>): boolean | Promise<boolean>;
  /** Runs when the patch stays, before any thread is told. */
  onKeep?(tried: Answers<Tried>): void;
}

/** What came of a rollout. */
export interface RolledOut<Tried, Kept> {
  /**
   * What the patch does, as one thread says it; undefined if it had nothing to patch on any thread.
   */
  readonly summary: PatchSummary | undefined;
  readonly tried: Answers<Tried>;
  readonly ended: readonly Kept[];
}

/**
 * Leads a rollout through its phases.
 *
 * @throws what a thread refuses the patch for, the error of one that hangs before anything has
 * changed, or what the vote throws; the patch is undone by then wherever it was tried.
 */
export function rollOut<Order extends PatchOrder, Tried, Kept>(
  live: LiveThread,
  context: Context,
  rollout: Rollout<Order, Tried, Kept>,
): Promise<RolledOut<Tried, Kept>> {
  const { homes } = rollout;
  return homes.length === 1 && isOwn(context, homes[0])
    ? rollOutHere(live, context, rollout)
    : rollOutEverywhere(live, context, rollout);
}

async function rollOutEverywhere<Order extends PatchOrder, Tried, Kept>(
  live: LiveThread,
  context: Context,
  rollout: Rollout<Order, Tried, Kept>,
): Promise<RolledOut<Tried, Kept>> {
  const crew = new Crew(live, context, rollout);
  const summaries = await prepareEverywhere(crew);
  // A thread that has taken another one's place since said nothing, and hears how it ends.
  const homes = crew.homes.filter((home) => !isIdle(summaries, home));
  const summary = fullestOf(given(summaries));
  const tried = await crew.ask<Tried>(homes, "TRY");
  const isExpected = (home: Home): boolean => !tried.stuck.has(home);
  let isKept = false;
  try {
    if (tried.refusal !== undefined) throw tried.refusal.error;
    isKept = await rollout.stays(tried);
  } finally {
    if (!isKept) await crew.tell(homes, "UNDO", isExpected);
  }
  if (!isKept) return { summary, tried, ended: [] };
  rollout.onKeep?.(tried);
  return { summary, tried, ended: await crew.tell<Kept>(homes, "KEEP", isExpected) };
}

/** The same where the leader's own thread is the only one: no other thread is asked. */
async function rollOutHere<Order extends PatchOrder, Tried, Kept>(
  live: LiveThread,
  context: Context,
  { kind, order, homes: [home], stays, onKeep }: Rollout<Order, Tried, Kept>,
): Promise<RolledOut<Tried, Kept>> {
  const part = await kind.prepare(live, context, order);
  const values = new Map<Home, Tried | undefined>();
  const tried = { values, stuck: new Map<Home, SnaxError>(), refusal: undefined };
  if (part === undefined) return { summary: undefined, tried, ended: [] };
  let isKept = false;
  try {
    await part.ready?.();
    values.set(home, await part.try(undefined));
    isKept = await stays(tried);
  } finally {
    if (!isKept) await part.undo();
  }
  if (isKept) onKeep?.(tried);
  return { summary: part.summary, tried, ended: isKept ? [await part.keep()] : [] };
}

function isOwn({ runtime }: Context, home: Home): boolean {
  return home === undefined || home === runtime.threads?.own;
}

/**
 * Has the patch compiled on every thread.
 *
 * @returns what it does there; undefined where it has nothing to patch
 */
async function prepareEverywhere(crew: Crew): Promise<Answers<PatchSummary>["values"]> {
  const prepared = await crew.ask<PatchSummary>(crew.homes, "PREPARE");
  const { values } = prepared;
  const isReady = prepared.refusal === undefined && prepared.stuck.size === 0;
  // Some were faster than others, and may have begun to hang since.
  const waiting = [...values.keys()].filter((home) => !isIdle(values, home));
  const { refusal, stuck } = isReady ? await crew.ask(waiting, "READY") : prepared;
  const [hanging] = stuck.values();
  if (refusal === undefined && hanging === undefined) return values;
  // A thread that has not answered yet will find that it is to forget what it compiles.
  await crew.tell(crew.homes, "UNDO", (home) => values.has(home) && !stuck.has(home));
  throw refusal === undefined ? hanging : refusal.error;
}

/** Whether a thread has said that it has nothing to patch. */
function isIdle(summaries: Answers<PatchSummary>["values"], home: Home): boolean {
  return summaries.has(home) && summaries.get(home) === undefined;
}

/** What those threads said that had something to say. */
export function given<T>(values: ReadonlyMap<Home, T | undefined>): T[] {
  return [...values.values()].filter((value) => value !== undefined);
}

/** Waits until every thread of a patch answers. @throws the error of one that hangs */
export async function askReady(
  live: LiveThread,
  context: Context,
  patch: Addressed,
): Promise<void> {
  const { stuck, refusal } = await new Crew(live, context, patch).ask(patch.homes, "READY");
  if (refusal !== undefined) throw refusal.error;
  for (const error of stuck.values()) throw error;
}

/** The threads that are told, and of which patch. */
interface Addressed {
  readonly kind: Pick<AnyKind, "name">;
  readonly order: PatchOrder;
  readonly homes: readonly Home[];
}

/** The threads of a rollout, as its leader speaks to them. */
class Crew {
  readonly homes: readonly Home[];
  readonly #live: LiveThread;
  readonly #context: Context;
  readonly #kind: string;
  readonly #order: PatchOrder;

  constructor(live: LiveThread, context: Context, { kind, order, homes }: Addressed) {
    this.homes = homes;
    this.#live = live;
    this.#context = context;
    this.#kind = kind.name;
    this.#order = order;
  }

  /** Asks several threads at once, and waits for all of them. */
  async ask<T>(homes: readonly Home[], phase: Phase): Promise<Answers<T>> {
    const values = new Map<Home, T | undefined>();
    const stuck = new Map<Home, SnaxError>();
    const errors = new Map<Home, unknown>();
    const askOne = async (home: Home): Promise<void> => {
      try {
        values.set(home, (await this.#say(home, phase)) as T | undefined);
      } catch (error) {
        if (isOwn(this.#context, home)) errors.set(home, error);
        else if (stuckThread(error) !== undefined) stuck.set(home, error as SnaxError);
        else if (codeOf(error) !== "ERR_SERVICE_DEAD") errors.set(home, error);
      }
    };
    await Promise.all(homes.map(askOne));
    const first = homes.find((home) => errors.has(home));
    const refusal = errors.size === 0 ? undefined : { error: errors.get(first) };
    return { values, stuck, refusal };
  }

  /** Tells threads how the patch ends; those that are not expected to answer are not waited for. */
  async tell<T>(
    homes: readonly Home[],
    phase: "KEEP" | "UNDO",
    isExpected: (home: Home) => boolean,
  ): Promise<readonly T[]> {
    const silent = homes.filter((home) => !isExpected(home));
    if (silent.length > 0) void this.ask(silent, phase);
    const { values, refusal } = await this.ask<T>(homes.filter(isExpected), phase);
    if (refusal !== undefined && phase === "KEEP") throw refusal.error;
    return given(values);
  }

  #say(home: Home, phase: Phase): Promise<unknown> {
    const told = { phase, kind: this.#kind, order: this.#order };
    if (home === undefined || isOwn(this.#context, home)) {
      return this.#live.rollouts.hear(this.#context, told);
    }
    return orderThread(this.#context, home, PATCH, phase, this.#kind, this.#order);
  }
}
