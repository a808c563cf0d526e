/**
 * One call of `snax.hotfixall` on one thread: who of its services has been dealt with, what came of it, and the births.
 *
 *     apply   those that live, in slices; the first that takes the patch opens the births: from there on services are born with
 *             it, and who was born meanwhile without it comes last
 *     keep    opens the births, if nobody has: the patch went in elsewhere, or there was nobody
 *
 * So a patch that fails in every service is in none, also in none that was born meanwhile; and one that is kept is in all.
 */

import { copyArguments } from "../../base/copy.ts";
import { codeOf } from "../../base/error.ts";
import type { Instance } from "../../loader/run/instance.ts";
import { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import { Application } from "../apply/apply.ts";
import type { Applied, CampaignOrder, Kept, Ready } from "./hotfix-all-thread.ts";
import { patchOne } from "./hotfix.ts";
import type { LiveNode } from "./live-node.ts";

/** Services that begin to be patched before others get their turn. */
const SLICE = 64;

/** A patch for all services of a type on its way through one thread. */
export class Campaign {
  readonly #live: LiveNode;
  readonly #ready: Ready;
  readonly #order: CampaignOrder;
  /** Who has had a turn, or waits for it. */
  readonly #seen = new Set<Context>();
  /** Who was born with the patch while it was on its way. */
  readonly #bornWith = new WeakSet<Instance>();
  #waiting: Context[] = [];
  #applied: number[] = [];
  #failed: PatchFailure[] = [];
  #skipped: PatchSkip[] = [];
  /** Takes the patch from those who are not born yet; undefined while births are as before. */
  #closeBirths: (() => void) | undefined;
  #isWithdrawn = false;

  constructor(live: LiveNode, ready: Ready, order: CampaignOrder) {
    this.#live = live;
    this.#ready = ready;
    this.#order = order;
  }

  /** Patches services, unless `begin` says that the order was given up: then only those to come may get it. */
  async apply(contexts: readonly Context[], begin: () => boolean): Promise<Applied> {
    this.#add(contexts);
    if (!begin()) this.#waiting = [];
    return await this.#run();
  }

  /** Says that the patch stays: whoever was born without it gets it now, and earlier ones that it makes void are let go. */
  async keep(): Promise<Kept> {
    this.#openBirths();
    const retired = this.#live.births.retire(this.#ready.program);
    return { ...(await this.#run()), retired };
  }

  /** Says that the patch is not for services to come. */
  withdraw(): void {
    this.#isWithdrawn = true;
    this.#closeBirths?.();
  }

  #openBirths(): void {
    if (this.#closeBirths !== undefined || this.#isWithdrawn) return;
    const { program, born } = this.#ready;
    const { runtime } = this.#live.node;
    // It lives as long as the patch is given to births, and must not keep the campaign.
    const bornWith = this.#bornWith;
    const note = (instance: Instance): void => void bornWith.add(instance);
    // The births and the list of who lives belong together: no service can be born unnoticed between them.
    const { id } = this.#order;
    this.#closeBirths = this.#live.births.add(program, { id, parts: born, onBorn: note });
    this.#add(contextsOf(runtime, this.#order.type));
  }

  #add(contexts: readonly Context[]): void {
    for (const context of contexts) {
      if (this.#seen.has(context)) continue;
      this.#seen.add(context);
      this.#waiting.push(context);
    }
  }

  /** An async `hotfix()` keeps its own slice waiting, so no more than a slice of services is held at any time. */
  async #run(): Promise<Applied> {
    while (this.#waiting.length > 0) await this.#applySlice(this.#waiting.splice(0, SLICE));
    const done = { applied: this.#applied, failed: this.#failed, skipped: this.#skipped };
    [this.#applied, this.#failed, this.#skipped] = [[], [], []];
    return done;
  }

  #applySlice(contexts: readonly Context[]): Promise<void> {
    return new Promise((resolve) => {
      let left = contexts.length;
      const done = (): void => {
        left -= 1;
        if (left === 0) resolve();
      };
      for (const context of contexts) this.#begin(context, done);
    });
  }

  /** Whether a service is born with the patch shows when its code is there. */
  #begin(context: Context, done: () => void): void {
    if (context.code !== undefined) return this.#applyTo(context, done);
    const unwatch = context.runtime.kernel.watch(context.handle, () => {
      this.#skip(context, "it ended meanwhile");
      done();
    });
    if (unwatch === undefined)
      return this.#endWith(done, () => this.#skip(context, "it ended meanwhile"));
    (context.whenReady ??= []).push(() => {
      unwatch();
      this.#applyTo(context, done);
    });
  }

  #endWith(done: () => void, note: () => void): void {
    note();
    done();
  }

  #applyTo(context: Context, done: () => void): void {
    const { variants } = this.#ready;
    const { texts, caller } = this.#order;
    const { code } = context;
    if (code !== undefined && this.#bornWith.has(code)) {
      return this.#endWith(done, () => this.#skip(context, "it was born with the patch"));
    }
    const parts = variants.find(context);
    if (parts === undefined && !variants.lacks(context)) {
      return this.#endWith(done, () => this.#skip(context, variants.reasonToSkip(context)));
    }
    const args = copyArguments(this.#order.args, context.service);
    const applied = (): void => {
      this.#applied.push(context.handle);
      // It will be kept now, whatever comes of the others.
      this.#openBirths();
      done();
    };
    const failed = (error: unknown): void => {
      this.#fail(context, error);
      done();
    };
    // Another patch was faster in this one, or it was born like no other: it is compiled for it alone.
    const alone = (): void => void patchOne(context, { texts, args, caller }).then(applied, failed);
    if (parts === undefined) alone();
    else
      new Application(context, { parts, args, caller }, { applied, failed, stale: alone }).start();
  }

  #skip({ handle }: Context, reason: string): void {
    this.#skipped.push({ handle, reason });
  }

  #fail(context: Context, error: unknown): void {
    const { handle, service } = context;
    const message = error instanceof Error ? error.message : String(error);
    if (!service.isAlive) this.#skip(context, "it ended meanwhile");
    else this.#failed.push({ handle, code: codeOf(error) ?? "ERR_PATCH_FAILED", message });
  }
}

/** Returns the services of a type on a thread. */
export function contextsOf(runtime: Runtime, type: string): Context[] {
  const found: Context[] = [];
  for (const { instance } of runtime.kernel.services) {
    const isOne = instance instanceof Context && instance.name === type && instance.kind !== "";
    if (isOne) found.push(instance);
  }
  return found;
}
