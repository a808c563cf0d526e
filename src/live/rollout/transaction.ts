/**
 * Patches that go into all that they are for or into none, on one thread: those of types, and those
 * of shared modules.
 *
 *     ready   all services that they concern are held (standstill.ts)
 *     try     the patches go in, one after the other, each with its hotfix(); the first that is
 *             refused ends it
 *     keep    births are with them, what hotfix() sent goes out, and all go on
 *     undo    taken back everywhere, what went in last first; births are as before, and all go on
 *
 * Every service of every thread is held before the first one has a patch, and the last one has its
 * own before the first one goes on. So no caller notices it if one refuses, and none meets the old
 * code after the new. A thread that was given up stays held until it hears how it ends.
 */

import { joinSummaries } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import type { PatchFailure, PatchSkip } from "../../snax/types.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { Context } from "../../service/context.ts";
import type { KeptState, ThreadPart } from "./rollout.ts";
import { inSlices } from "./many-services.ts";
import type { Standstill } from "./standstill.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";

/** What came of the try of one patch. */
export interface StepTried {
  readonly failed: readonly PatchFailure[];
  /** In how many services, or modules, it is. */
  readonly pending: number;
  /** Whether there was something to patch, or will be. */
  readonly isUsed: boolean;
}

/** What came of a patch that stays. */
export interface StepKept {
  readonly applied: readonly number[];
  readonly skipped: readonly PatchSkip[];
  /** The numbers of earlier patches for services yet to be born of which it leaves nothing. */
  readonly retired: readonly number[];
  /** Variables that it was to give back, and has not. */
  readonly kept: readonly KeptState[];
}

/** One of the patches. */
export interface TransactionStep {
  readonly summary: PatchSummary;
  /** Makes ready for those who are held; what it throws refuses all. */
  ready(held: readonly Context[]): Promise<void>;
  /** Puts it in. What it throws refuses all, and has changed nothing. */
  try(): Promise<StepTried>;
  keep(): Promise<StepKept>;
  /** A thread has refused: a try that is under way may end. */
  giveUp(): void;
  undo(): Promise<void>;
  /** It is decided, and they are about to go on. */
  end(): void;
}

/** What came of the try, for each patch in its order; fewer if one was refused. */
export type TransactionTried = readonly StepTried[];

/** What came of patches that stay, in their order. */
export interface TransactionKept {
  readonly steps: readonly StepKept[];
  /** For how many milliseconds the services were held. */
  readonly held: number;
}

/** The patches on their way through one thread. */
export class Transaction implements ThreadPart<TransactionTried, TransactionKept> {
  readonly summary: PatchSummary;
  readonly #runtime: Runtime;
  readonly #steps: readonly TransactionStep[];
  readonly #standstill: Standstill;
  /** Those that are in. */
  readonly #tried: TransactionStep[] = [];
  /** What is under way; the end waits for it. */
  #running: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(runtime: Runtime, steps: readonly TransactionStep[], standstill: Standstill) {
    this.#runtime = runtime;
    this.#steps = steps;
    this.#standstill = standstill;
    this.summary = joinSummaries(steps.map(({ summary }) => summary));
  }

  /** @throws {ERR_PATCH_TIMEOUT} if a service does not end its `init` within `hotfixtimeout`. */
  ready(): Promise<void> {
    return this.#run(this.#hold());
  }

  try(state: OrderState | undefined): Promise<TransactionTried> {
    return this.#run(this.#tryAll(state));
  }

  async keep(): Promise<TransactionKept> {
    const steps: StepKept[] = [];
    for (const step of this.#steps) steps.push(await step.keep());
    const held = this.#standstill.heldMs;
    await this.#goOn(true);
    return { steps, held };
  }

  async undo(): Promise<void> {
    this.#isOver = true;
    this.#standstill.giveUp();
    for (const step of this.#steps) step.giveUp();
    await this.#running;
    for (const step of this.#tried.toReversed()) await step.undo();
    await this.#goOn(false);
  }

  #run<T>(running: Promise<T>): Promise<T> {
    this.#running = running.catch(() => {});
    return running;
  }

  async #hold(): Promise<void> {
    await this.#standstill.hold();
    if (this.#isOver) return;
    for (const step of this.#steps) await step.ready(this.#standstill.held);
  }

  async #tryAll(state: OrderState | undefined): Promise<TransactionTried> {
    const tried: StepTried[] = [];
    if (!beginOrder(state)) return tried;
    for (const step of this.#steps) {
      if (this.#isOver) break;
      this.#tried.push(step);
      const done = await step.try();
      tried.push(done);
      if (done.failed.length > 0) break;
    }
    return tried;
  }

  /** @param isKept - whether what the patches sent goes out */
  async #goOn(isKept: boolean): Promise<void> {
    for (const step of this.#steps) step.end();
    this.#standstill.resumeBirths();
    for await (const slice of inSlices(this.#runtime, this.#standstill.held)) {
      for (const context of slice) this.#standstill.letGo(context, isKept);
    }
  }
}
