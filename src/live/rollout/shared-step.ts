/** A patch of a shared module among those that go in all together: a step of a transaction. */

import type { LiveThread } from "./live-thread.ts";
import type { SharedOrder } from "./shared-module.ts";
import { SharedPart } from "./shared-module.ts";
import type { StepKept, StepTried, TransactionStep } from "./transaction.ts";

/** The patch on its way through one thread. */
export class SharedStep implements TransactionStep {
  readonly #live: LiveThread;
  readonly #order: SharedOrder;
  #part: SharedPart | undefined;

  private constructor(live: LiveThread, order: SharedOrder, part: SharedPart | undefined) {
    this.#live = live;
    this.#order = order;
    this.#part = part;
  }

  /** @throws what the module can't take. */
  static async compile(live: LiveThread, order: SharedOrder): Promise<SharedStep> {
    return new SharedStep(live, order, await SharedPart.compile(live, order));
  }

  get summary(): string {
    return this.#part?.summary ?? "";
  }

  /** Race: somebody may have loaded it since; nobody does so from here on. */
  async ready(): Promise<void> {
    this.#part = await SharedPart.compile(this.#live, this.#order);
  }

  async try(): Promise<StepTried> {
    const part = this.#part;
    await part?.try(undefined);
    return { failed: [], pending: part === undefined ? 0 : 1, isUsed: part !== undefined };
  }

  async keep(): Promise<StepKept> {
    this.#part?.keep();
    const names = this.#part?.kept ?? [];
    const kept = names.length > 0 ? [{ handle: 0, names }] : [];
    return { applied: [], skipped: [], retired: [], kept };
  }

  giveUp(): void {}

  async undo(): Promise<void> {
    this.#part?.undo();
  }

  end(): void {}
}
