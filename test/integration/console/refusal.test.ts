/** What the console says of threads and services that are not there, and of those that do nothing. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { desk } from "./console-client.ts";
import { ONE_THREAD } from "../../world.ts";

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

test("a thread or a service that does not exist is no other one, and what does nothing is not cut off", async (t) => {
  const { ask } = await desk(t, { "patch.ts": "export function hotfix() {}" }, ONE_THREAD);
  for (const line of ["dumpheap 77", "profactive on 77"]) {
    deepEqual(await ask(line), [
      "ERR_ARGUMENT: no thread 77, and no service lives under :00000077",
      ERROR,
    ]);
  }
  deepEqual(await ask("profactive"), ["heap profiling is not active", OK]);
  deepEqual(await ask("hotfix 99 patch.ts"), [
    "ERR_SERVICE_DEAD: no service lives under :00000099",
    ERROR,
  ]);
  deepEqual(await ask("patches"), [OK]);
  deepEqual(await ask("signal 7"), ["it does nothing at the moment", OK]);
  deepEqual(await ask("logpoint off"), [
    "ERR_ARGUMENT: need the number of a logpoint, or all",
    ERROR,
  ]);
});
