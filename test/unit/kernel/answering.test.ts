/**
 * Answering with a fault at each of its steps: the call ends, once, with the best error that can be sent, or is still open for
 * the code that clears up.
 *
 * Interrupts are real ones here: the time limit of a script ends whatever runs, `catch` and `finally` included.
 */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

import { codeOf } from "../../../src/base/error.ts";
import type { Elsewhere, KernelOptions } from "../../../src/kernel/kernel-options.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import type { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import type { Outcome, Probe, ProbeHandler, Simulator } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

const isAnswer = ({ type }: Message): boolean => type === PTYPE.response || type === PTYPE.error;

/** Says of each answer to another kernel whether its sending fails. */
type Fault = () => boolean;

interface World {
  readonly simulator: Simulator;
  readonly caller: Probe;
  readonly target: Probe;
}

/** Two kernels; who calls lives on the first, who answers on the second, or on the first too. */
function createWorld(place: "near" | "elsewhere", handler: ProbeHandler, fails: Fault): World {
  const createKernel = (options: KernelOptions): Kernel => {
    const { elsewhere } = options;
    const faulty: Elsewhere | undefined = elsewhere && {
      deliver: (target, message) => {
        if (isAnswer(message) && fails()) throw new Error("planted");
        return elsewhere.deliver(target, message);
      },
      lives: (handle) => elsewhere.lives(handle),
      retarget: (...news) => elsewhere.retarget(...news),
    };
    return new Kernel(faulty === undefined ? options : { ...options, elsewhere: faulty });
  };
  const simulator = createSimulator({ seed: 1, kernels: 2, faults: "none", createKernel });
  const [first, second] = simulator.kernels as [Kernel, Kernel];
  return {
    simulator,
    caller: createProbe(first),
    target: createProbe(place === "near" ? first : second, handler),
  };
}

const never: Fault = () => false;

/** Fails that number of times. */
function firstOnes(count: number): Fault {
  let left = count;
  return () => (left -= 1) >= 0;
}

function kernelOf({ simulator, target }: World): Kernel {
  return simulator.kernels.find(({ services }) => services.get(target.handle)) as Kernel;
}

function seen({ settled, value, error }: Outcome): unknown {
  return [settled, value ?? codeOf(error) ?? (error as Error | undefined)?.message];
}

/** How a handler may answer. */
const WAYS: Record<string, (kernel: Kernel, probe: Probe, message: Message) => unknown> = {
  reply: (kernel, { service }, message) => kernel.reply(service, message, { a: 1 }),
  fail: (kernel, { service }, message) => kernel.fail(service, message, new TypeError("no")),
  failWith: (kernel, { service }, message) =>
    kernel.failWith(service, message, () => new TypeError("no")),
};

for (const [name, way] of Object.entries(WAYS)) {
  for (const count of [0, 1, 2, 3]) {
    test(`${name}: the call ends once where the answer can't be sent ${count} times`, () => {
      const world: World = createWorld(
        "elsewhere",
        (message, probe) => way(kernelOf(world), probe, message),
        firstOnes(count),
      );
      const outcome = world.caller.call(world.target.handle);
      world.simulator.drain();
      equal(outcome.settled, 1);
      equal(outcome.error === undefined, name === "reply" && count === 0);
      equal(world.simulator.kernel.openCalls, 0);
    });
  }

  test(`${name}: where nothing can be sent it throws, and the request can still be answered`, () => {
    let isBroken = true;
    let request: Message | undefined;
    const world: World = createWorld(
      "elsewhere",
      (message, probe) => {
        request = message;
        kernelOf(world).owe(probe.service, message);
        throws(() => way(kernelOf(world), probe, message), /planted/);
      },
      () => isBroken,
    );
    const outcomes = [1, 2].map((each) => world.caller.call(world.target.handle, each));
    world.simulator.drain();
    deepEqual(outcomes.map(seen), [
      [0, undefined],
      [0, undefined],
    ]);
    isBroken = false;
    const { target } = world;
    equal(kernelOf(world).reply(target.service, request as Message, "late"), true);
    throws(
      () => kernelOf(world).reply(target.service, request as Message, 1),
      /ERR_REPLIED|answered/,
    );
    kernelOf(world).kill(target.service);
    world.simulator.drain();
    deepEqual(outcomes.map(seen), [
      [1, "ERR_SERVICE_DEAD"],
      [1, "late"],
    ]);
  });
}

test("an error that can't be sent as it is arrives with class, message and code", () => {
  let data: object = {};
  for (let level = 0; level < 2000; level++) data = { data };
  const world: World = createWorld(
    "elsewhere",
    (message, { service }) => {
      const error = Object.assign(new RangeError("far"), { code: "E_FAR", data });
      kernelOf(world).fail(service, message, error);
    },
    never,
  );
  const outcome = world.caller.call(world.target.handle);
  world.simulator.drain();
  const error = outcome.error as RangeError & { code: string; leftOut: string[] };
  ok(error instanceof RangeError);
  deepEqual([error.message, error.code], ["far", "E_FAR"]);
  match(error.leftOut[0] ?? "", /is nested deeper than COPY_DEPTH_MAX/);
});

/** What code may do that runs while an answer is made, and what the caller gets then. */
const DEEDS: Record<
  string,
  [(kernel: Kernel, probe: Probe, message: Message) => unknown, unknown]
> = {
  "ends its service": [(kernel, { service }) => kernel.kill(service), "ERR_SERVICE_DEAD"],
  "answers itself": [(kernel, { service }, message) => kernel.reply(service, message, 5), 5],
  "gives the request up": [
    (kernel, { service }, message) => kernel.ignore(service, message),
    undefined,
  ],
  throws: [
    () => {
      throw new Error("boom");
    },
    "ERR_NOT_SENDABLE",
  ],
  "throws what can't be sent": [
    () => {
      throw Object.assign(new Error("boom"), { retry() {} });
    },
    "ERR_NOT_SENDABLE",
  ],
  "throws a revoked proxy": [
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy as unknown as Error;
    },
    "ERR_NOT_SENDABLE",
  ],
  "reaches the end of the stack": [
    () => {
      const deeper = (): number => 1 + deeper();
      return deeper();
    },
    "ERR_NOT_SENDABLE",
  ],
};

for (const place of ["near", "elsewhere"] as const) {
  for (const [name, [deed, expected]] of Object.entries(DEEDS)) {
    test(`a getter of the answer that ${name}: the call ends at most once, ${place}`, () => {
      const world: World = createWorld(
        place,
        (message, probe) => {
          const kernel = kernelOf(world);
          const value = Object.defineProperty({}, "total", {
            enumerable: true,
            get: () => deed(kernel, probe, message),
          });
          kernel.reply(probe.service, message, value);
        },
        never,
      );
      const outcome = world.caller.call(world.target.handle);
      world.simulator.drain();
      if (expected === undefined) return ok(outcome.settled <= 1);
      equal(outcome.settled, 1);
      // On its way to another kernel the answer is made behind the getter's own deed.
      if (place === "near") deepEqual(seen(outcome), [1, expected]);
    });
  }

  for (const way of ["reply", "failWith"]) {
    test(`${way}: an answer that is cut off while it is made is ERR_INTERRUPTED, no matter what gives it, ${place}`, () => {
      const loop = (): never => {
        for (;;);
      };
      const held: Message[] = [];
      const world: World = createWorld(
        place,
        (message, { service }) => {
          const kernel = kernelOf(world);
          const what = (message.payload as string[])[0];
          if (what === "hold") {
            kernel.detach(service, message);
            held.push(message);
            return;
          }
          const request = what === "own" ? message : (held[0] as Message);
          if (way === "failWith") kernel.failWith(service, request, loop);
          else
            kernel.reply(
              service,
              request,
              Object.defineProperty({}, "a", { enumerable: true, get: loop }),
            );
        },
        never,
      );
      const { simulator, caller, target } = world;
      const own = caller.call(target.handle, "own");
      runThrough(world);
      deepEqual(seen(own), [1, "ERR_INTERRUPTED"]);
      const hold = caller.call(target.handle, "hold");
      simulator.drain();
      const other = caller.call(target.handle, "other");
      runThrough(world);
      deepEqual(
        [seen(hold), seen(other)],
        [
          [1, "ERR_INTERRUPTED"],
          [1, "ERR_INTERRUPTED"],
        ],
      );
    });
  }
}

/** Runs until something loops, cuts that off, and lets the simulation run on. */
function runThrough(world: World): void {
  const { simulator } = world;
  const run = runInThisContext("(run) => run()", {}) as (run: () => void) => void;
  const holder = globalThis as { answeringTest?: () => void };
  holder.answeringTest = () => run(() => simulator.drain());
  throws(() => runInThisContext("answeringTest()", { timeout: 100 }), /timed out/);
  delete holder.answeringTest;
  for (const kernel of simulator.kernels) kernel.turn();
  simulator.drain();
}

test("a service that throws outside all care is answered for", () => {
  const world: World = createWorld(
    "near",
    () => {
      throw Object.assign(new RangeError("x"), { retry() {} });
    },
    never,
  );
  const outcome = world.caller.call(world.target.handle);
  world.simulator.drain();
  ok(outcome.error instanceof RangeError);
  equal(world.simulator.errors.length, 1);
});
