/**
 * The door to other harbors: where a message leaves whose handle names another harbor in its high 8 bits.
 *
 *     Kernel -> another harbor's handle? -> no: to the other threads, if there are any
 *                                           yes: to `gateway`, on the thread that holds the connections; from all others there
 *
 * Only a node of a network of harbors has one.
 */

import { harborOf } from "../kernel/service.ts";
import type { Elsewhere } from "../kernel/kernel-options.ts";
import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";

/** Says whether a handle is of another harbor than `own`; a node without a network has no others. */
export function isForeign(handle: number, own: number): boolean {
  const harbor = harborOf(handle);
  return own !== 0 && harbor !== own && harbor !== 0 && handle >>> 0 === handle;
}

/** The door of one thread. */
export class HarborDoor implements Elsewhere {
  /** This node's id. */
  readonly harbor: number;
  /**
   * Takes a message for another harbor; set where the connections are.
   *
   * @returns false if no service will get it.
   * @throws what its sender is told.
   */
  gateway: ((handle: number, message: Message) => boolean) | undefined = undefined;
  /** Hears of each global name that is given to a service; set where the connections are. */
  onNamed: ((name: string, handle: number) => void) | undefined = undefined;
  /** Hears of a message of another thread that no service will get: its sender is not told any more. */
  onLost: ((handle: number, error: unknown) => void) | undefined = undefined;
  readonly #threads: Elsewhere | undefined;

  /** @param threads - the way to the node's other threads; undefined = there are none */
  constructor(harbor: number, threads: Elsewhere | undefined) {
    this.harbor = harbor;
    this.#threads = threads;
  }

  deliver(target: number, message: Message): boolean {
    const { gateway } = this;
    if (gateway !== undefined && isForeign(target, this.harbor)) return gateway(target, message);
    return this.#threads?.deliver(target, message) === true;
  }

  onward(target: number, message: Message): boolean {
    try {
      return isForeign(target, this.harbor) && this.gateway?.(target, message) === true;
    } catch (error) {
      if (message.reply !== REPLY.none) throw error;
      this.onLost?.(target, error);
      return true;
    }
  }

  lives(handle: number): boolean {
    return isForeign(handle, this.harbor) || this.#threads?.lives(handle) === true;
  }

  // oxlint-disable-next-line max-params -- as the kernel calls it
  retarget(source: number, session: number, handle: number, from: number): void {
    this.#threads?.retarget(source, session, handle, from);
  }
}
