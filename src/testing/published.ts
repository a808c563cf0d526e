/**
 * The simulator under the types that the package publishes (testing-api.ts).
 *
 * The functions are those of the simulator itself; only a narrower type is given to them. What a
 * published type promises and the simulator does not have is an error of the compiler here.
 */

import * as probe from "./probe.ts";
import * as simulator from "./simulator.ts";
import type { Simulation, SimulatorOptions, TestingApi } from "./testing-api.ts";
import type { TrafficOptions, TrafficRun } from "./testing-api.ts";
import * as traffic from "./traffic.ts";

/** Makes the envelope of a snax message. */
export const createEnvelope: TestingApi["createEnvelope"] = probe.createEnvelope;

/** Makes a call that is not sent yet, and the record of what becomes of it. */
export const createOutcome: TestingApi["createOutcome"] = probe.createOutcome;

/** Creates a service for tests. */
export const createProbe: TestingApi["createProbe"] = probe.createProbe;

/** Creates a simulation. */
export const createSimulator: TestingApi["createSimulator"] = simulator.createSimulator;

/** A simulation that runs. */
export type Simulator = Simulation;

/** A simulation that runs; {@link createSimulator} makes the same. */
export const Simulator: new (options: SimulatorOptions) => Simulation = simulator.Simulator;

/** Random traffic between the services of a simulation, judged at every step. */
export type Traffic = TrafficRun;

// A simulation that the package gave out is always one of its own simulators, which the narrow type
// does not say.
/** Random traffic between the services of a simulation, judged at every step. */
export const Traffic: new (simulation: Simulation, options?: TrafficOptions) => TrafficRun =
  traffic.Traffic as unknown as new (
    simulation: Simulation,
    options?: TrafficOptions,
  ) => TrafficRun;
