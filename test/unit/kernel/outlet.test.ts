/** Outlets: services of the runtime that take messages and answers at once, for they leave the node there. */

import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { test } from "node:test";

import { codeOf, SnaxError } from "../../../src/base/error.ts";
import type { Kernel } from "../../../src/kernel/kernel.ts";
import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import type { Service } from "../../../src/kernel/service.ts";
import { createEnvelope, createProbe, createSimulator } from "../../simulator.ts";

/** Makes an outlet that keeps what it gets. */
function createOutlet(
  kernel: Kernel,
  take: (message: Message) => void = () => {},
): { service: Service; got: Message[] } {
  const got: Message[] = [];
  const outlet = (message: Message): void => {
    take(message);
    got.push(message);
  };
  return { service: kernel.create("an outlet", () => ({ receive: outlet, outlet })), got };
}

for (const kernels of [1, 2]) {
  const where = kernels === 1 ? "on one kernel" : "between two kernels";
  const create = (): {
    simulator: ReturnType<typeof createSimulator>;
    near: Kernel;
    far: Kernel;
  } => {
    const simulator = createSimulator({ seed: 1, kernels });
    const [near = simulator.kernel, far = near] = simulator.kernels;
    return { simulator, near, far };
  };

  test(`a request is taken by an outlet, and answered by what it passes ${where}`, () => {
    const { simulator, near, far } = create();
    const caller = createProbe(near);
    const { service, got } = createOutlet(far);
    const outcome = caller.call(service.handle, "a");
    simulator.drain();
    deepEqual(
      got.map(({ payload }) => payload),
      [["a"]],
    );
    equal(outcome.settled, 0);
    const value = { fresh: true };
    equal(far.pass(service.handle, PTYPE.response, got[0] as Message, value), true);
    simulator.drain();
    deepEqual([outcome.settled, outcome.value], [1, { fresh: true }]);
    equal(near.openCalls, 0);
  });

  test(`what an outlet refuses ends the request ${where}`, () => {
    const { simulator, near, far } = create();
    const caller = createProbe(near);
    const { service } = createOutlet(far, () => {
      throw new SnaxError("ERR_EXHAUSTED", "no room");
    });
    if (near === far) throws(() => caller.call(service.handle), { code: "ERR_EXHAUSTED" });
    else {
      const outcome = caller.call(service.handle);
      simulator.drain();
      deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_EXHAUSTED"]);
    }
    equal(near.openCalls, 0);
  });

  test(`a request in the name of an outlet is answered to it at once ${where}`, () => {
    const { simulator, near, far } = create();
    const { service, got } = createOutlet(near);
    const target = createProbe(far, (message) => {
      far.reply(target.service, message, ["done", message.payload]);
    });
    near.send(service.handle, target.handle, createEnvelope("x"), 7);
    simulator.drain();
    deepEqual(
      got.map(({ type, session, payload }) => [type, session, payload]),
      [[PTYPE.response, 7, ["done", ["x"]]]],
    );
  });

  test(`the death of a service that owes an outlet an answer is told to it ${where}`, () => {
    const { simulator, near, far } = create();
    const { service, got } = createOutlet(near);
    const target = createProbe(far, (message) => far.owe(target.service, message));
    near.send(service.handle, target.handle, createEnvelope(), 7);
    simulator.drain();
    far.kill(target.service);
    simulator.drain();
    deepEqual(
      got.map(({ type, session, payload }) => [type, session, codeOf(payload)]),
      [[PTYPE.error, 7, "ERR_SERVICE_DEAD"]],
    );
  });
}

test("values reach an outlet of the same kernel as they are, in the turn of the sender", () => {
  const { kernel } = createSimulator({ seed: 1 });
  const { service, got } = createOutlet(kernel);
  const value = { a: 1 };
  equal(kernel.send(0, service.handle, createEnvelope(value)), true);
  equal((got[0] as Message & { payload: unknown[] }).payload[0], value);
});

test("what an outlet passes belongs to the caller: nothing is copied", () => {
  const simulator = createSimulator({ seed: 1 });
  const { kernel } = simulator;
  const caller = createProbe(kernel);
  const { service, got } = createOutlet(kernel);
  const outcome = caller.call(service.handle);
  const value = { a: 1 };
  kernel.pass(service.handle, PTYPE.response, got[0] as Message, value);
  simulator.drain();
  equal(outcome.value, value);
  notEqual(got.length, 0);
});

test("a post is passed to no service", () => {
  const { kernel } = createSimulator({ seed: 1 });
  const { service } = createOutlet(kernel);
  const post = new Message(PTYPE.lua, 1, 0, 0, []);
  equal(kernel.pass(service.handle, PTYPE.response, post, 1), false);
});
