/** Bugs for link-world.ts: in the kernel of a node, or in what all nodes of the thread run. */

import { Incarnations } from "../../src/cluster/hub/incarnations.ts";
import { LinkAgent } from "../../src/cluster/link/agent.ts";
import { LinkConnection } from "../../src/cluster/link/connection.ts";
import { LinkWatch } from "../../src/cluster/link/watch.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { KernelOptions } from "../../src/kernel/kernel-options.ts";
import { Message } from "../../src/kernel/message.ts";
import { PTYPE } from "../../src/kernel/protocol.ts";
import { JudgedKernel } from "./link-kernel.ts";

/** A bug that is planted. */
export interface LinkPlant {
  readonly createKernel?: (options: KernelOptions) => JudgedKernel;
  /** Changes what all nodes of this thread run. @returns what takes it back */
  readonly patch?: () => () => void;
}

/** Says yes each n-th time. */
function everyNth(count: number): () => boolean {
  let asked = 0;
  return () => (asked += 1) % count === 0;
}

/** Puts a method in the place of another one. @returns what takes it back */
function replace<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  make: (before: T[K]) => T[K],
): () => void {
  const before = prototype[name];
  prototype[name] = make(before);
  return () => {
    prototype[name] = before;
  };
}

/** A kernel in which requests of other nodes arrive otherwise. */
function arriving(arrive: (take: () => void, again: () => void) => void): LinkPlant {
  class Buggy extends JudgedKernel {
    override arrive(handle: number, message: Message): void {
      const take = (): void => super.arrive(handle, message);
      if (message.type !== PTYPE.lua) return take();
      const { type, source, session, method, payload } = message;
      arrive(take, () => super.arrive(handle, new Message(type, source, session, method, payload)));
    }
  }
  return { createKernel: (options) => new Buggy(options) };
}

/** A kernel in which what comes back over a link reaches its caller otherwise. */
function passing(change: (type: number, payload: unknown) => unknown): LinkPlant {
  class Buggy extends JudgedKernel {
    override pass(handle: number, type: number, request: Message, payload: unknown): boolean {
      const changed = change(type, payload);
      return changed === undefined || super.pass(handle, type, request, changed);
    }
  }
  return { createKernel: (options) => new Buggy(options) };
}

function twice(): LinkPlant {
  const isDue = everyNth(100);
  return arriving((take, again) => {
    take();
    if (isDue()) again();
  });
}

function swapped(): LinkPlant {
  const isDue = everyNth(20);
  let late: (() => void) | undefined;
  return arriving((take) => {
    if (late === undefined && isDue()) {
      late = take;
      return;
    }
    take();
    late?.();
    late = undefined;
  });
}

function mixed(): LinkPlant {
  const isDue = everyNth(100);
  return passing((type, payload) => {
    if (type !== PTYPE.response || !Array.isArray(payload) || !isDue()) return payload;
    return [payload[0], Number(payload[1]) - 1];
  });
}

function doubled(): LinkPlant {
  const isDue = everyNth(50);
  class Buggy extends JudgedKernel {
    override pass(handle: number, type: number, request: Message, payload: unknown): boolean {
      const isSent = super.pass(handle, type, request, payload);
      return isDue() ? super.pass(handle, type, request, payload) : isSent;
    }
  }
  return { createKernel: (options) => new Buggy(options) };
}

function stubborn(): LinkPlant {
  class Buggy extends JudgedKernel {
    override request(...asked: Parameters<Kernel["request"]>): number {
      const [, , { type, values }] = asked;
      // When the caller gives up is the last of the values for a link.
      if (type === PTYPE.harbor) values[values.length - 1] = 0;
      return super.request(...asked);
    }
  }
  return { createKernel: (options) => new Buggy(options) };
}

/** Bugs by name, made anew for each run. */
export const PLANTS: Readonly<Record<string, () => LinkPlant>> = {
  none: () => ({}),
  // A request that its service gets twice.
  twice,
  // A request that is overtaken.
  swapped,
  // An answer that its caller gets twice.
  doubled,
  // A call that leaves after its caller has given up.
  stubborn,
  // An answer of another call.
  mixed,
  // A call that has left when its link is lost, and is forgotten.
  lost: () => {
    const isDue = everyNth(5);
    return passing((type, payload) => (type === PTYPE.error && isDue() ? undefined : payload));
  },
  // One that has left, and is said not to have.
  liar: () =>
    passing((_type, payload) => {
      const { data } = payload as { data?: { sent: boolean } };
      if (data?.sent === true) data.sent = false;
      return payload;
    }),
  // A handle of an earlier process that is taken for one of this.
  stale: () => ({
    patch: () => replace(Incarnations.prototype, "epochOf", () => () => 1),
  }),
  // What its node has given up comes behind what was sent later.
  patient: () => ({
    patch: () =>
      replace(LinkAgent.prototype, "close", (close) => {
        return function closeUnless(this: LinkAgent, why: string): void {
          if (!why.includes("made another connection")) close.call(this, why);
        };
      }),
  }),
  // No node is dead for being silent.
  deaf: () => ({
    patch: () =>
      replace(LinkConnection.prototype, "end", (end) => {
        return function endUnless(this: LinkConnection, ...how: Parameters<typeof end>): void {
          if (!how[0].why.startsWith("it has been silent")) end.apply(this, how);
        };
      }),
  }),
  // A monitor that is not told of some downs.
  quiet: () => {
    const isDue = everyNth(10);
    return {
      patch: () =>
        replace(LinkWatch.prototype, "take", (take) => {
          return function takeUnless(
            this: LinkWatch,
            ...[change]: Parameters<typeof take>
          ): boolean {
            return !(change.state === "down" && isDue()) && take.call(this, change);
          };
        }),
    };
  },
};
