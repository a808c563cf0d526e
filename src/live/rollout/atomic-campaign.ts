/**
 * One call of `snax.hotfixall` that goes into all services of a type or into none, on one thread.
 *
 *     ready   births pause; those in `init` end it; then all are held: nobody handles a message
 *     try     the patch goes in everywhere, with its hotfix(); the first that refuses ends it
 *     keep    births are with the patch, what hotfix() sent goes out, and all go on
 *     undo    taken back everywhere, what went in last first; births are as before, and all go on
 *
 * Every service of every thread is held before the first one has the patch, and the last one has it
 * before the first one goes on. So nobody sees it if one refuses, and nobody sees the old code who
 * has seen the new. A thread that was given up stays held until it hears how it ends.
 */

import { LEVEL } from "../../base/log-level.ts";
import { copyArguments } from "../../base/copy.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import { hasMailFrom, HOLD } from "../../kernel/service.ts";
import { BirthPause } from "../../service/birth-pause.ts";
import type { Context } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { runInside } from "../../service/job.ts";
import { dropKept, sendKept } from "../../service/outbox.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import { beginPatch } from "../apply/application.ts";
import { keep, takeBack } from "../apply/hold.ts";
import type { Remains, ServicePatch } from "../apply/service-patch.ts";
import { Pending } from "./pending.ts";
import type { Applied, CampaignOrder, Kept, Ready } from "./campaign.ts";
import { contextsOf, skipReason } from "./campaign.ts";
import type { LiveThread } from "./live-thread.ts";
import type { ThreadPart } from "./rollout.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";

/** Services that are dealt with before others get their turn. */
const SLICE = 64;

/** Milliseconds between two looks at services that are being born. */
const LOOK_MS = 5;

/** A service that has the patch, and may lose it again. */
interface Tried {
  readonly context: Context;
  readonly patch: ServicePatch;
}

/** The patch on its way through one thread. */
export class AtomicCampaign implements ThreadPart<Applied, Kept> {
  readonly summary: string;
  readonly #live: LiveThread;
  readonly #ready: Ready;
  readonly #order: CampaignOrder;
  readonly #pause = new BirthPause();
  #held: readonly Context[] = [];
  #heldSince = 0;
  /** In the order in which they took the patch. */
  readonly #tried = new Map<Context, ServicePatch>();
  readonly #failed: PatchFailure[] = [];
  readonly #skipped: PatchSkip[] = [];
  /** What is under way; the end waits for it. */
  #running: Promise<unknown> = Promise.resolve();
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

  /** @throws {ERR_PATCH_TIMEOUT} if a service does not end its `init` within `hotfixtimeout`. */
  ready(): Promise<void> {
    return this.#run(this.#hold());
  }

  try(state: OrderState | undefined): Promise<Applied> {
    return this.#run(this.#tryAll(state));
  }

  async keep(): Promise<Kept> {
    const { program, born } = this.#ready;
    const { births } = this.#live;
    births.add(program, { id: this.#order.id, parts: born, onBorn: undefined });
    const retired = births.retire(program);
    this.#resumeBirths();
    const applied: number[] = [];
    for await (const slice of this.#slices(this.#held)) {
      for (const context of slice) {
        if (this.#keepOne(context)) applied.push(context.handle);
      }
    }
    this.#end();
    const held = this.#runtime.clock.now() - this.#heldSince;
    return { applied, failed: [], skipped: this.#skipped, retired, held };
  }

  async undo(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    const tried = [...this.#tried].map(([context, patch]) => ({ context, patch }));
    for await (const slice of this.#slices(tried.toReversed())) {
      const undoing = slice.map((each) => this.#undoOne(each));
      for (const each of undoing) await each;
    }
    // These refused it, or were not asked any more.
    for (const context of this.#held) if (!this.#tried.has(context)) this.#letGo(context);
    this.#resumeBirths();
    this.#end();
  }

  get #runtime(): Runtime {
    return this.#live.runtime;
  }

  #run<T>(running: Promise<T>): Promise<T> {
    this.#running = running.catch(() => {});
    return running;
  }

  async #hold(): Promise<void> {
    const { type, caller } = this.#order;
    const { kernel, clock, birthPauses } = this.#runtime;
    birthPauses.set(type, this.#pause);
    await this.#awaitBirths();
    const all = contextsOf(this.#runtime, type).filter((each) => !this.#pause.has(each));
    // What the caller has posted before is handled before.
    for (const each of all) if (hasMailFrom(each.service, caller)) await this.#inside(each, caller);
    if (this.#isOver) return;
    this.#heldSince = clock.now();
    this.#held = all.filter(({ service }) => service.isAlive);
    for (const { service } of this.#held) kernel.hold(service, HOLD.voting);
    const { variants } = this.#ready;
    for (const each of this.#held) if (variants.lacks(each)) await variants.compile(each);
  }

  /** Waits until each service that was begun before the pause is there, has ended, or has come to the pause. */
  async #awaitBirths(): Promise<void> {
    const { clock, environment } = this.#runtime;
    const limitMs = Number(environment.get("hotfixtimeout"));
    const deadline = clock.now() + limitMs;
    const isAwaited = (each: Context): boolean =>
      each.service.isAlive && !each.isListening && !this.#pause.has(each);
    let awaited = contextsOf(this.#runtime, this.#order.type).filter(isAwaited);
    while (awaited.length > 0 && !this.#isOver) {
      if (clock.now() > deadline) throw bornLateError(awaited, limitMs);
      await new Promise<void>((resolve) => void this.#runtime.after(LOOK_MS, resolve));
      awaited = awaited.filter(isAwaited);
    }
  }

  /** Runs a job in a service, and waits for it; at once if the service ends. */
  #inside(context: Context, behind: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#runtime.kernel.watch(context.handle, resolve) === undefined) resolve();
      else runInside(context, () => resolve(), behind);
    });
  }

  /**
   * An async `hotfix()` keeps nobody waiting but those who wait for the vote: all of them run at the
   * same time.
   */
  async #tryAll(state: OrderState | undefined): Promise<Applied> {
    if (beginOrder(state)) {
      const pending = new Pending();
      for await (const slice of this.#slices(this.#held)) {
        if (this.#isOver || this.#failed.length > 0) break;
        for (const context of slice) this.#tryOne(context, pending.begin());
      }
      await pending.over();
    }
    const pending = this.#tried.size;
    return { applied: [], failed: this.#failed, skipped: [], pending };
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
      beginPatch(context, { parts, args, caller: 0, keep }, { resolve, reject });
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

  #keepOne(context: Context): boolean {
    const patch = this.#tried.get(context);
    sendKept(context);
    if (!context.service.isAlive) {
      if (patch !== undefined) this.#skip(context, skipReason.ended);
      return false;
    }
    if (patch !== undefined) keep(context, patch);
    this.#letGo(context);
    return patch !== undefined;
  }

  /** What of the patch can't be taken back is told in the log: whoever asked hears why it was refused. */
  #undoOne({ context, patch }: Tried): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.#runtime.kernel.watch(context.handle, resolve);
      if (unwatch === undefined) return resolve();
      const tell = (remains: Remains): void => {
        this.#logRemains(context, remains);
        unwatch();
        this.#letGo(context);
        resolve();
      };
      const undo = { run: () => patch.takeBack(), cut: cutRemains };
      runInside(context, () => takeBack(context, undo, tell));
    });
  }

  #logRemains({ handle }: Context, { kept, failures }: Remains): void {
    const what = `patch ${this.#order.id} was undone, since it is for all or for none`;
    if (kept.length > 0) {
      const names = kept.join(", ");
      this.#runtime.log(
        handle,
        `${what}; kept what others have written since: ${names}`,
        LEVEL.warn,
      );
    }
    for (const failure of failures) {
      this.#runtime.log(handle, `${what}; not undone: ${messageOf(failure)}`, LEVEL.error);
    }
  }

  #letGo(context: Context): void {
    dropKept(context);
    if (context.patching === this.#over) context.patching = undefined;
    if (context.service.isAlive) this.#runtime.kernel.release(context.service, HOLD.voting);
  }

  #resumeBirths(): void {
    const { birthPauses } = this.#runtime;
    if (birthPauses.get(this.#order.type) === this.#pause) birthPauses.delete(this.#order.type);
    this.#pause.end();
  }

  #skip({ handle }: Context, reason: string): void {
    this.#skipped.push({ handle, reason });
  }

  /** Between two slices whoever waits in the run queue gets his turn. */
  async *#slices<T>(all: readonly T[]): AsyncGenerator<readonly T[]> {
    const { kernel, owner } = this.#runtime;
    for (let at = 0; at < all.length; at += SLICE) {
      yield all.slice(at, at + SLICE);
      const service = kernel.services.get(owner);
      if (service !== undefined) {
        await new Promise<void>((resolve) => void kernel.soon(service, resolve));
      }
    }
  }
}

function cutRemains(error: unknown): Remains {
  return { kept: [], failures: [error] };
}

function bornLateError([first, ...others]: readonly Context[], limitMs: number): SnaxError {
  const who = first === undefined ? "" : `${formatAddress(first.handle)} (${first.service.title})`;
  const more = others.length > 0 ? `, and ${others.length} more` : "";
  return new SnaxError(
    "ERR_PATCH_TIMEOUT",
    `service ${who} has been in its init for ${limitMs} ms (hotfixtimeout)${more}, and a patch for all or none waits for that: ` +
      "nothing has changed; patch again",
  );
}
