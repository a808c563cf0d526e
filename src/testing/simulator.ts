/**
 * A deterministic world: the real kernel, one or several, on a virtual clock, with chance drawn
 * from a seed.
 *
 *     step():  next event of the virtual loop -> a turn, an arrival on a link, or what a test has planned
 *              continuations -> invariants checked -> fingerprint kept
 *
 * With `fabric` the kernels are threads of a node: joined by the real fabric instead of links, they
 * end and are replaced.
 *
 * The same seed gives the same run to the last bit, so a failure is repeated by its seed. What is
 * promised at every step is checked at every step: see {@link Simulator.addCheck}; that open calls
 * are counted right is checked always.
 */

import type { Random } from "../base/random.ts";
import { createRandom } from "../base/random.ts";
import { SnaxError } from "../base/error.ts";
import type { KernelEvents, KernelOptions } from "../kernel/kernel-options.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Message } from "../kernel/message.ts";
import type { Drain } from "../kernel/scheduler.ts";
import type { Service } from "../kernel/service.ts";
import { createHandleSource } from "../kernel/service.ts";
import type { OpenCall } from "../kernel/open-calls.ts";
import { FaultPlan } from "./fault.ts";
import { createLinks } from "./link.ts";
import type { SimulatedFabric } from "./simulated-thread.ts";
import { SimulatedThreads } from "./simulated-threads.ts";
import { callbackMicrotasks } from "./microtasks.ts";
import type { Check, Microtasks, SimulatorOptions as PublicOptions } from "./testing-api.ts";
import { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { virtualClock } from "./virtual-clock.ts";
import { VirtualLoop } from "./virtual-loop.ts";
import { createVirtualWaker } from "./virtual-waker.ts";

/** What a simulation is made of, and what only the tests of snax itself say. */
export interface SimulatorOptions extends Omit<PublicOptions, "fabric"> {
  /**
   * Joins the kernels by the fabric that joins the threads of a node, instead of links.
   *
   * @defaultValue false
   */
  readonly fabric?: boolean | SimulatedFabric;
  /** What the kernels are told beside that. @defaultValue nothing */
  readonly kernel?: Partial<KernelOptions>;
  /**
   * Makes a kernel; a test hands in one with a bug to see it found.
   *
   * @defaultValue `new Kernel(options)`
   */
  readonly createKernel?: (options: KernelOptions) => Kernel;
}

/** An error that a kernel has reported. */
export interface ReportedError {
  readonly service: Service;
  readonly error: unknown;
  readonly message: Message;
}

/** A call that a kernel has reported as slow. */
export interface ReportedCall {
  readonly service: Service;
  readonly call: OpenCall;
  /** Milliseconds that it had waited. */
  readonly ms: number;
}

/** A simulation that runs. */
export class Simulator {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly loop: VirtualLoop;
  readonly faults: FaultPlan;
  readonly microtasks: Microtasks;
  readonly trace: Trace = new Trace();
  /** The threads of the node, if the kernels are joined by the fabric. */
  readonly threads: SimulatedThreads | undefined;
  /** Turns that the kernels had so far. */
  turnCount = 0;
  /** What the kernels reported, in order. */
  readonly errors: ReportedError[] = [];
  readonly slowCalls: ReportedCall[] = [];
  readonly deaths: Service[] = [];
  /** Mailbox lengths at which an overload was reported. */
  readonly overloads: number[] = [];
  readonly #checks: Check[] = [];
  readonly #linked: readonly Kernel[];

  constructor(options: SimulatorOptions) {
    this.seed = options.seed;
    this.clock = virtualClock();
    this.random = createRandom(options.seed);
    this.loop = new VirtualLoop(this.clock, this.random);
    this.faults = new FaultPlan(this.random, options.faults ?? "drawn");
    this.microtasks = options.microtasks ?? callbackMicrotasks();
    const { fabric = false } = options;
    this.#linked = fabric === false ? this.#createKernels(options) : [];
    this.threads =
      fabric === false ? undefined : this.#createThreads(options, fabric === true ? {} : fabric);
    this.#checks.push(() => checkOpenCalls(this.kernels));
    this.#checks.push(() => this.threads?.check());
  }

  /** The kernels; one of a thread that has ended stands here until another takes its place. */
  get kernels(): readonly Kernel[] {
    return this.threads?.all.map(({ kernel }) => kernel) ?? this.#linked;
  }

  /** Says whether a kernel runs: its thread has not ended. */
  isUp(kernel: Kernel): boolean {
    const thread = this.threads?.all.find((one) => one.kernel === kernel);
    return thread === undefined ? this.threads === undefined : thread.isUp && !thread.isDead;
  }

  /** The first kernel, for simulations that have only one. */
  get kernel(): Kernel {
    return this.kernels[0] as Kernel;
  }

  /** Adds something that must hold after every step. */
  addCheck(check: Check): void {
    this.#checks.push(check);
  }

  /** Lets something happen later, outside of any service. */
  after(ms: number, run: () => void): void {
    this.loop.at(this.clock.now() + ms, run);
  }

  /**
   * Lets the next event happen.
   *
   * @returns false if none is to come.
   * @throws {ERR_BUG} if a check fails; the message has the seed, the step and the moment.
   */
  step(): boolean {
    if (!this.loop.step()) return false;
    this.microtasks.flush();
    this.trace.note(this.clock.now());
    this.trace.mark();
    for (const check of this.#checks) {
      const problem = check();
      if (problem !== undefined) this.fail(problem);
    }
    return true;
  }

  /**
   * Lets time pass, with all that happens meanwhile.
   *
   * @throws {ERR_BUG} if a check fails.
   */
  advance(ms: number): void {
    const until = this.clock.now() + ms;
    while ((this.loop.next() ?? Number.POSITIVE_INFINITY) <= until) this.step();
    this.clock.moveTo(until);
  }

  /**
   * Lets everything happen until nothing more is to come.
   *
   * @param stepsMax - most steps; more are taken for a run that never ends.
   * @throws {ERR_BUG} if a check fails, or events are left after `stepsMax`.
   */
  drain(stepsMax = 1_000_000): void {
    for (let steps = 0; this.step(); steps += 1) {
      if (steps >= stepsMax) this.fail(`events are left after ${stepsMax} steps`);
    }
  }

  /** Ends the run because something is wrong. */
  fail(problem: string): never {
    const { length } = this.trace.hashes;
    throw new SnaxError(
      "ERR_BUG",
      `seed=${this.seed} step=${length} at=${this.clock.now().toFixed(3)}ms: ${problem}`,
      { data: { seed: this.seed, step: length } },
    );
  }

  #createKernels(options: SimulatorOptions): readonly Kernel[] {
    const { clock, loop, random } = this;
    const kernels: Kernel[] = [];
    const handles = createHandleSource(options.firstHandle ?? 1);
    const delayMaxMs = options.linkDelayMaxMs ?? 2;
    const create = options.createKernel ?? ((made: KernelOptions): Kernel => new Kernel(made));
    const count = options.kernels ?? 1;
    const drain = this.#createDrain(options.messageMs ?? 0.001);
    for (let index = 0; index < count; index += 1) {
      const turn = (): void => {
        this.turnCount += 1;
        kernels[index]?.turn();
      };
      const kernel = create({
        clock,
        drain,
        waker: createVirtualWaker({ clock, loop, random, turn }),
        events: this.#createEvents(),
        elsewhere: createLinks({ clock, loop, random, delayMaxMs, kernels }),
        handles,
        ...options.kernel,
      });
      kernels.push(kernel);
    }
    return kernels;
  }

  #createThreads(options: SimulatorOptions, fabric: SimulatedFabric): SimulatedThreads {
    const { clock, loop, random, faults } = this;
    const { messageMs = 0.001, kernel, kernels = 1 } = options;
    const create = options.createKernel ?? ((made: KernelOptions): Kernel => new Kernel(made));
    const drain = this.#createDrain(messageMs);
    const events = this.#createEvents();
    const createKernel = (own: Partial<KernelOptions>): Kernel =>
      // The thread says all that a kernel must be told.
      create({ clock, events, ...own, ...kernel } as KernelOptions);
    return new SimulatedThreads(
      {
        clock,
        loop,
        random,
        faults,
        fabric,
        createKernel,
        drain: () => drain.drain(),
        isSynchronous: drain.isSynchronous,
        onTurn: () => (this.turnCount += 1),
        onProblem: (problem) => this.fail(problem),
      },
      kernels,
    );
  }

  #createDrain(messageMs: number): Drain {
    const { clock } = this;
    const { drain } = this.microtasks;
    return {
      isSynchronous: drain.isSynchronous,
      drain: () => {
        clock.advance(messageMs);
        drain.drain();
      },
    };
  }

  #createEvents(): KernelEvents {
    return {
      onError: (service, error, message) => {
        this.errors.push({ service, error, message });
      },
      onOverload: (_service, length) => {
        this.overloads.push(length);
      },
      onDeath: (service) => {
        this.trace.note(service.handle);
        this.deaths.push(service);
      },
      onSlowCall: (service, call, ms) => {
        this.slowCalls.push({ service, call, ms });
      },
    };
  }
}

/**
 * Creates a simulation.
 *
 * @example
 * const simulator = createSimulator({ seed: 7, kernels: 2 });
 * simulator.kernel.create("one", () => ({ receive: () => {} }));
 * simulator.drain();
 */
export function createSimulator(options: SimulatorOptions): Simulator {
  return new Simulator(options);
}

/** Compares each kernel's count of open calls with the tables of its services. */
function checkOpenCalls(kernels: readonly Kernel[]): string | undefined {
  for (const kernel of kernels) {
    let open = 0;
    for (const service of kernel.services) open += service.calls?.size ?? 0;
    if (open !== kernel.openCalls) {
      return `a kernel counts ${kernel.openCalls} open calls, its services have ${open}`;
    }
  }
  return undefined;
}
