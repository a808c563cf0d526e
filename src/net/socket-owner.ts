/**
 * What one service owns of the net: its sockets close with it, and what happens to them reaches it
 * as messages.
 */

import { LET_GO } from "../kernel/service.ts";
import type { Level } from "../base/log-level.ts";
import { LEVEL } from "../base/log-level.ts";
import type { Message } from "../kernel/message.ts";
import type { Context } from "../service/context.ts";
import { definePart, EXIT_SIGNAL, isThenable } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import { LineBudget } from "../base/log-line.ts";
import type { NetTable } from "./net-table.ts";
import { netOf } from "./net-table.ts";

/** The sockets of one service. */
export class SocketOwner {
  readonly context: Context;
  readonly net: NetTable;
  readonly #endings = new Set<() => void>();
  readonly #budget: LineBudget;

  constructor(context: Context) {
    this.context = context;
    this.net = netOf(context.runtime);
    const { kernel, clock } = context.runtime;
    this.#budget = new LineBudget({
      now: () => clock.now(),
      later: (ms, run) => void kernel.addTimer(context.service, ms, run),
      tell: (count) =>
        this.log(`${count} lines about sockets were left out in a second`, LEVEL.warn),
    });
    kernel.watch(
      context.handle,
      () => {
        for (const end of [...this.#endings]) end();
      },
      LET_GO,
    );
  }

  /** Whether it holds a socket, or something else of the net, at the moment. */
  get isHolding(): boolean {
    return this.#endings.size > 0;
  }

  /** Runs something when the service dies, unless it is taken back by {@link release}. */
  keep(end: () => void): void {
    this.#endings.add(end);
  }

  /** Takes back what {@link keep} was given. */
  release(end: () => void): void {
    this.#endings.delete(end);
  }

  /**
   * Runs something inside the service, after the messages that wait already; what it throws is
   * logged under the service's address.
   *
   * @param origin - the message whose handler it goes on with; see Kernel.origin.
   */
  wake(run: () => void, origin?: Message): void {
    const { runtime, service } = this.context;
    if (service.isAlive) runtime.kernel.soon(service, run).origin = origin;
  }

  /** Lets what Node promised arrive inside the service; never if the service is dead by then. */
  inTurn<T>(promise: Promise<T>): Promise<T> {
    const { runtime, service } = this.context;
    const { origin } = runtime.kernel;
    const endWait = runtime.commitments.waitOutside(origin, service);
    return new Promise((resolve, reject) => {
      const goOn = (run: () => void): void => {
        endWait();
        this.wake(run, origin);
      };
      promise.then(
        (value) => goOn(() => resolve(value)),
        (error: unknown) => goOn(() => reject(error as Error)),
      );
    });
  }

  /**
   * Runs a callback of the program, inside the service; what it throws, or its promise rejects
   * with, is logged.
   */
  wakeProgram(run: () => unknown): void {
    this.wake(() => this.runProgram("socket", run));
  }

  /**
   * The same at once, for code that runs inside the service.
   *
   * @param what - begins the line in the log
   */
  runProgram(what: string, run: () => unknown): void {
    try {
      const result = run();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#report(what, error));
    } catch (error) {
      this.#report(what, error);
    }
  }

  #report(what: string, error: unknown): void {
    if (error === EXIT_SIGNAL) return;
    this.context.runtime.countFault(this.context.handle);
    this.tell(`${what} error : ${describeError(error)}`, LEVEL.error);
  }

  /** Writes a line to the log under the service's address. */
  log(text: string, level?: Level): void {
    this.context.runtime.log(this.context.handle, text, level);
  }

  /** The same for what others can bring about as often as they like; see LineBudget. */
  tell(text: string, level?: Level): void {
    if (this.#budget.allow()) this.log(text, level);
  }
}

const owners = definePart((context) => new SocketOwner(context), {
  holds: (owner) => (owner.isHolding ? "a socket" : undefined),
});

/** Returns the sockets of a service. */
export function socketOwnerOf(context: Context): SocketOwner {
  return owners.of(context);
}
