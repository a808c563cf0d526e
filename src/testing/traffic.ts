/**
 * Random traffic between services that die, hang, are held and come back, judged at every step.
 *
 *     services post and call each other     traffic-service.ts
 *     services are killed, held, renamed    here
 *     what was promised is compared         referee.ts
 *
 * It is how the kernel shows that a call ends exactly once (G1) and that messages keep their order (G2).
 */

import { codeOf } from "../base/error.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Service } from "../kernel/service.ts";
import { GATE } from "../kernel/service.ts";
import { Referee } from "./referee.ts";
import type { Tally } from "./referee.ts";
import type { Simulator } from "./simulator.ts";
import * as fault from "./traffic-fault.ts";
import type { TrafficWorld } from "./traffic-service.ts";
import { TrafficService } from "./traffic-service.ts";

/** How much traffic there is. */
export interface TrafficOptions {
  /** Services that live at a time; spread over the kernels. @defaultValue 12 */
  readonly services?: number;
  /** Messages that services send of their own accord; their handlers send more. @defaultValue 500 */
  readonly messages?: number;
}

/** Most milliseconds between two disturbances, and until a dead service has a successor or a held one is let go. */
const DISTURBANCE_MAX_MS = 6;
const ABSENCE_MAX_MS = 20;

/** The traffic of one simulation. */
export class Traffic implements TrafficWorld {
  readonly simulator: Simulator;
  readonly referee: Referee = new Referee();
  running = 0;
  budget: number;
  /** The living service of each place; undefined while it has none. */
  readonly #places: (Service | undefined)[] = [];
  #lastDead = 0;
  #errorsSeen = 0;

  constructor(simulator: Simulator, options: TrafficOptions = {}) {
    this.simulator = simulator;
    this.budget = options.messages ?? 500;
    for (const kernel of simulator.kernels) this.#observe(kernel);
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
    for (const { pendingCalls } of simulator.kernels) {
      if (pendingCalls !== 0) simulator.fail(`${pendingCalls} sessions are open at the end`);
    }
    return this.referee.tally;
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
    let code: TrafficService | undefined;
    const service = kernel.create("traffic", (handle) => {
      code = new TrafficService(this, kernel, handle);
      return code;
    });
    this.#places[place] = service;
    if (!kernel.names.register(nameOf(place), service.handle)) {
      this.referee.blame(`the name ${nameOf(place)} outlived its service`);
    }
    kernel.watch(service.handle, () => {
      this.#places[place] = undefined;
      this.#lastDead = service.handle;
      this.referee.died(service.handle);
      simulator.after(simulator.random.next() * ABSENCE_MAX_MS, () => this.#spawn(place));
    });
    code?.begin();
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
    const { faults, random } = this.simulator;
    const place = random.below(this.#places.length);
    const service = this.#places[place];
    if (service === undefined) return;
    const kernel = this.#kernelOf(place);
    if (faults.fires(fault.USURP) && kernel.names.register(nameOf(place), service.handle + 1)) {
      this.referee.blame(`the name ${nameOf(place)} was taken from its holder`);
    }
    if (faults.fires(fault.HOLD)) {
      kernel.closeGate(service, GATE.held);
      const letGo = (): void => kernel.openGate(service, GATE.held);
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
