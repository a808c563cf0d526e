/**
 * The static types of `snax/testing`: kernels, services and messages as far as a test of a service
 * looks at them.
 *
 * They name nothing of the runtime's inside, so that a change there is no change of the package.
 * The compiler compares them with the simulator in published.ts.
 */

import type { Random } from "../base/random.ts";
import type { FaultChoice, FaultPlan } from "./fault.ts";
import type { Tally } from "./referee.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualLoop } from "./virtual-loop.ts";

/** How a kernel lets continuations run after each message. */
export interface Drain {
  /** Whether `drain` runs all of them before it returns. */
  readonly isSynchronous: boolean;
  drain(): void;
}

/** A queue of continuations and the way in which the kernel drains it. */
export interface Microtasks {
  readonly drain: Drain;
  /** Runs something after what runs now. */
  defer(run: () => void): void;
  /** Runs what the end of an event would run on a real event loop. */
  flush(): void;
}

/** What is sent: type, method and values of a message. */
export interface SimulatedEnvelope {
  readonly type: number;
  readonly method: number;
  readonly values: unknown[];
}

/** A message as its receiver gets it. */
export interface SimulatedMessage {
  readonly type: number;
  readonly method: number;
  /** The handle of the sender; 0 = the runtime. */
  readonly source: number;
  /** Above 0: the sender waits for an answer. */
  readonly session: number;
  readonly payload: unknown;
}

/** The code of one service. */
export interface SimulatedInstance {
  receive(message: SimulatedMessage): void;
}

/** A service of a simulation. */
export interface SimulatedService {
  readonly handle: number;
  readonly isAlive: boolean;
}

/** A call that was made. */
export interface SimulatedCall {
  /** Whether it still waits for its answer. */
  readonly isOpen: boolean;
}

/** A kernel of a simulation. */
export interface SimulatedKernel {
  /** The services that live. */
  readonly services: Iterable<SimulatedService> & { readonly size: number };
  /** How many calls wait for an answer. */
  readonly openCalls: number;
  /** Creates a service. @param title - its name in logs. */
  create(title: string, instance: (handle: number) => SimulatedInstance): SimulatedService;
  /** Ends a service; callers that wait for it get ERR_SERVICE_DEAD. */
  kill(service: SimulatedService): void;
  /** Sends a one-way message. @returns false if no service has the handle. */
  send(source: number, handle: number, envelope: SimulatedEnvelope): boolean;
  /** Answers a request with a value. @returns false if the requester is gone. */
  reply(service: SimulatedService, request: SimulatedMessage, value: unknown): boolean;
  /** Answers a request with an error. @returns false if the requester is gone. */
  fail(service: SimulatedService, request: SimulatedMessage, error: unknown): boolean;
}

/** What became of a call. */
export interface Outcome {
  /** How often it ended: 0 while it waits, 1 for good. */
  readonly settled: number;
  /** The result, once there is one. */
  readonly value: unknown;
  /** Why it failed, if it did. */
  readonly error: unknown;
  readonly call: SimulatedCall;
}

/** A service under test. */
export interface Probe {
  readonly service: SimulatedService;
  readonly handle: number;
  /** Every message that it was given, in order; a test may empty it. */
  readonly received: SimulatedMessage[];
  /** The first argument of every message that it was given; a test may empty it. */
  readonly heard: unknown[];
  /** Sends a one-way message. @returns false if no service has the handle. */
  send(target: number, ...values: readonly unknown[]): boolean;
  /** Calls a handle, or a name. */
  call(target: number | string, ...values: readonly unknown[]): Outcome;
}

/** How a probe handles a message; its result is ignored. */
export type ProbeHandler = (message: SimulatedMessage, probe: Probe) => void;

/** How the fabric of a simulation differs from a node's. */
export interface SimulatedFabric {
  /** Bytes of each ring, a power of two. @defaultValue drawn, 128 to 4096 */
  readonly ringBytes?: number;
  /** Most messages that wait for room on the way to one thread; 0 = no bound. @defaultValue 0 */
  readonly waitingLimit?: number;
}

/** What a simulation is made of. */
export interface SimulatorOptions {
  /** Any integer; its low 32 bits count. */
  readonly seed: number;
  /** How many kernels there are, joined by links. @defaultValue 1 */
  readonly kernels?: number;
  /** Which faults may happen. @defaultValue "drawn" */
  readonly faults?: FaultChoice;
  /** Where continuations wait. @defaultValue plain callbacks */
  readonly microtasks?: Microtasks;
  /** Most milliseconds that a message between two kernels takes. @defaultValue 2 */
  readonly linkDelayMaxMs?: number;
  /** Milliseconds that pass with each message. @defaultValue 0.001 */
  readonly messageMs?: number;
  /** Joins the kernels by the fabric that joins the threads of a node. @defaultValue false */
  readonly fabric?: boolean | SimulatedFabric;
  /** The first handle, 1..0xffffff; not with `fabric`. @defaultValue 1 */
  readonly firstHandle?: number;
}

/** An error that a kernel has reported. */
export interface ReportedError {
  readonly service: SimulatedService;
  readonly error: unknown;
  readonly message: SimulatedMessage;
}

/** A call that a kernel has reported as slow. */
export interface ReportedCall {
  readonly service: SimulatedService;
  readonly call: SimulatedCall;
  /** Milliseconds that it had waited. */
  readonly ms: number;
}

/** A check: returns what is wrong, or undefined. */
export type Check = () => string | undefined;

/** Hears when the threads of a simulation come and go. */
export interface ThreadWatcher {
  /** A thread has ended, with the services of its kernel; the other threads do not know it yet. */
  onEnd(kernel: SimulatedKernel): void;
  /** A thread runs in place of one that has ended. */
  onUp(kernel: SimulatedKernel): void;
}

/** The threads of a simulation whose kernels are joined by the fabric. */
export interface SimulatedThreads {
  watcher: ThreadWatcher | undefined;
  /** Ends a thread from outside; nothing happens if it is the first one, or does not run. */
  end(number: number): void;
  /** Gives back what the runtime holds for the threads: ports. Nothing runs afterwards. */
  close(): void;
}

/** A simulation that runs. */
export interface Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly loop: VirtualLoop;
  readonly faults: FaultPlan;
  readonly microtasks: Microtasks;
  readonly trace: Trace;
  /** The threads of the node, if the kernels are joined by the fabric. */
  readonly threads: SimulatedThreads | undefined;
  /** Turns that the kernels had so far. */
  readonly turnCount: number;
  /** What the kernels reported, in order. */
  readonly errors: ReportedError[];
  readonly slowCalls: ReportedCall[];
  readonly deaths: SimulatedService[];
  /** Mailbox lengths at which an overload was reported. */
  readonly overloads: number[];
  /** The kernels; one of a thread that has ended stays here until another takes its place. */
  readonly kernels: readonly SimulatedKernel[];
  /** The first kernel, for simulations that have only one. */
  readonly kernel: SimulatedKernel;
  /** Says whether a kernel runs: its thread has not ended. */
  isUp(kernel: SimulatedKernel): boolean;
  /** Adds something that must hold after every step. */
  addCheck(check: Check): void;
  /** Lets something happen after `ms` milliseconds, outside of any service. */
  after(ms: number, run: () => void): void;
  /**
   * Lets the next event happen.
   *
   * @returns false if none is to come.
   * @throws {ERR_BUG} if a check fails; the message has the seed, the step and the moment.
   */
  step(): boolean;
  /**
   * Lets time pass, with all that happens meanwhile.
   *
   * @throws {ERR_BUG} if a check fails.
   */
  advance(ms: number): void;
  /**
   * Lets everything happen until nothing more is to come.
   *
   * @param stepsMax - most steps; more are taken for a run that never ends. @defaultValue 1000000
   * @throws {ERR_BUG} if a check fails, or events are left after `stepsMax`.
   */
  drain(stepsMax?: number): void;
  /** Ends the run because something is wrong. */
  fail(problem: string): never;
}

/** How much traffic there is. */
export interface TrafficOptions {
  /** Services that live at a time; spread over the kernels. @defaultValue 12 */
  readonly services?: number;
  /**
   * Messages that services send of their own accord; their handlers send more.
   *
   * @defaultValue 500
   */
  readonly messages?: number;
}

/** Random traffic between the services of a simulation. */
export interface TrafficRun {
  /**
   * Runs the traffic to its end and judges it.
   *
   * @returns what was counted.
   * @throws {ERR_BUG} if a promise was broken.
   */
  run(): Tally;
}

/** The functions of `snax/testing`; see published.ts. */
export interface TestingApi {
  /** Makes the envelope of a snax message. */
  createEnvelope(...values: unknown[]): SimulatedEnvelope;
  /** Makes a call that is not sent yet, and the record of what becomes of it. */
  createOutcome(): Outcome;
  /**
   * Creates a service for tests.
   *
   * @param handler - handles each message after it was kept. @defaultValue keeps it and does
   * nothing else
   */
  createProbe(kernel: SimulatedKernel, handler?: ProbeHandler): Probe;
  /**
   * Creates a simulation.
   *
   * @example
   * const simulator = createSimulator({ seed: 7, kernels: 2 });
   * simulator.kernel.create("one", () => ({ receive: () => {} }));
   * simulator.drain();
   */
  createSimulator(options: SimulatorOptions): Simulation;
}
