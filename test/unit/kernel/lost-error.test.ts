/** An error whose caller dies while it is on its way is told of, under the address of the service that threw it. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import type { KernelOptions } from "../../../src/kernel/kernel-options.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import type { Probe } from "../../simulator.ts";
import { createProbe, createSimulator } from "../../simulator.ts";

test("an error that comes from another kernel for a service that has died is told of, a value is not", () => {
  const lost: unknown[] = [];
  const createKernel = (options: KernelOptions): Kernel =>
    new Kernel({
      ...options,
      events: {
        ...options.events,
        onLostError: (source, target, { session, payload }) =>
          lost.push([source, target, session, (payload as Error).message]),
      },
    });
  const simulator = createSimulator({ seed: 1, kernels: 2, faults: "none", createKernel });
  const [first, second] = simulator.kernels as [Kernel, Kernel];
  const caller = createProbe(first);
  const target: Probe = createProbe(second, (message, { service }) => {
    if (message.session === 1) equal(second.fail(service, message, new Error("disk full")), true);
    else second.reply(service, message, "fine");
    // Both answers are on their way when the caller dies.
    if (message.session === 2) first.kill(caller.service);
  });
  for (const each of [1, 2]) caller.call(target.handle, each);
  simulator.drain();
  deepEqual(lost, [[target.handle, caller.handle, 1, "disk full"]]);
});
