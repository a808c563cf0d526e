/**
 * A patch of all services of a type on its way into those of one thread, which are held: a step of
 * a transaction (transaction.ts).
 */

import type { PatchSummary } from "../apply/patch-summary.ts";
import { LEVEL } from "../../base/log-level.ts";
import { copyArguments } from "../../base/copy.ts";
import { codeOf } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { runInside } from "../../service/context.ts";
import { beginPatch, keep, takeBack } from "../apply/application.ts";
import type { Remains, ServicePatch } from "../apply/application.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import { inSlices, Pending } from "./many-services.ts";
import type { Applied, CampaignOrder, Kept, Ready } from "./campaign.ts";
import { skipReason } from "./campaign.ts";
import type { LiveThread } from "./live-thread.ts";
import type { KeptState, ThreadPart } from "./rollout.ts";
import { Standstill } from "./standstill.ts";
import type { OrderState } from "./thread-order.ts";
import type { StepKept, StepTried, TransactionStep } from "./transaction.ts";
import { Transaction } from "./transaction.ts";

/** A service that has the patch, and may lose it again. */
interface Tried {
  readonly context: Context;
  readonly patch: ServicePatch;
}

/** The patch on its way through one thread. */
export class AtomicCampaign implements TransactionStep {
  readonly summary: PatchSummary;
  readonly #live: LiveThread;
  readonly #ready: Ready;
  readonly #order: CampaignOrder;
  #held: readonly Context[] = [];
  /** In the order in which they took the patch. */
  readonly #tried = new Map<Context, ServicePatch>();
  readonly #failed: PatchFailure[] = [];
  readonly #skipped: PatchSkip[] = [];
  #isOver = false;
  /** Another patch of a service that has this one waits for that. */
  readonly #over: Promise<void>;
  #end = (): void => {};

  constructor(live: LiveThread, ready: Ready, order: CampaignOrder) {
    this.#live = live;
    this.#ready = ready;
    this.#order = order;
    this.summary = ready.summary;
    this.#over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async ready(held: readonly Context[]): Promise<void> {
    this.#held = held.filter(({ name }) => name === this.#order.type);
    const { variants } = this.#ready;
    for (const each of this.#held) if (variants.lacks(each)) await variants.compile(each);
  }

  /**
   * An async `hotfix()` keeps only those waiting who wait for the vote: all of them run at the
   * same time.
   */
  async try(): Promise<StepTried> {
    const pending = new Pending();
    for await (const slice of inSlices(this.#live.runtime, this.#held)) {
      if (this.#isOver || this.#failed.length > 0) break;
      for (const context of slice) this.#tryOne(context, pending.begin());
    }
    await pending.over();
    return { failed: this.#failed, pending: this.#tried.size, isUsed: true };
  }

  async keep(): Promise<StepKept> {
    const { program, born } = this.#ready;
    const { births, runtime } = this.#live;
    births.add(program, { id: this.#order.id, parts: born, onBorn: undefined });
    const retired = births.retire(program);
    const applied: number[] = [];
    const left: KeptState[] = [];
    for await (const slice of inSlices(runtime, [...this.#tried])) {
      for (const [context, patch] of slice) {
        if (!context.service.isAlive) this.#skip(context, skipReason.ended);
        else {
          keep(context, patch);
          applied.push(context.handle);
          if (patch.kept.length > 0) left.push({ handle: context.handle, names: patch.kept });
        }
      }
    }
    return { applied, skipped: this.#skipped, retired, kept: left };
  }

  giveUp(): void {
    this.#isOver = true;
  }

  async undo(): Promise<void> {
    const tried = [...this.#tried].map(([context, patch]) => ({ context, patch }));
    for await (const slice of inSlices(this.#live.runtime, tried.toReversed())) {
      const undoing = slice.map((each) => this.#undoOne(each));
      for (const each of undoing) await each;
    }
  }

  end(): void {
    for (const context of this.#tried.keys()) {
      if (context.patching === this.#over) context.patching = undefined;
    }
    this.#end();
  }

  #tryOne(context: Context, done: () => void): void {
    const { variants } = this.#ready;
    const reject = (error: unknown): void => {
      this.#refuse(context, error);
      done();
    };
    const again = (): void => this.#tryOne(context, done);
    const parts = variants.find(context);
    if (parts === undefined) {
      // Another patch was faster in this one.
      if (variants.lacks(context)) return void variants.compile(context).then(again, reject);
      this.#skip(context, variants.reasonToSkip(context));
      return done();
    }
    try {
      const args = copyArguments(this.#order.args, context.service);
      const keep = (patch: ServicePatch): void => this.#take(context, patch);
      const resolve = (applied: unknown): void => (applied === undefined ? again() : done());
      const { undoes } = this.#order;
      beginPatch(context, { parts, args, caller: 0, keep, undoes }, { resolve, reject });
    } catch (error) {
      reject(error);
    }
  }

  #refuse(context: Context, error: unknown): void {
    const { handle, service } = context;
    const code = codeOf(error) ?? "ERR_PATCH_FAILED";
    if (!service.isAlive) this.#skip(context, skipReason.ended);
    else this.#failed.push({ handle, code, message: messageOf(error) });
  }

  #take(context: Context, patch: ServicePatch): void {
    this.#tried.set(context, patch);
    context.patching = this.#over;
  }

  /** What of the patch can't be taken back is told in the log: the caller hears why it was refused. */
  #undoOne({ context, patch }: Tried): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.#live.runtime.kernel.watch(context.handle, resolve);
      if (unwatch === undefined) return resolve();
      const tell = (remains: Remains): void => {
        this.#logRemains(context, remains);
        unwatch();
        resolve();
      };
      const undo = { run: () => patch.takeBack(), cut: cutRemains };
      runInside(context, () => takeBack(context, undo, tell));
    });
  }

  #logRemains({ handle }: Context, { kept, failures }: Remains): void {
    const { runtime } = this.#live;
    const what = `patch ${this.#order.id} was undone, since it is for all or for none`;
    if (kept.length > 0) {
      const names = kept.join(", ");
      const text = `${what}; kept what others have written since: ${names}`;
      runtime.log(handle, text, LEVEL.warn);
    }
    for (const failure of failures) {
      runtime.log(handle, `${what}; not undone: ${messageOf(failure)}`, LEVEL.error);
    }
  }

  #skip({ handle }: Context, reason: string): void {
    this.#skipped.push({ handle, reason });
  }
}

/** All services of one type, or none: a transaction of one step. */
export class AtomicPart implements ThreadPart<Applied, Kept> {
  readonly summary: PatchSummary;
  readonly #transaction: Transaction;

  constructor(live: LiveThread, ready: Ready, order: CampaignOrder) {
    const { type, caller } = order;
    const wish = { types: new Set([type]), files: [], caller };
    const step = new AtomicCampaign(live, ready, order);
    const standstill = new Standstill(live.runtime, wish);
    this.#transaction = new Transaction(live.runtime, [step], standstill);
    this.summary = ready.summary;
  }

  ready(): Promise<void> {
    return this.#transaction.ready();
  }

  async try(state: OrderState | undefined): Promise<Applied> {
    const [tried] = await this.#transaction.try(state);
    const { failed = [], pending = 0 } = tried ?? {};
    return { applied: [], failed: [...failed], skipped: [], pending };
  }

  async keep(): Promise<Kept> {
    const { steps, held } = await this.#transaction.keep();
    const [{ applied, skipped, retired, kept: left } = NOTHING] = steps;
    const done = { applied: [...applied], failed: [], skipped: [...skipped] };
    return { ...done, retired, held, kept: left };
  }

  undo(): Promise<void> {
    return this.#transaction.undo();
  }
}

const NOTHING: StepKept = { applied: [], skipped: [], retired: [], kept: [] };

function cutRemains(error: unknown): Remains {
  return { kept: [], failures: [error] };
}
