/** What the kernel tells about, in the log. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SnaxError } from "../../../src/base/error.ts";
import { Message } from "../../../src/kernel/message.ts";
import { PTYPE } from "../../../src/kernel/protocol.ts";
import { OpenCall } from "../../../src/kernel/open-calls.ts";
import { Service } from "../../../src/kernel/service.ts";
import { kernelEvents } from "../../../src/node/kernel-events.ts";
import type { Runtime } from "../../../src/service/runtime.ts";

const instance = { receive: () => {} };

/** The listeners over a runtime in which `target` owes an answer to a message of a type. */
function createEvents(type: number) {
  const lines: string[] = [];
  const caller = new Service(10, "snlua caller", instance);
  const target = new Service(11, "snlua target", instance);
  target.owed = new Map([[new Message(type, caller.handle, 7, 0, []), 0]]);
  const services = new Map([caller, target].map((service) => [service.handle, service]));
  const runtime = {
    logger: 1,
    state: "running",
    kernel: { services },
    log: (handle: number, text: string) => lines.push(`${handle} ${text}`),
  } as unknown as Runtime;
  const call = new OpenCall(
    () => {},
    () => {},
  );
  call.target = target.handle;
  call.session = 7;
  return {
    events: kernelEvents(() => runtime),
    lines,
    caller,
    call,
    logger: new Service(1, "", instance),
  };
}

test("a call unanswered for long is logged with both addresses", () => {
  const { events, lines, caller, call } = createEvents(PTYPE.lua);
  events.onSlowCall?.(caller, call, 30_000);
  assert.deepEqual(lines, [
    "10 a call to :0000000b (snlua target) is unanswered for 30 s, session 7",
  ]);
});

test("a call that is patient, as a LINK that waits for a death, is no slow call", () => {
  const { events, lines, caller, call } = createEvents(PTYPE.debug);
  call.isPatient = true;
  events.onSlowCall?.(caller, call, 30_000);
  assert.deepEqual(lines, []);
});

test("a long mailbox is logged, but not the logger's own", () => {
  const { events, lines, caller, logger } = createEvents(PTYPE.lua);
  events.onOverload(caller, 1024);
  events.onOverload(logger, 1024);
  assert.deepEqual(lines, ["10 May overload, message queue length = 1024"]);
});

test("an error that comes after its call has ended is logged, unless it says that the service died", () => {
  const { events, lines, caller } = createEvents(PTYPE.lua);
  const message = new Message(PTYPE.error, 11, 7, 0, undefined);
  events.onLateError?.(caller, new Error("too late"), message);
  events.onLateError?.(caller, new SnaxError("ERR_SERVICE_DEAD", "gone"), message);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /:0000000b, session 7, .*too late/);
});
