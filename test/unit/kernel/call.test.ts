/**
 * A call from its request to its one end: by value, error or deadline.
 */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";

import { codeOf, SnaxError } from "../../../src/base/error.ts";
import type { Message } from "../../../src/kernel/message.ts";
import { isEnding } from "../../../src/kernel/refusal.ts";
import { REPLY } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import type { Outcome, Probe } from "../../simulator.ts";
import { createEnvelope, createProbe, createSimulator } from "../../simulator.ts";

type World = {
  simulator: ReturnType<typeof createSimulator>;
  caller: Probe;
  target: Probe;
  /** Calls the target and returns what became of it when nothing more happens. */
  run(...values: readonly unknown[]): Outcome;
};

/** Makes two services on one kernel, or each on its own. */
function createWorld(handle: (message: Message, world: World) => void, kernels = 1): World {
  const simulator = createSimulator({ seed: 1, kernels });
  const [first = simulator.kernel, second = first] = simulator.kernels;
  const caller = createProbe(first);
  const target = createProbe(second, (message) => handle(message, world));
  const run = (...values: readonly unknown[]): Outcome => {
    const outcome = caller.call(target.handle, ...values);
    simulator.drain();
    equal(first.openCalls, 0);
    return outcome;
  };
  const world: World = { simulator, caller, target, run };
  return world;
}

for (const kernels of [1, 2]) {
  const where = kernels === 1 ? "on one kernel" : "between two kernels";
  const kernelOf = ({ simulator }: World): World["simulator"]["kernel"] =>
    simulator.kernels[kernels - 1] ?? simulator.kernel;

  test(`a call ends with the value of the reply ${where}`, () => {
    const world = createWorld((message, self) => {
      kernelOf(self).reply(self.target.service, message, { echo: message.payload });
    }, kernels);
    const outcome = world.run(1, "two");
    deepEqual([outcome.settled, outcome.value], [1, { echo: [1, "two"] }]);
  });

  test(`a call ends with the error of the reply ${where}`, () => {
    const world = createWorld((message, self) => {
      kernelOf(self).fail(self.target.service, message, new SnaxError("ERR_REMOTE", "no"));
    }, kernels);
    equal(codeOf(world.run().error), "ERR_REMOTE");
  });

  test(`a result that can't be sent becomes ERR_NOT_SENDABLE at the caller ${where}`, () => {
    const world = createWorld((message, self) => {
      kernelOf(self).reply(self.target.service, message, () => {});
      equal(self.target.service.owed?.size ?? 0, 0);
    }, kernels);
    const outcome = world.run();
    deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_NOT_SENDABLE"]);
    deepEqual(world.simulator.errors, []);
  });

  test(`a second answer is refused with ERR_REPLIED ${where}`, () => {
    const world = createWorld((message, self) => {
      const kernel = kernelOf(self);
      kernel.reply(self.target.service, message, 1);
      throws(() => kernel.reply(self.target.service, message, 2), { code: "ERR_REPLIED" });
      throws(() => kernel.fail(self.target.service, message, 2), { code: "ERR_REPLIED" });
    }, kernels);
    deepEqual([world.run().value, world.simulator.errors], [1, []]);
  });

  test(`a reply after the caller died returns false ${where}`, () => {
    let isSent: boolean | undefined;
    const world = createWorld((message, self) => {
      self.simulator.kernel.kill(self.caller.service);
      isSent = kernelOf(self).reply(self.target.service, message, 1);
    }, kernels);
    ok(isEnding(world.run().error));
    equal(isSent, false);
  });

  test(`arguments that can't be sent are refused at the caller ${where}`, () => {
    const world = createWorld(() => {}, kernels);
    throws(() => world.run(() => {}), { code: "ERR_NOT_SENDABLE" });
    equal(world.simulator.kernel.openCalls, 0);
  });

  test(`a call to a handle without a service is refused at once ${where}`, () => {
    const world = createWorld(() => {}, kernels);
    throws(() => world.caller.call(999), { code: "ERR_SERVICE_DEAD" });
    equal(world.simulator.kernel.openCalls, 0);
    equal(world.caller.send(999), false);
  });

  test(`a call ends at its deadline, and the late answer changes nothing ${where}`, () => {
    const world = createWorld((message, self) => {
      const kernel = kernelOf(self);
      kernel.owe(self.target.service, message);
      kernel.addTimer(self.target.service, 500, () => {
        kernel.reply(self.target.service, message, "late");
      });
    }, kernels);
    const { caller, simulator, target } = world;
    const outcome = caller.call(target.handle);
    simulator.kernel.setDeadline(caller.service, outcome.call, 100, () => "deadline");
    simulator.drain();
    deepEqual([outcome.settled, outcome.error, simulator.errors], [1, "deadline", []]);
  });

  test(`an answer in time takes the deadline away ${where}`, () => {
    const world = createWorld((message, self) => {
      kernelOf(self).reply(self.target.service, message, "in time");
    }, kernels);
    const { caller, simulator, target } = world;
    const outcome = caller.call(target.handle);
    simulator.kernel.setDeadline(caller.service, outcome.call, 3_600_000, () => "deadline");
    simulator.drain();
    deepEqual([outcome.settled, outcome.value], [1, "in time"]);
    equal(caller.service.timers, undefined);
  });
}

test("a target that dies while the request is on its way to another kernel is an answer", () => {
  const world = createWorld(() => {}, 2);
  const outcome = world.caller.call(world.target.handle);
  world.simulator.kernels[1]?.kill(world.target.service);
  world.simulator.drain();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});

test("a request that finds a full mailbox on another kernel fails, and a post is reported", () => {
  const simulator = createSimulator({ seed: 1, kernels: 2, kernel: { mailboxLimit: 1 } });
  const [first = simulator.kernel, second = first] = simulator.kernels;
  const caller = createProbe(first);
  const target = createProbe(second);
  second.hold(target.service, 1);
  caller.send(target.handle, "fills it");
  const outcome = caller.call(target.handle);
  caller.send(target.handle, "too much");
  simulator.drain();
  equal(codeOf(outcome.error), "ERR_MAILBOX_FULL");
  deepEqual(
    simulator.errors.map(({ error }) => codeOf(error)),
    ["ERR_MAILBOX_FULL"],
  );
});

test("a sender of a post, or one that gave the session up, is not answered", () => {
  const replies: boolean[] = [];
  const world = createWorld((message, { simulator, target }) => {
    const { kernel } = simulator;
    if (message.session !== 0) kernel.ignore(target.service, message);
    replies.push(kernel.reply(target.service, message, 1));
    replies.push(kernel.reply(target.service, message, () => {}));
    replies.push(kernel.fail(target.service, message, "no"));
  });
  world.caller.send(world.target.handle);
  const outcome = world.caller.call(world.target.handle);
  world.simulator.drain();
  deepEqual(replies, new Array(6).fill(false));
  equal(outcome.settled, 0);
});

test("a message of a client carries a connection's number and is owed no answer, here and on another kernel", () => {
  for (const kernels of [1, 2]) {
    const world = createWorld(() => {}, kernels);
    const { caller, simulator, target } = world;
    const envelope = { type: PTYPE.client, method: 0, values: [1] };
    simulator.kernel.send(caller.handle, target.handle, envelope, 77);
    simulator.drain();
    deepEqual(
      target.received.map(({ session, reply }) => [session, reply]),
      [[77, REPLY.none]],
    );
  }
});

test("the array of an envelope becomes the message's own, and what lies in it is copied", () => {
  const world = createWorld(() => {});
  const inner = { count: 1 };
  const values = [1, inner];
  const envelope = { type: PTYPE.snax, method: 1, values };
  world.simulator.kernel.send(world.caller.handle, world.target.handle, envelope);
  inner.count = 2;
  world.simulator.drain();
  equal(world.target.received[0]?.payload, values);
  deepEqual(values, [1, { count: 1 }]);
});

test("a request that is passed on is answered to its sender, by the service that has it in the end", () => {
  for (const kernels of [1, 2]) {
    const world = createWorld(({ source, session, payload }, { simulator, target }) => {
      const kernel = simulator.kernels[kernels - 1] ?? simulator.kernel;
      const envelope = createEnvelope(...(payload as unknown[]));
      kernel.send(source, expert.handle, envelope, session);
      equal(target.service.owed, undefined);
    }, kernels);
    const { kernel } = world.simulator;
    const expert = createProbe(kernel, (message) => {
      kernel.reply(expert.service, message, message.payload);
    });
    deepEqual(world.run("question").value, ["question"]);
  }
});

test("what a handler throws is reported under its service and ends nothing", () => {
  const world = createWorld((message, { simulator, target }) => {
    if (message.session === 0) throw new Error("boom");
    simulator.kernel.reply(target.service, message, "alive");
  });
  world.caller.send(world.target.handle);
  equal(world.run().value, "alive");
  deepEqual(
    world.simulator.errors.map(({ service, error }) => [service, String(error)]),
    [[world.target.service, "Error: boom"]],
  );
});

test("another instance behind a handle takes over the mailbox and the calls", () => {
  const world = createWorld(() => {});
  const { kernel } = world.simulator;
  const outcome = world.caller.call(world.target.handle, 5);
  const before = kernel.replace(world.target.handle, {
    receive: (message) => void kernel.reply(world.target.service, message, "new"),
  });
  equal(typeof before.receive, "function");
  kernel.replace(world.caller.handle, { receive: () => {} });
  world.simulator.drain();
  deepEqual([outcome.value, world.target.heard], ["new", []]);
  throws(() => kernel.replace(999, before), { code: "ERR_SERVICE_DEAD" });
});

test("a service that fails to be made leaves nothing behind", () => {
  const { kernel } = createSimulator({ seed: 1 });
  const create = (): never => {
    throw new Error("no");
  };
  throws(() => kernel.create("bad", create), /no/);
  equal(kernel.services.size, 0);
});
