/**
 * Listeners for the messages that services are handed: the kernel tells one, this hands them on to several.
 *
 * While there is no listener the kernel does not know of it.
 */

import type { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Service } from "../kernel/service.ts";

/** Is told of each message just before the service handles it. */
export type MessageListener = (service: Service, message: Message) => void;

/** The listeners of one kernel. */
export class MessageTap {
  readonly #kernel: Kernel;
  #listeners: readonly MessageListener[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Adds a listener that is not there yet. */
  add(listener: MessageListener): void {
    if (!this.#listeners.includes(listener)) this.#set([...this.#listeners, listener]);
  }

  /** Takes a listener out. */
  remove(listener: MessageListener): void {
    this.#set(this.#listeners.filter((each) => each !== listener));
  }

  #set(listeners: readonly MessageListener[]): void {
    this.#listeners = listeners;
    const [first] = listeners;
    if (listeners.length < 2) this.#kernel.tap = first;
    else {
      this.#kernel.tap = (service, message) => {
        for (const listener of listeners) listener(service, message);
      };
    }
  }
}
