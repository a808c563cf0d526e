/**
 * The simulator can fail: each bug that is planted here is found, and named for what it is.
 *
 * A harness that finds nothing proves nothing. Where a bug needs chance to show, a handful of seeds must be enough.
 */

import { match, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import type { KernelOptions } from "../../src/kernel/kernel-options.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import type { Envelope, Message } from "../../src/kernel/message.ts";
import { REPLY } from "../../src/kernel/message.ts";
import { endedError } from "../../src/kernel/refusal.ts";
import type { Service } from "../../src/kernel/service.ts";
import { createProbe, createSimulator, Traffic } from "../simulator.ts";

const SEEDS_MAX = 20;

/** Runs traffic over a kernel with a bug until it is found; returns what was said. */
function findBug(createKernel: (options: KernelOptions) => Kernel): string {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
    const simulator = createSimulator({ seed, createKernel });
    try {
      new Traffic(simulator, { messages: 300 }).run();
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "nothing found";
}

/** Says yes each n-th time. */
function everyNth(count: number): () => boolean {
  let asked = 0;
  return () => (asked += 1) % count === 0;
}

test("a reply that is sent twice is found", () => {
  const isDue = everyNth(50);
  class Doubling extends Kernel {
    override reply(service: Service, request: Message, value: unknown): boolean {
      const isSent = super.reply(service, request, value);
      if (request.reply !== REPLY.done || !isDue()) return isSent;
      request.reply = REPLY.owed;
      return super.reply(service, request, value);
    }
  }
  match(
    findBug((options) => new Doubling(options)),
    /an answer came to .* which waits for none/,
  );
});

test("a reply that is lost is found", () => {
  const isDue = everyNth(50);
  class Losing extends Kernel {
    override reply(service: Service, request: Message, value: unknown): boolean {
      if (!isDue()) return super.reply(service, request, value);
      service.owed?.delete(request);
      request.reply = REPLY.done;
      return true;
    }
  }
  match(
    findBug((options) => new Losing(options)),
    /never ended/,
  );
});

test("a last turn that is lost is found, and one that comes twice", () => {
  const isDue = everyNth(5);
  class Silent extends Kernel {
    override kill(service: Service): void {
      super.kill(service);
      if (isDue()) while (service.mail.shift() !== undefined);
    }
  }
  match(
    findBug((options) => new Silent(options)),
    /which has ended, was never told/,
  );
  class Insistent extends Kernel {
    override kill(service: Service): void {
      const calls = [...(service.calls ?? [])];
      super.kill(service);
      for (const call of calls) call.reject(endedError(service));
    }
  }
  match(
    findBug((options) => new Insistent(options)),
    /was told twice of its service's end, or too early/,
  );
});

test("a reply with the value of another call is found", () => {
  const isDue = everyNth(50);
  class Mixing extends Kernel {
    override reply(service: Service, request: Message, value: unknown): boolean {
      return super.reply(service, request, isDue() ? Number(value) + 1 : value);
    }
  }
  match(
    findBug((options) => new Mixing(options)),
    /was answered with/,
  );
});

test("two messages in the wrong order are found", () => {
  const isDue = everyNth(20);
  class Reordering extends Kernel {
    #late: (() => void) | undefined;
    override send(source: number, handle: number, envelope: Envelope, session = 0): boolean {
      if (this.#late === undefined && isDue() && this.services.get(handle) !== undefined) {
        this.#late = () => super.send(source, handle, envelope, session);
        return true;
      }
      const isSent = super.send(source, handle, envelope, session);
      this.#late?.();
      this.#late = undefined;
      return isSent;
    }
  }
  match(
    findBug((options) => new Reordering(options)),
    /heard number|lives and heard/,
  );
});

test("a message that is lost is found", () => {
  const isDue = everyNth(50);
  class Dropping extends Kernel {
    override send(source: number, handle: number, envelope: Envelope, session = 0): boolean {
      return isDue() || super.send(source, handle, envelope, session);
    }
  }
  match(
    findBug((options) => new Dropping(options)),
    /heard number|lives and heard/,
  );
});

test("a session that stays open behind the table's back is found", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const silent = createProbe(kernel);
  const caller = createProbe(kernel);
  const { call } = caller.call(silent.handle);
  caller.service.calls?.close(call.session);
  throws(() => simulator.drain(), /counts 1 open calls, its services have 0/);
});

test("a run that never ends is found", () => {
  const simulator = createSimulator({ seed: 1 });
  createProbe(simulator.kernel, (_message, probe) => probe.send(probe.handle)).send(1);
  throws(() => simulator.drain(50), /events are left after 50 steps/);
});

test("the report of a bug names its seed, and the seed finds it again", () => {
  const createBroken = (): ((options: KernelOptions) => Kernel) => {
    const isDue = everyNth(50);
    class Dropping extends Kernel {
      override send(source: number, handle: number, envelope: Envelope, session = 0): boolean {
        return isDue() || super.send(source, handle, envelope, session);
      }
    }
    return (options) => new Dropping(options);
  };
  const report = findBug(createBroken());
  const seed = Number(/seed=(\d+)/.exec(report)?.[1]);
  ok(Number.isInteger(seed));
  const again = createSimulator({ seed, createKernel: createBroken() });
  throws(() => new Traffic(again, { messages: 300 }).run(), /seed=/);
});
