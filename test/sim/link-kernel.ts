/** A kernel that sees to it that what has left over a link ends once: the caller would not notice a second answer. */

import { Kernel } from "../../src/kernel/kernel.ts";
import type { Message } from "../../src/kernel/message.ts";

/** The kernel of a node of link-world.ts. */
export class JudgedKernel extends Kernel {
  /** Told of a request that is answered for the second time. */
  onTwice: () => void = () => {};
  readonly #ended = new WeakSet<Message>();

  override pass(handle: number, type: number, request: Message, payload: unknown): boolean {
    if (this.#ended.has(request)) this.onTwice();
    this.#ended.add(request);
    return super.pass(handle, type, request, payload);
  }
}
