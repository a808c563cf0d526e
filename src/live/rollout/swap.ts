/**
 * `snax.swap`: new services of the files as they are now in the place of all of a type.
 *
 *     leader    the new program is made
 *     threads   each makes the program of the same texts
 *     ready     each begins a new service for every old one; one that fails, or an old one with state, refuses all of it
 *     try       service by service, in one step: the old handle forwards, names point to the new one
 *     keep      births get the files as they are now; the old ones are drained, and end when no message comes to them any more
 *
 * A new service lives on the thread of the old one, so one way leads to both and the order of messages holds. The main thread leads.
 */

import { summaryOf } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import { SWAP_RETIRE_MAX_MS, SWAP_RETIRE_MS } from "../../base/limits.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { end } from "../../service/boot.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { PatchFailure, PatchResult } from "../../snax/types.ts";
import type { SwapOptions, SwappedService, SwapResult } from "../../snax/types-swap.ts";
import { requireContained } from "../reload/contained.ts";
import { beginSuccessor, Succession, swapError } from "../swap/one.ts";
import { listHeld, listOwn } from "../swap/own-state.ts";
import { hashOf } from "../text/compile.ts";
import { contextsOf } from "./campaign.ts";
import { clearChanged, freshProgram, imagesOf } from "./fresh-program.ts";
import type { LiveThread } from "./live-thread.ts";
import type { Home, PatchKind, PatchOrder, ThreadPart } from "./rollout.ts";
import { given, lead, rollOut } from "./rollout.ts";
import { ASKS_FOR_ITSELF, refuseSelfWait } from "./self-wait.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";

interface SwapCall {
  readonly type: string;
  readonly isStateless: boolean;
  readonly retireMs: number;
  /** The handle of the service that asks. */
  readonly caller: number;
}

interface SwapOrder extends PatchOrder, SwapCall {
  /** The new texts, as the leader has read them; none if this thread reads them. */
  readonly images: readonly ImageData[];
}

/** What came of the services of a thread. */
type ThreadSwap = Omit<SwapResult, "id">;

/** Swaps; see `SnaxApi.swap`. */
export async function swap(
  live: LiveThread,
  caller: SnaxCaller,
  type: unknown,
  wish: SwapOptions = {},
): Promise<SwapResult> {
  if (typeof type !== "string" || type === "") {
    throw new SnaxError("ERR_ARGUMENT", `snax.swap needs the name of a type, not ${typeof type}`);
  }
  const { stateless = false, retire = SWAP_RETIRE_MS } = wish;
  if (!Number.isInteger(retire) || retire < 0 || retire > SWAP_RETIRE_MAX_MS) {
    const why = `retire is a whole number of milliseconds from 0 to ${SWAP_RETIRE_MAX_MS}`;
    throw new SnaxError("ERR_ARGUMENT", `snax.swap: ${why}, not ${String(retire)}`);
  }
  await refuseSelfWait(caller, "a swap", { types: [type] });
  const { context } = caller;
  const isStateless = stateless === true;
  const call: SwapCall = { type, isStateless, retireMs: retire, caller: context.handle };
  return (await lead(live, context, SWAP, { leader: 0, call })) as SwapResult;
}

/** A swap, as the threads are told of it. */
export const SWAP: PatchKind<SwapCall, SwapOrder, ThreadSwap, ThreadSwap> = {
  name: "swap",
  run: (live, context, call) => live.inTurn([call.type], () => run(live, context, call)),
  prepare: (live, context, order) => ThreadPartOfSwap.prepare(live, context, order),
  // A thread that has taken another one's place has read the files as they are.
  keepLate: async () => undefined,
};

async function run(live: LiveThread, context: Context, call: SwapCall): Promise<SwapResult> {
  const { runtime } = live;
  const { type } = call;
  const program = await freshProgram(runtime, type, asSwapError);
  const images = runtime.threads === undefined ? [] : imagesOf(program);
  const id = live.ledger.next();
  const homes: readonly Home[] = runtime.threads?.homesOf(type) ?? [undefined];
  const order: SwapOrder = { ...call, id, images };
  const hash = hashOf(program.entry.image.text);
  const enter = (said: string, results: readonly PatchResult[]): void =>
    live.ledger.enter({
      ...{ id, hash, target: `swap all ${type}`, results, said },
      ...{ texts: new Map(), by: call.caller },
    });
  try {
    const { tried, ended } = await rollOut(live, context, {
      ...{ kind: SWAP, order, homes, stays: () => true },
      onKeep: () => clearChanged(runtime, program),
    });
    const stuck = [...tried.stuck.values()].map(({ code, message, data }) => {
      return { handle: (data as { handle: number }).handle, code, message };
    });
    const result = { id, ...merge([...given(tried.values), ...ended], stuck) };
    const { swapped, failed } = result;
    moveUnique(context, swapped);
    enter(`done: ${swapped.length} swapped, ${failed.length} failed`, [
      ...failed.map(({ handle, code }) => ({ handle, ok: false, code })),
      ...swapped.map(({ new: handle }) => ({ handle, ok: true })),
    ]);
    return result;
  } catch (error) {
    const code = codeOf(error) ?? "ERR_SWAP";
    if (live.ledger.find(id) === undefined) {
      enter(`refused: ${messageOf(error)}`, [{ handle: 0, ok: false, code }]);
    }
    throw error;
  }
}

function asSwapError(error: unknown): SnaxError {
  return codeOf(error) === "ERR_SWAP" ? (error as SnaxError) : swapError(messageOf(error), error);
}

/** Tells the service that keeps unique services, here or for other nodes: the old handles work until they end. */
function moveUnique(context: Context, swapped: readonly SwappedService[]): void {
  const { kernel } = context.runtime;
  for (const name of [".service", ".clusterd"]) {
    const keeper = kernel.names.get(name);
    if (keeper === undefined || swapped.length === 0) continue;
    const values = ["MOVED", swapped.map(({ old, new: handle }) => [old, handle])];
    kernel.send(context.handle, keeper, { type: PTYPE.lua, method: 0, values });
  }
}

function merge(all: readonly ThreadSwap[], stuck: readonly PatchFailure[]): Omit<SwapResult, "id"> {
  return {
    swapped: all.flatMap(({ swapped }) => swapped),
    failed: [...all.flatMap(({ failed }) => failed), ...stuck],
    drained: Math.max(0, ...all.map(({ drained }) => drained)),
    forwarded: all.reduce((sum, { forwarded }) => sum + forwarded, 0),
    busy: all.flatMap(({ busy }) => busy),
  };
}

/** The services of one thread. */
class ThreadPartOfSwap implements ThreadPart<ThreadSwap, ThreadSwap> {
  readonly summary: PatchSummary = summaryOf("swap");
  readonly #live: LiveThread;
  readonly #order: SwapOrder;
  readonly #program: Program;
  /** The new ones that have begun, by the old ones. */
  readonly #fresh = new Map<Context, Context>();
  readonly #done: Succession[] = [];
  readonly #failed: PatchFailure[] = [];

  private constructor(live: LiveThread, order: SwapOrder, program: Program) {
    this.#live = live;
    this.#order = order;
    this.#program = program;
  }

  static async prepare(
    live: LiveThread,
    _context: Context,
    order: SwapOrder,
  ): Promise<ThreadPartOfSwap> {
    const { type, images } = order;
    const program = await freshProgram(live.runtime, type, asSwapError, images);
    return new ThreadPartOfSwap(live, order, program);
  }

  /** Begins the new ones. */
  async ready(): Promise<void> {
    const olds = this.#listOld();
    for (const old of olds) this.#check(old);
    await Promise.all(olds.map((old) => this.#begin(old)));
    for (const [old, fresh] of this.#fresh) this.#compare(old, fresh);
  }

  async try(state: OrderState | undefined): Promise<ThreadSwap> {
    if (beginOrder(state)) for (const [old, fresh] of this.#fresh) this.#takeOver(old, fresh);
    else this.undo();
    return { swapped: [], failed: [], drained: 0, forwarded: 0, busy: [] };
  }

  /** Services that were born of the old text meanwhile are swapped, too. */
  async keep(): Promise<ThreadSwap> {
    for (const old of this.#listOld()) {
      if (this.#fresh.has(old)) continue;
      try {
        this.#check(old);
        await this.#begin(old);
        const fresh = this.#fresh.get(old);
        if (fresh === undefined) continue;
        this.#compare(old, fresh);
        this.#takeOver(old, fresh);
      } catch (error) {
        this.#fail(old, error);
      }
    }
    const limitMs = Number(this.#live.runtime.environment.get("draintimeout"));
    await Promise.all(this.#done.map((each) => each.drain(limitMs)));
    const result = {
      swapped: this.#done.map(({ old, fresh }) => ({ old: old.handle, new: fresh.handle })),
      failed: this.#failed,
      drained: Math.max(0, ...this.#done.map(({ drainedMs }) => drainedMs ?? limitMs)),
      forwarded: this.#done.reduce((sum, { forwarded }) => sum + forwarded, 0),
      busy: this.#done.flatMap(({ old, drainedMs, busy }) =>
        drainedMs === undefined ? [{ handle: old.handle, what: busy }] : [],
      ),
    };
    for (const each of this.#done) void each.retire(this.#order.retireMs);
    return result;
  }

  /** The new ones end: nothing has changed. */
  undo(): void {
    for (const fresh of this.#fresh.values()) end(fresh, true);
    this.#fresh.clear();
  }

  #listOld(): Context[] {
    const contexts = contextsOf(this.#live.runtime, this.#order.type);
    return contexts.filter(({ code }) => code?.program !== this.#program);
  }

  #check(old: Context): void {
    const { code, handle, isReady, kind, runtime } = old;
    const refuse = (why: string): never => {
      throw swapError(`${formatAddress(handle)}: ${why}`);
    };
    if (code === undefined || !isReady) return refuse("it has not begun yet");
    if (!runtime.kinds.has(kind)) return refuse("it has no file");
    if (handle === this.#order.caller) {
      refuse(ASKS_FOR_ITSELF);
    }
    try {
      requireContained(code, this.#program, kind === SNAX_KIND);
    } catch (error) {
      throw swapError(`${formatAddress(handle)}: ${messageOf(error)}`, error);
    }
    this.#refuseOwn(old, listHeld(old));
  }

  #compare(old: Context, fresh: Context): void {
    if (old.service.isAlive) this.#refuseOwn(old, listOwn(old, fresh));
  }

  #refuseOwn({ handle }: Context, own: readonly string[]): void {
    if (own.length === 0 || this.#order.isStateless) return;
    const why = `${own.join("; ")}; a swap leaves that behind (--stateless), a reload carries it`;
    throw swapError(`${formatAddress(handle)}: ${why}`);
  }

  async #begin(old: Context): Promise<void> {
    try {
      this.#fresh.set(old, await beginSuccessor(old, this.#program));
    } catch (error) {
      const why = `the new service in the place of ${formatAddress(old.handle)} did not begin`;
      throw swapError(`${why}: ${messageOf(error)}`, error);
    }
  }

  /** Between the check and this moment it may have got state. */
  #takeOver(old: Context, fresh: Context): void {
    try {
      if (!old.service.isAlive) throw swapError("it ended meanwhile");
      if (!fresh.service.isAlive) throw swapError("the new service in its place ended meanwhile");
      this.#refuseOwn(old, listHeld(old));
      this.#compare(old, fresh);
      this.#done.push(new Succession(old, fresh));
    } catch (error) {
      this.#fail(old, error);
      end(fresh, true);
    }
  }

  #fail({ handle }: Context, error: unknown): void {
    this.#failed.push({ handle, code: codeOf(error) ?? "ERR_SWAP", message: messageOf(error) });
  }
}
