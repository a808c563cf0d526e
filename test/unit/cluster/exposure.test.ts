/** What other nodes reach by a handle, when a service has died and another one has its name. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER_DEAD_MAX } from "../../../src/base/limits.ts";
import { Exposure } from "../../../src/cluster/hub/exposure.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

const { kernel } = createSimulator({ seed: 1 });

/** Gives a name to a new service, and ends the one that has it. @returns the new one's handle */
function replace(exposure: Exposure, name: string): number {
  const before = exposure.handleOf(name);
  const service = before === undefined ? undefined : kernel.services.get(before);
  if (service !== undefined) kernel.kill(service);
  const { handle } = createProbe(kernel);
  exposure.register(name, handle);
  return handle;
}

test("a service that has died is dead, and not forbidden, also when another one has its name", () => {
  const exposure = new Exposure(kernel, []);
  const first = replace(exposure, "bank");
  const second = replace(exposure, "bank");
  deepEqual(exposure.find(first), { handle: first });
  deepEqual(exposure.find(second), { handle: second });
  deepEqual(exposure.find(createProbe(kernel).handle), { why: "forbidden" });
});

test("a service that lives and has lost its name is forbidden", () => {
  const exposure = new Exposure(kernel, []);
  const first = replace(exposure, "bank");
  exposure.unregister("bank");
  replace(exposure, "bank");
  deepEqual(exposure.find(first), { why: "forbidden" });
});

test("CLUSTER_DEAD_MAX services are remembered, and the one before them is not", () => {
  const exposure = new Exposure(kernel, []);
  const [oldest = 0, second = 0] = Array.from({ length: CLUSTER_DEAD_MAX + 1 }, () =>
    replace(exposure, "bank"),
  );
  deepEqual(exposure.find(oldest), { handle: oldest });
  replace(exposure, "bank");
  deepEqual(exposure.find(oldest), { why: "forbidden" });
  deepEqual(exposure.find(second), { handle: second });
});
