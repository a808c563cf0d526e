/** What passes between the kernels of two threads: every kind of message, whatever its size, once and in order. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { Script } from "node:vm";

import { codeOf, SnaxError } from "../../../src/base/error.ts";
import type { Message } from "../../../src/kernel/message.ts";
import { REPLY } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { createEnvelope, createOutcome } from "../../simulator.ts";
import { createPair } from "./fabric-world.ts";

const LARGE = "x".repeat(10_000);

test("a post arrives with its sender, its method and its values", () => {
  const { world, caller, callee, one } = createPair();
  const value = [1, "two", { three: new Date(3) }, null, undefined, new Uint8Array([4])];
  const envelope = { type: PTYPE.snax, method: 0xfffff, values: value };
  equal(one.kernel.send(caller.handle, callee.handle, envelope), true);
  deepEqual(callee.received, []);
  world.settle();
  const [message] = callee.received as unknown as [Message];
  deepEqual(message.payload, value);
  deepEqual(
    [message.type, message.method, message.source, message.session, message.reply],
    [PTYPE.snax, 0xfffff, caller.handle, 0, REPLY.none],
  );
});

test("a message of any type a program may register arrives as that", () => {
  const { world, caller, callee, one } = createPair();
  for (const type of [0, PTYPE.debug, 255, 511]) {
    one.kernel.send(caller.handle, callee.handle, { type, method: 0, values: [type] });
  }
  world.settle();
  deepEqual(
    callee.received.map(({ type }) => type),
    [0, PTYPE.debug, 255, 511],
  );
});

test("a client's message carries its connection, and no answer is awaited", () => {
  const { world, caller, callee, one } = createPair();
  const envelope = { type: PTYPE.client, method: 0, values: ["data"] };
  one.kernel.send(caller.handle, callee.handle, envelope, 0x7fffffff);
  world.settle();
  const [message] = callee.received as unknown as [Message];
  deepEqual([message.session, message.reply], [0x7fffffff, REPLY.none]);
});

for (const [size, text] of [
  ["small", "x"],
  ["longer than the ring", LARGE],
] as const) {
  test(`a call is answered by a copy, ${size}`, () => {
    const { world, caller, callee } = createPair();
    const value = { text };
    const outcome = caller.call(callee.handle, value);
    world.settle();
    deepEqual([outcome.settled, outcome.value], [1, [{ text }]]);
    ok((outcome.value as unknown[])[0] !== value);
  });

  test(`a call fails with what its handler threw, ${size}`, () => {
    const { world, two, caller } = createPair();
    const thrower = two.probe((message, probe) => {
      two.kernel.fail(probe.service, message, new SnaxError("ERR_REMOTE", text));
    });
    const outcome = caller.call(thrower.handle);
    world.settle();
    deepEqual([codeOf(outcome.error), (outcome.error as Error).message], ["ERR_REMOTE", text]);
  });

  test(`a word between fabrics is no service's, ${size}`, () => {
    const { world, one, two } = createPair();
    equal(one.fabric.tell(1, "word", { text }), true);
    world.settle();
    deepEqual(two.words, [{ thread: 0, values: ["word", { text }] }]);
  });
}

test("shared memory arrives shared, in arguments and in answers", () => {
  const { world, caller, callee } = createPair();
  const shared = new SharedArrayBuffer(8);
  const outcome = caller.call(callee.handle, shared, { again: shared });
  world.settle();
  const [first, { again }] = outcome.value as [SharedArrayBuffer, { again: SharedArrayBuffer }];
  new Uint8Array(first)[0] = 7;
  deepEqual([new Uint8Array(shared)[0], new Uint8Array(again)[0]], [7, 7]);
});

test("messages keep their order, whatever their size and kind, also when the ring is full", () => {
  const { world, one, two, caller, callee } = createPair();
  for (let number = 0; number < 60; number += 1) {
    const extra = [LARGE, "", new SharedArrayBuffer(4), number][number % 4];
    if (number % 3 === 0) caller.call(callee.handle, number, extra);
    else caller.send(callee.handle, number, extra);
    if (number % 5 === 0) one.fabric.tell(1, number);
  }
  world.settle();
  deepEqual(
    callee.heard,
    Array.from({ length: 60 }, (_, index) => index),
  );
  deepEqual(
    two.words.map(({ values: [number] }) => number),
    Array.from({ length: 12 }, (_, index) => index * 5),
  );
  equal(one.kernel.openCalls, 0);
});

test("a word comes after the messages that were sent before it and before those sent after", () => {
  const { world, one, two, caller, callee } = createPair();
  const heard: unknown[] = [];
  const arrive = two.kernel.arrive.bind(two.kernel);
  two.kernel.arrive = (handle, message) => {
    heard.push((message.payload as unknown[])[0]);
    arrive(handle, message);
  };
  two.words.push = (...words) => heard.push(...words.map(({ values: [value] }) => value));
  caller.send(callee.handle, 1, LARGE);
  one.fabric.tell(1, 2);
  caller.send(callee.handle, 3);
  world.settle();
  deepEqual(heard, [1, 2, 3]);
});

test("what a word sets off may throw: the other thread is not blamed, and what it sent behind it comes", () => {
  const { world, one, two, caller, callee } = createPair();
  const push = two.words.push;
  two.words.push = () => {
    two.words.push = push;
    throw new Error("a bug of this thread");
  };
  one.fabric.tell(1, "first");
  caller.send(callee.handle, "second");
  one.fabric.tell(1, "third");
  throws(() => world.settle(), /a bug of this thread/);
  two.turn();
  deepEqual(two.malformed, []);
  deepEqual(callee.heard, ["second"]);
  deepEqual(
    two.words.map(({ values }) => values),
    [["third"]],
  );
});

test("what can't be sent is refused with its path, leaves no call open and nothing in the ring", () => {
  const { world, one, caller, callee } = createPair();
  const bad = { list: [LARGE, () => {}] };
  for (const values of [[bad], [LARGE, bad]]) {
    throws(() => caller.send(callee.handle, ...values), { code: "ERR_NOT_SENDABLE" });
    throws(() => caller.call(callee.handle, ...values), { code: "ERR_NOT_SENDABLE" });
    throws(() => one.fabric.tell(1, ...values), { code: "ERR_NOT_SENDABLE" });
  }
  equal(one.kernel.openCalls, 0);
  caller.send(callee.handle, "next", { key: 1 });
  world.settle();
  deepEqual(callee.heard, ["next"]);
});

test("an answer that can't be sent becomes the error that says so", () => {
  const { world, two, caller } = createPair();
  const bad = two.probe((message, probe) => two.kernel.reply(probe.service, message, () => {}));
  const outcome = caller.call(bad.handle);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_NOT_SENDABLE"]);
});

for (const [what, extra] of [
  ["small", () => 1],
  ["large", () => LARGE],
  ["shared memory", () => new SharedArrayBuffer(4)],
] as const) {
  test(`a message that a getter of another one sends comes behind it (${what})`, () => {
    const { world, caller, callee } = createPair();
    let runs = 0;
    const outer = {
      get value(): unknown {
        runs += 1;
        caller.send(callee.handle, "inner", extra());
        return extra();
      },
    };
    caller.send(callee.handle, "first");
    caller.send(callee.handle, "outer", outer);
    caller.send(callee.handle, "last");
    world.settle();
    ok(runs >= 1);
    deepEqual(callee.heard, ["first", "outer", ...Array<string>(runs).fill("inner"), "last"]);
  });
}

test("what a getter of a refused message sent comes before all that is sent later", () => {
  const { world, caller, callee } = createPair();
  let isSent = false;
  const bad = {
    get value(): unknown {
      isSent ||= caller.send(callee.handle, "inner");
      return () => {};
    },
  };
  throws(() => caller.send(callee.handle, "outer", bad), { code: "ERR_NOT_SENDABLE" });
  caller.send(callee.handle, "last");
  world.settle();
  deepEqual(callee.heard, ["inner", "last"]);
});

test("what a getter of a refused message sent comes even if nothing is sent later", () => {
  const { world, caller, callee } = createPair();
  let isSent = false;
  const bad = {
    get value(): unknown {
      isSent ||= caller.send(callee.handle, "inner");
      return () => {};
    },
  };
  throws(() => caller.send(callee.handle, "outer", bad), { code: "ERR_NOT_SENDABLE" });
  world.settle();
  deepEqual(callee.heard, ["inner"]);
});

test("what a getter sent before it was cut off comes, and what is sent later is whole", () => {
  const { world, caller, callee } = createPair();
  let isSent = false;
  const outer = {
    get value(): unknown {
      isSent ||= caller.send(callee.handle, "inner");
      for (;;);
    },
  };
  const run = (): unknown => caller.send(callee.handle, "outer", outer);
  Object.assign(globalThis, { run });
  const script = new Script("run()");
  throws(() => script.runInThisContext({ timeout: 20 }), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
  Reflect.deleteProperty(globalThis, "run");
  world.sides[0]?.turn();
  caller.send(callee.handle, "last", { key: 1 });
  world.settle();
  deepEqual(callee.heard, ["inner", "last"]);
});

test("a call from a getter is answered like any other", () => {
  const { world, one, caller, callee } = createPair();
  const inner = createOutcome();
  const outer = {
    get value(): unknown {
      const envelope = createEnvelope("inner");
      if (inner.call.session === 0) {
        one.kernel.request(caller.service, callee.handle, envelope, inner.call);
      }
      return 1;
    },
  };
  const outcome = caller.call(callee.handle, "outer", outer);
  world.settle();
  deepEqual([outcome.settled, inner.settled, inner.value], [1, 1, ["inner"]]);
});
