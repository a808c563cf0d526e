/**
 * `snax/testing`: a deterministic world for tests of services and of the runtime itself.
 */

export { faults, FaultPlan } from "./fault.ts";
export type { FaultChoice, FaultPoint } from "./fault.ts";
export { callbackMicrotasks, promiseMicrotasks } from "./microtasks.ts";
export type { Microtasks } from "./microtasks.ts";
export { createEnvelope, createOutcome, createProbe } from "./probe.ts";
export type { Outcome, Probe, ProbeHandler } from "./probe.ts";
export type { Tally } from "./referee.ts";
export { createSimulator, Simulator } from "./simulator.ts";
export type { Check, ReportedCall, ReportedError, SimulatorOptions } from "./simulator.ts";
export type { SimulatedFabric } from "./simulated-thread.ts";
export { SimulatedThreads } from "./simulated-threads.ts";
export type { ThreadWatcher } from "./simulated-threads.ts";
export { Trace } from "./trace.ts";
export { Traffic } from "./traffic.ts";
export type { TrafficOptions } from "./traffic.ts";
export { virtualClock } from "./virtual-clock.ts";
export type { VirtualClock, VirtualClockOptions } from "./virtual-clock.ts";
export type { VirtualEvent, VirtualLoop } from "./virtual-loop.ts";
