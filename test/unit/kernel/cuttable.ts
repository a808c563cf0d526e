/**
 * A simulation whose handlers can be cut off. An interrupt leaves the turn without running anything on its way out; here an
 * error does the same that escapes from the drain, behind the handler.
 */

import type { Kernel } from "../../../src/kernel/kernel.ts";
import type { KernelOptions } from "../../../src/kernel/kernel-options.ts";
import type { Simulator } from "../../simulator.ts";
import { createSimulator } from "../../simulator.ts";

/** A simulation, and what interrupts whatever runs in it. */
export interface Cuttable {
  readonly simulator: Simulator;
  readonly kernel: Kernel;
  /** Interrupts what runs, as soon as it leaves the handler. */
  readonly cut: () => void;
}

/** Creates a simulation in which `cut()` interrupts whatever runs, as soon as it leaves the handler. */
export function createCuttable(options: Pick<KernelOptions, "restMs"> = {}): Cuttable {
  let isCut = false;
  const drain = {
    isSynchronous: true,
    drain: () => {
      if (!isCut) return simulator.microtasks.flush();
      isCut = false;
      throw new Error("interrupt");
    },
  };
  const simulator: Simulator = createSimulator({ seed: 1, kernel: { drain, ...options } });
  const cut = (): void => {
    isCut = true;
  };
  return { simulator, kernel: simulator.kernel, cut };
}
