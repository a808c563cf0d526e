/**
 * The simulator as the tests of this repository use it, with the kernels and the fabric in it open to them.
 *
 * `snax/testing` publishes the same with narrower types.
 */

export { faults, FaultPlan } from "../src/testing/fault.ts";
export type { FaultChoice, FaultPoint } from "../src/testing/fault.ts";
export { callbackMicrotasks, promiseMicrotasks } from "../src/testing/microtasks.ts";
export { createEnvelope, createOutcome, createProbe } from "../src/testing/probe.ts";
export type { Outcome, Probe, ProbeHandler } from "../src/testing/probe.ts";
export type { Tally } from "../src/testing/referee.ts";
export { createSimulator, Simulator } from "../src/testing/simulator.ts";
export type { ReportedCall, ReportedError, SimulatorOptions } from "../src/testing/simulator.ts";
export type { SimulatedFabric } from "../src/testing/simulated-thread.ts";
export { SimulatedThreads } from "../src/testing/simulated-threads.ts";
export type { ThreadWatcher } from "../src/testing/simulated-threads.ts";
export type { Check, Microtasks, TrafficOptions } from "../src/testing/testing-api.ts";
export { Trace } from "../src/testing/trace.ts";
export { Traffic } from "../src/testing/traffic.ts";
export { virtualClock } from "../src/testing/virtual-clock.ts";
export type { VirtualClock, VirtualClockOptions } from "../src/testing/virtual-clock.ts";
export type { VirtualEvent, VirtualLoop } from "../src/testing/virtual-loop.ts";
