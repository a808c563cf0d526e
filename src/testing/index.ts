/**
 * `snax/testing`: a node for one test of a program's services (start-test.ts); and apart from that
 * a deterministic world for tests of what services do to each other.
 *
 * The kernels are the real ones. Their published types have only what a test of a service needs
 * (testing-api.ts).
 *
 * @module
 */

export { faults, FaultPlan } from "./fault.ts";
export type { FaultChoice, FaultPoint } from "./fault.ts";
export { callbackMicrotasks, promiseMicrotasks } from "./microtasks.ts";
export {
  createEnvelope,
  createOutcome,
  createProbe,
  createSimulator,
  Simulator,
  Traffic,
} from "./published.ts";
export type { Tally } from "./referee.ts";
export type {
  Check,
  Drain,
  Microtasks,
  Outcome,
  Probe,
  ProbeHandler,
  ReportedCall,
  ReportedError,
  SimulatedCall,
  SimulatedEnvelope,
  SimulatedFabric,
  SimulatedInstance,
  SimulatedKernel,
  SimulatedMessage,
  SimulatedService,
  SimulatedThreads,
  SimulatorOptions,
  ThreadWatcher,
  TrafficOptions,
} from "./testing-api.ts";
export { Trace } from "./trace.ts";
export { virtualClock } from "./virtual-clock.ts";
export type { VirtualClock, VirtualClockOptions } from "./virtual-clock.ts";
export type { VirtualEvent, VirtualLoop } from "./virtual-loop.ts";
export { startTest } from "./start-test.ts";
export type { LoggedLine, TestNode, TestOptions, TestScope } from "./start-test.ts";
export type { Fakes, FakeService } from "./fakes.ts";
