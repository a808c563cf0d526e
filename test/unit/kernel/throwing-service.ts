/**
 * A worker with a kernel on its event loop, and a service whose callbacks throw; reports what became of it.
 *
 * It has a thread of its own because the test runner takes every uncaught exception for a failure.
 */

import { parentPort } from "node:worker_threads";

import { systemClock } from "../../../src/base/clock.ts";
import { createDrain, createWaker } from "../../../src/fabric/event-loop.ts";
import { Kernel } from "../../../src/kernel/kernel.ts";
import { createProbe } from "../../simulator.ts";

const errors: string[] = [];
const waker = createWaker(systemClock);
const kernel = new Kernel({
  clock: systemClock,
  drain: createDrain(),
  waker,
  events: { onError: () => {}, onOverload: () => {}, onDeath: () => {} },
});
waker.attach(kernel);

process.on("uncaughtException", (error) => {
  errors.push(`${kernel.scheduler.current?.handle ?? "nobody"}: ${error.message}`);
});

const probe = createProbe(kernel, ({ payload }) => {
  const [name] = payload as [string];
  const fail = (): never => {
    throw new Error(name);
  };
  if (name === "tick") process.nextTick(fail);
  else if (name === "microtask") queueMicrotask(fail);
  else parentPort?.postMessage({ heard: probe.heard, errors });
});
for (const name of ["tick", "microtask", "last"]) probe.send(probe.handle, name);
