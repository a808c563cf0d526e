/**
 * The links between the kernels of a simulation.
 *
 * A message takes a random time, and overtakes none that took the same way before it: order is kept
 * per ordered pair of kernels, as the rings between threads keep it. Whether a service lives under
 * a handle is known at once, everywhere.
 */

import { copyArguments, copyResult } from "../base/copy.ts";
import type { Random } from "../base/random.ts";
import type { Elsewhere } from "../kernel/kernel-options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualLoop } from "./virtual-loop.ts";

/** What links need of their simulation. */
export interface LinkOptions {
  readonly clock: VirtualClock;
  readonly loop: VirtualLoop;
  readonly random: Random;
  /** Most milliseconds that a message takes. */
  readonly delayMaxMs: number;
  /** All kernels; may still grow when the links are made. */
  readonly kernels: readonly Kernel[];
}

interface Parcel {
  readonly target: number;
  readonly message: Message;
}

/** Creates the ways that lead from one kernel to all others. */
export function createLinks(options: LinkOptions): Elsewhere {
  const links = new Map<Kernel, Link>();
  return {
    deliver: (target, message) => {
      const receiver = options.kernels.find((kernel) => kernel.services.get(target) !== undefined);
      if (receiver === undefined) return false;
      let link = links.get(receiver);
      if (link === undefined) links.set(receiver, (link = new Link(options, receiver)));
      link.carry({ target, message: copyMessage(message) });
      return true;
    },
    lives: (handle) => options.kernels.some(({ services }) => services.get(handle) !== undefined),
    retarget: (source, session, handle, from) => {
      const home = options.kernels.find(({ services }) => services.get(source) !== undefined);
      home?.retarget(source, session, handle, from);
    },
  };
}

/** The way from one kernel to one other. */
class Link {
  readonly #options: LinkOptions;
  readonly #receiver: Kernel;
  readonly #parcels: Parcel[] = [];
  #lastArrival = 0;

  constructor(options: LinkOptions, receiver: Kernel) {
    this.#options = options;
    this.#receiver = receiver;
  }

  carry(parcel: Parcel): void {
    const { clock, loop, random, delayMaxMs } = this.#options;
    this.#parcels.push(parcel);
    this.#lastArrival = Math.max(this.#lastArrival, clock.now() + random.next() * delayMaxMs);
    // Order: arrivals of one moment come in any order, so each takes the oldest parcel instead of
    // its own.
    loop.at(this.#lastArrival, () => {
      const first = this.#parcels.shift();
      if (first !== undefined) this.#receiver.arrive(first.target, first.message);
    });
  }
}

function copyMessage(message: Message): Message {
  const { type, source, session, method, payload } = message;
  const isAnswer = type === PTYPE.response || type === PTYPE.error;
  const content = isAnswer
    ? copyResult(payload, undefined)
    : copyArguments(payload as readonly unknown[], undefined);
  const copy = new Message(type, source, session, method, content);
  copy.reply = message.reply;
  return copy;
}
