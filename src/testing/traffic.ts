/**
 * Random traffic between services that die, hang, are held and come back, judged at every step.
 *
 *     services post and call each other     traffic-service.ts
 *     services are killed, held, renamed    here
 *     what was promised is compared         referee.ts
 *
 * It is how the kernel shows that a call ends exactly once (G1) and that messages keep their order
 * (G2).
 */

import { codeOf } from "../base/error.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Service } from "../kernel/service.ts";
import { HOLD } from "../kernel/service.ts";
import { Referee } from "./referee.ts";
import type { Tally } from "./referee.ts";
import type { ThreadWatcher } from "./simulated-threads.ts";
import type { Simulator } from "./simulator.ts";
import type { TrafficOptions } from "./testing-api.ts";
import { END } from "./thread-fault.ts";
import * as fault from "./traffic-fault.ts";
import type { TrafficWorld } from "./traffic-service.ts";
import { TrafficService } from "./traffic-service.ts";

/**
 * Most milliseconds between two disturbances, and until a dead service has a successor or a held
 * one is let go.
 */
const DISTURBANCE_MAX_MS = 6;
const ABSENCE_MAX_MS = 20;

/** The traffic of one simulation. */
export class Traffic implements TrafficWorld, ThreadWatcher {
  readonly simulator: Simulator;
  readonly referee: Referee = new Referee();
  running = 0;
  budget: number;
  /** The living service of each place; undefined while it has none. */
  readonly #places: (Service | undefined)[] = [];
  /** All services that were ever born on a kernel. */
  readonly #born = new Map<Kernel, number[]>();
  #lastDead = 0;
  #errorsSeen = 0;

  constructor(simulator: Simulator, options: TrafficOptions = {}) {
    this.simulator = simulator;
    this.budget = options.messages ?? 500;
    for (const kernel of simulator.kernels) this.#observe(kernel);
    if (simulator.threads !== undefined) simulator.threads.watcher = this;
    for (let place = 0; place < (options.services ?? 12); place += 1) this.#spawn(place);
    simulator.addCheck(() => this.#unplannedError() ?? this.referee.problem);
    this.#disturbLater();
  }

  /**
   * Runs the traffic to its end and judges it.
   *
   * @returns what was counted.
   * @throws {ERR_BUG} if a promise was broken.
   */
  run(): Tally {
    const { simulator } = this;
    simulator.drain();
    const problem = this.referee.judge((handle) => this.#find(handle) !== undefined);
    if (problem !== undefined) simulator.fail(problem);
    for (const { openCalls } of simulator.kernels) {
      if (openCalls !== 0) simulator.fail(`${openCalls} sessions are open at the end`);
    }
    simulator.threads?.close();
    return this.referee.tally;
  }

  /** Services ended with their thread: see ThreadWatcher. */
  onEnd(kernel: Kernel): void {
    for (const handle of this.#born.get(kernel) ?? []) this.referee.cutOff(handle);
    for (const [place, service] of this.#places.entries()) {
      if (service === undefined || kernel.services.get(service.handle) !== service) continue;
      this.referee.died(service.handle);
      this.#vacate(place, service.handle);
    }
  }

  /** A thread runs again: see ThreadWatcher. */
  onUp(kernel: Kernel): void {
    this.#observe(kernel);
  }

  /** Draws whom to send to: see TrafficWorld. */
  pickTarget(): number {
    if (this.simulator.faults.fires(fault.TO_DEAD)) return this.#lastDead;
    const place = this.simulator.random.below(this.#places.length);
    return this.#places[place]?.handle ?? this.#lastDead;
  }

  /** Draws a name: see TrafficWorld. */
  pickName(): string {
    return nameOf(this.simulator.random.below(this.#places.length));
  }

  #find(handle: number): Service | undefined {
    return this.#places.find((service) => service?.handle === handle);
  }

  #kernelOf(place: number): Kernel {
    const { kernels } = this.simulator;
    return kernels[place % kernels.length] as Kernel;
  }

  /** Sees every answer that finds no call. */
  #observe(kernel: Kernel): void {
    const settle = kernel.settle.bind(kernel);
    kernel.settle = (service, session) => {
      const call = settle(service, session);
      if (call === undefined) this.referee.orphaned(service.handle, session);
      return call;
    };
  }

  #spawn(place: number): void {
    const { simulator } = this;
    const kernel = this.#kernelOf(place);
    if (!simulator.isUp(kernel)) return this.#spawnLater(place);
    let code: TrafficService | undefined;
    const service = kernel.create("traffic", (handle) => {
      code = new TrafficService(this, kernel, handle);
      return code;
    });
    this.#places[place] = service;
    const born = this.#born.get(kernel);
    if (born === undefined) this.#born.set(kernel, [service.handle]);
    else born.push(service.handle);
    if (!kernel.names.register(nameOf(place), service.handle)) {
      this.referee.blame(`the name ${nameOf(place)} outlived its service`);
    }
    kernel.watch(service.handle, () => {
      this.referee.died(service.handle);
      this.#vacate(place, service.handle);
    });
    code?.begin();
  }

  #vacate(place: number, handle: number): void {
    this.#places[place] = undefined;
    this.#lastDead = handle;
    this.#spawnLater(place);
  }

  #spawnLater(place: number): void {
    const { random } = this.simulator;
    this.simulator.after(random.next() * ABSENCE_MAX_MS, () => this.#spawn(place));
  }

  #disturbLater(): void {
    const { random } = this.simulator;
    this.simulator.after(random.next() * DISTURBANCE_MAX_MS, () => {
      if (this.budget === 0) return;
      this.#disturb();
      this.#disturbLater();
    });
  }

  #disturb(): void {
    const { faults, random, threads } = this.simulator;
    if (threads !== undefined && faults.fires(END)) threads.end(random.below(threads.all.length));
    const place = random.below(this.#places.length);
    const service = this.#places[place];
    if (service === undefined) return;
    const kernel = this.#kernelOf(place);
    if (faults.fires(fault.USURP) && kernel.names.register(nameOf(place), service.handle + 1)) {
      this.referee.blame(`the name ${nameOf(place)} was taken from its holder`);
    }
    if (faults.fires(fault.HOLD)) {
      kernel.hold(service, HOLD.patching);
      const letGo = (): void => kernel.release(service, HOLD.patching);
      this.simulator.after(random.next() * ABSENCE_MAX_MS, letGo);
    }
    if (faults.fires(fault.KILL)) kernel.kill(service);
  }

  #unplannedError(): string | undefined {
    const { errors } = this.simulator;
    for (; this.#errorsSeen < errors.length; this.#errorsSeen += 1) {
      const error = errors[this.#errorsSeen]?.error;
      if (codeOf(error) !== "ERR_REMOTE") return `a service threw ${String(error)}`;
    }
    return undefined;
  }
}

function nameOf(place: number): string {
  return `place${String.fromCharCode(65 + (place % 26))}${Math.floor(place / 26)}`;
}
