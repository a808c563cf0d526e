/** The pace of long work for consoles. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { Pacer } from "../../../src/console/operator/pacer.ts";
import type { Context } from "../../../src/service/context.ts";

/** A service that runs at once what its kernel is asked for. */
function service(isAlive = true): Context {
  const kernel = { soon: (_service: unknown, run: () => void) => run() };
  return { service: { isAlive }, runtime: { kernel } } as unknown as Context;
}

test("one slice of long work is done in a round of the event loop, however many wait", async () => {
  const pacer = new Pacer();
  const done: string[] = [];
  for (const name of ["a", "b", "c"]) void pacer.rest(service()).then(() => done.push(name));
  equal(done.length, 0);
  await nextRound();
  deepEqual(done, ["a"]);
  await nextRound();
  deepEqual(done, ["a", "b"]);
  void pacer.rest(service()).then(() => done.push("d"));
  await nextRound();
  await nextRound();
  deepEqual(done, ["a", "b", "c", "d"]);
});

test("a caller that has died meanwhile takes no other's turn", async () => {
  const pacer = new Pacer();
  const done: string[] = [];
  void pacer.rest(service(false)).then(() => done.push("dead"));
  void pacer.rest(service()).then(() => done.push("alive"));
  await nextRound();
  deepEqual(done, ["alive"]);
});
