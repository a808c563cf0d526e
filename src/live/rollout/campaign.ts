/**
 * One call of `snax.hotfixall` on one thread: which of its services have been dealt with, what came of
 * it, and the births.
 *
 *     try     those that live, in slices; the first that takes the patch opens the births: from there
 *             on services are born with it, and those born before that without it come last
 *     keep    opens the births if they are not open: the patch went in elsewhere, or no service lived
 *
 * So a patch that fails in every service is in none, also in none that was born meanwhile; and one
 * that is kept is in all.
 */

import type { PatchSummary } from "../apply/patch-summary.ts";
import { copyArguments } from "../../base/copy.ts";
import { codeOf } from "../../base/error.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import { beginPatch } from "../apply/application.ts";
import type { PatchPart } from "../text/compile.ts";
import type { FleetMark } from "../../ledger/entry.ts";
import type { BirthOrder, BornPatch } from "../births/births.ts";
import type { LiveThread } from "./live-thread.ts";
import { patchOne } from "./one-service.ts";
import { Pending } from "./many-services.ts";
import type { KeptState, PatchOrder, ThreadPart } from "./rollout.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";
import type { VariantTable } from "./variant-table.ts";

/** Services that begin to be patched before others get their turn. */
const SLICE = 64;

/** One call of hotfixall, with its number. */
export interface CampaignOrder extends BirthOrder, PatchOrder {
  readonly args: readonly unknown[];
  /** The handle of the service that asks. */
  readonly caller: number;
  /** The patches that it takes back, by number. */
  readonly takesBack?: readonly number[] | undefined;
  /** The texts of these. */
  readonly undoes?: readonly string[] | undefined;
  /** It goes into all services or into none; see atomic-campaign.ts. */
  readonly isAtomic: boolean;
  /** It is not kept for the next start. */
  readonly isOnce: boolean;
  /** What it is for the whole fleet; undefined = this node alone. */
  readonly fleet?: FleetMark | undefined;
}

/** A patch that is compiled for all services of this thread. */
export interface Ready {
  readonly program: Program;
  /** For services yet to be born. */
  readonly born: readonly PatchPart[];
  readonly variants: VariantTable;
  readonly summary: PatchSummary;
}

/** What came of a thread's services. */
export interface Applied {
  readonly applied: number[];
  readonly failed: PatchFailure[];
  readonly skipped: PatchSkip[];
  /** In how many it is that will keep it if the patch stays. @defaultValue none */
  readonly pending?: number;
  /** Variables that it was to give back, and has not. @defaultValue none */
  readonly kept?: readonly KeptState[];
}

/** The same, when the patch is kept. */
export interface Kept extends Applied {
  /** The numbers of earlier patches for services yet to be born of which it leaves nothing. */
  readonly retired: readonly number[];
  /** For how many milliseconds the services were held; 0 = they were not. */
  readonly held: number;
}

/** Why a service is passed over. */
export const skipReason = {
  ended: "it ended meanwhile",
  born: "it was born with the patch",
} as const;

/** A patch for all services of a type on its way through one thread. */
export class Campaign implements ThreadPart<Applied, Kept> {
  readonly summary: PatchSummary;
  readonly #live: LiveThread;
  readonly #ready: Ready;
  readonly #order: CampaignOrder;
  /** The services that have had a turn, or wait for it. */
  readonly #seen = new Set<Context>();
  /** The services that were born with the patch while it was on its way. */
  readonly #bornWith = new WeakSet<Instance>();
  #waiting: Context[] = [];
  #applied: number[] = [];
  #failed: PatchFailure[] = [];
  #skipped: PatchSkip[] = [];
  #kept: KeptState[] = [];
  /** Takes the patch from those who are not born yet; undefined while births are as before. */
  #closeBirths: (() => void) | undefined;
  #born: BornPatch | undefined;
  #isWithdrawn = false;

  constructor(live: LiveThread, ready: Ready, order: CampaignOrder) {
    this.#live = live;
    this.#ready = ready;
    this.summary = ready.summary;
    this.#order = order;
  }

  /**
   * Patches the services that live now; if the order was given up, only new ones may get the
   * patch.
   */
  async try(state: OrderState | undefined): Promise<Applied> {
    this.#add(contextsOf(this.#live.runtime, this.#order.type));
    if (!beginOrder(state)) this.#waiting = [];
    return await this.#run();
  }

  /**
   * Says that the patch stays: services that were born without it get it now, and earlier ones that it
   * makes void are let go.
   */
  async keep(): Promise<Kept> {
    this.#openBirths();
    const retired = this.#live.births.retire(this.#ready.program);
    const done = await this.#run();
    // It no longer matters who is born from here on, and a birth must not pay for having mattered.
    if (this.#born !== undefined) this.#born.onBorn = undefined;
    return { ...done, retired, held: 0 };
  }

  /** Says that the patch is not for new services. */
  undo(): void {
    this.#isWithdrawn = true;
    this.#closeBirths?.();
  }

  #openBirths(): void {
    if (this.#closeBirths !== undefined || this.#isWithdrawn) return;
    const { program, born } = this.#ready;
    const { runtime } = this.#live.snax;
    const note = (instance: Instance): void => void this.#bornWith.add(instance);
    // The births and the list of living services belong together: no service can be born unnoticed
    // between them.
    const { id } = this.#order;
    this.#born = { id, parts: born, onBorn: note };
    this.#closeBirths = this.#live.births.add(program, this.#born);
    this.#add(contextsOf(runtime, this.#order.type));
  }

  #add(contexts: readonly Context[]): void {
    for (const context of contexts) {
      if (this.#seen.has(context)) continue;
      this.#seen.add(context);
      this.#waiting.push(context);
    }
  }

  /**
   * An async `hotfix()` keeps its own slice waiting, so no more than a slice of services is held at
   * any time.
   */
  async #run(): Promise<Applied> {
    while (this.#waiting.length > 0) await this.#applySlice(this.#waiting.splice(0, SLICE));
    const told = { applied: this.#applied, failed: this.#failed, skipped: this.#skipped };
    const done = { ...told, kept: this.#kept };
    [this.#applied, this.#failed, this.#skipped, this.#kept] = [[], [], [], []];
    return done;
  }

  #applySlice(contexts: readonly Context[]): Promise<void> {
    const pending = new Pending();
    for (const context of contexts) {
      const done = pending.begin();
      if (context.code !== undefined) this.#applyTo(context, done);
      else void this.#await(context, done);
    }
    return pending.over();
  }

  /** Whether a service is born with the patch shows when its code is there. */
  async #await(context: Context, done: () => void): Promise<void> {
    if (await isReady(context)) this.#applyTo(context, done);
    else this.#skip(context, skipReason.ended, done);
  }

  #applyTo(context: Context, done: () => void): void {
    const { variants } = this.#ready;
    const { code } = context;
    if (code !== undefined && this.#bornWith.has(code)) {
      this.#skip(context, skipReason.born, done);
      return;
    }
    const parts = variants.find(context);
    if (parts === undefined && !variants.lacks(context)) {
      this.#skip(context, variants.reasonToSkip(context), done);
      return;
    }
    const { caller, undoes } = this.#order;
    const reject = (error: unknown): void => this.#fail(context, error, done);
    let args: unknown[];
    try {
      args = copyArguments(this.#order.args, context.service);
    } catch (error) {
      reject(error);
      return;
    }
    // Another patch was faster in this one, or it was born like no other: it is compiled for it
    // alone.
    const alone = (): void => {
      const { texts } = this.#order;
      const note = ({ kept }: WithKept): void => this.#note(context, kept, done);
      patchOne({ context, texts, args, caller, undoes }).then(note, reject);
    };
    if (parts === undefined) return alone();
    const resolve = (applied: WithKept | undefined): void =>
      applied === undefined ? alone() : this.#note(context, applied.kept, done);
    beginPatch(context, { parts, args, caller, undoes }, { resolve, reject });
  }

  /** A service has the patch, which will be kept now, whatever comes of the others. */
  #note({ handle }: Context, kept: readonly string[], done: () => void): void {
    this.#applied.push(handle);
    if (kept.length > 0) this.#kept.push({ handle, names: kept });
    this.#openBirths();
    done();
  }

  #skip({ handle }: Context, reason: string, done: () => void): void {
    this.#skipped.push({ handle, reason });
    done();
  }

  #fail(context: Context, error: unknown, done: () => void): void {
    const { handle, service } = context;
    if (!service.isAlive) {
      this.#skip(context, skipReason.ended, done);
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    this.#failed.push({ handle, code: codeOf(error) ?? "ERR_PATCH_FAILED", message });
    done();
  }
}

/** A patch that is in, and what it was to give back and has not. */
interface WithKept {
  readonly kept: readonly string[];
}

/** Returns the services of a type on a thread. */
export function contextsOf(runtime: Runtime, type: string): Context[] {
  return [...runtime.contexts()].filter(({ kind, name }) => name === type && kind !== "");
}

/**
 * Waits until a service has its code, by which shows whether it is born with the patch.
 *
 * @returns false if it ends first
 */
function isReady(context: Context): Promise<boolean> {
  return new Promise((resolve) => {
    const unwatch = context.runtime.kernel.watch(context.handle, () => resolve(false));
    if (unwatch === undefined) {
      resolve(false);
      return;
    }
    (context.whenReady ??= []).push(() => {
      unwatch();
      resolve(true);
    });
  });
}
