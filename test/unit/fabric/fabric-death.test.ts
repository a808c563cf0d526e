/** What becomes of calls and messages when the other thread dies, does not keep up, or passes a call on to a third one. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { codeOf } from "../../../src/base/error.ts";
import type { Service } from "../../../src/kernel/service.ts";
import type { Probe } from "../../simulator.ts";
import { createEnvelope } from "../../simulator.ts";
import type { FabricWorld, Side } from "./fabric-world.ts";
import { createFabrics, createPair, echo } from "./fabric-world.ts";

const LARGE = "x".repeat(10_000);

test("a request to a service that has just died is answered so", () => {
  const { world, two, caller, callee } = createPair();
  const outcome = caller.call(callee.handle);
  two.kernel.kill(callee.service);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
  throws(() => caller.call(callee.handle), { code: "ERR_SERVICE_DEAD" });
  equal(caller.send(callee.handle), false);
});

test("nothing is sent to a thread that has died, before the news of it and after", () => {
  const { world, one, two, caller, callee } = createPair();
  const outcome = caller.call(callee.handle);
  world.kill(two);
  throws(() => caller.call(callee.handle), { code: "ERR_SERVICE_DEAD" });
  deepEqual([caller.send(callee.handle), one.fabric.tell(1, "word")], [false, false]);
  equal(outcome.settled, 0);
  world.tellDeath(one, two);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
  deepEqual([caller.send(callee.handle), one.fabric.tell(1, "word")], [false, false]);
  deepEqual(one.fabric.threads, []);
});

test("a handle of a thread that was not joined yet asks for news of it", () => {
  const { world, one, two, caller, callee } = createPair();
  world.tellDeath(one, two);
  let asked = 0;
  one.onUnknown = () => {
    asked += 1;
    if (asked === 2) world.join(one, two);
  };
  equal(caller.send(callee.handle, "lost"), false);
  equal(caller.send(callee.handle, "found"), true);
  world.settle();
  deepEqual([asked, callee.heard], [2, ["found"]]);
});

test("a handle of a thread that has taken the place of a dead one asks for the news of both", () => {
  const { world, one, two, caller } = createPair();
  world.kill(two);
  const successor = two.probe();
  let asked = 0;
  one.onUnknown = () => {
    asked += 1;
    world.tellDeath(one, two);
    world.join(one, two);
  };
  equal(caller.send(successor.handle, "found"), true);
  one.turn();
  two.turn();
  deepEqual([asked, successor.heard], [1, ["found"]]);
});

test("an answer that a thread published before it died is the only one to its call", () => {
  const { world, one, two, caller, callee } = createPair();
  const late: number[] = [];
  const settle = one.kernel.settle.bind(one.kernel);
  one.kernel.settle = (service, session) => {
    const call = settle(service, session);
    if (call === undefined) late.push(session);
    return call;
  };
  const outcome = caller.call(callee.handle);
  one.turn();
  two.turn();
  world.kill(two);
  world.tellDeath(one, two);
  world.settle();
  deepEqual([outcome.value, late], [[], []]);
});

test("what a thread published before it died is taken in, and each call ends once", () => {
  const { world, one, two, caller, callee } = createPair();
  const answered = caller.call(callee.handle, LARGE);
  const lostOnes = [caller.call(callee.handle, 1), caller.call(callee.handle, 2)];
  one.turn();
  two.turn();
  const late = caller.call(callee.handle, 3);
  world.kill(two);
  world.tellDeath(one, two);
  world.settle();
  deepEqual([answered.settled, (answered.value as string[])[0]?.length], [1, LARGE.length]);
  for (const { settled } of [...lostOnes, late]) equal(settled, 1);
  equal(codeOf(late.error), "ERR_SERVICE_DEAD");
});

test("a call fails whose answerer ended before its thread did, and had no time to say so", () => {
  const { world, one, two, caller, callee } = createPair();
  const outcome = caller.call(callee.handle);
  one.turn();
  two.kernel.kill(callee.service);
  world.kill(two);
  world.tellDeath(one, two);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});

test("waitingLimit messages wait for a thread that does not keep up, and one more is refused", () => {
  const { world, one, caller, callee } = createPair({ ringBytes: 64, waitingLimit: 3 });
  let sent = 0;
  while (one.exchange.waiting(1) < 3) caller.send(callee.handle, (sent += 1));
  throws(() => caller.send(callee.handle, "no"), { code: "ERR_MAILBOX_FULL" });
  throws(() => caller.call(callee.handle, "no"), { code: "ERR_MAILBOX_FULL" });
  equal(one.kernel.openCalls, 0);
  world.settle();
  deepEqual(
    callee.heard,
    Array.from({ length: sent }, (_, index) => index + 1),
  );
  equal(caller.send(callee.handle, "yes"), true);
});

test("answers and words are not refused, however many wait", () => {
  const { world, one, two, caller, callee } = createPair({ ringBytes: 64, waitingLimit: 3 });
  const back = two.probe((message, probe) => echo(message, probe, two));
  const answerer = one.probe((message, probe) => echo(message, probe, one));
  const outcomes = [1, 2].map((value) => back.call(answerer.handle, value));
  two.turn();
  while (one.exchange.waiting(1) < 3) caller.send(callee.handle);
  equal(one.fabric.tell(1, "word"), true);
  world.settle();
  deepEqual(
    outcomes.map(({ value }) => value),
    [[1], [2]],
  );
  equal(two.words.length, 1);
});

test("a request that finds a full mailbox is answered so; a post is dropped and told", () => {
  const { world, two, caller, callee } = createPair({ mailboxLimit: 2 });
  const outcomes = [1, 2, 3].map((value) => caller.call(callee.handle, value));
  caller.send(callee.handle, 4);
  world.settle();
  deepEqual(
    outcomes.map(({ error }) => codeOf(error)),
    [undefined, undefined, "ERR_MAILBOX_FULL"],
  );
  deepEqual(two.errors.map(codeOf), ["ERR_MAILBOX_FULL"]);
});

/** Three threads: a caller, one that passes the call on, and one that answers it later. */
function createRedirect(): {
  world: FabricWorld;
  sides: [Side, Side, Side];
  outcome: ReturnType<Probe["call"]>;
  answer: () => void;
} {
  const world = createFabrics({ threads: 3 });
  const sides = world.sides as [Side, Side, Side];
  const [one, two, three] = sides;
  let answer = (): void => {};
  const last = three.probe((message, probe) => {
    answer = () => void three.kernel.reply(probe.service, message, "answer");
    three.kernel.owe(probe.service, message);
  });
  const middle = two.probe((message, probe) => {
    const { source, session } = message;
    two.kernel.ignore(probe.service, message);
    two.kernel.send(source, last.handle, createEnvelope("passed on"), session);
  });
  const outcome = one.probe().call(middle.handle);
  return { world, sides, outcome, answer: () => answer() };
}

test("a call that was passed on to a third thread is answered from there", () => {
  const { world, sides, outcome, answer } = createRedirect();
  world.settle();
  equal(outcome.settled, 0);
  answer();
  sides[2].turn();
  world.settle();
  deepEqual([outcome.settled, outcome.value], [1, "answer"]);
});

test("a call that was passed on keeps waiting where the threads were joined in another order", () => {
  const { world, sides, outcome, answer } = createRedirect();
  world.join(sides[0], sides[2]);
  world.settle();
  equal(outcome.settled, 0);
  answer();
  sides[2].turn();
  world.settle();
  deepEqual([outcome.settled, outcome.value], [1, "answer"]);
});

test("a call that was passed on to a service that is dead by then ends once", () => {
  const { world, sides, outcome } = createRedirect();
  const [one, two, three] = sides;
  one.turn();
  two.turn();
  three.kernel.kill([...three.kernel.services][0] as Service);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});

test("a call that was passed on outlives the thread that passed it on, and not the one it went to", () => {
  const { world, sides, outcome } = createRedirect();
  const [one, two, three] = sides;
  world.settle();
  world.kill(two);
  world.tellDeath(one, two);
  world.settle();
  equal(outcome.settled, 0);
  world.kill(three);
  world.tellDeath(one, three);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});

test("a call that was passed on to a thread of whose death its caller knows already fails", () => {
  const { world, sides, outcome } = createRedirect();
  const [one, two, three] = sides;
  one.turn();
  two.turn();
  world.kill(three);
  world.tellDeath(one, three);
  equal(outcome.settled, 0);
  world.settle();
  deepEqual([outcome.settled, codeOf(outcome.error)], [1, "ERR_SERVICE_DEAD"]);
});
