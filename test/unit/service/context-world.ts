/** A service over the virtual clock: what the service layer does with time, without waiting for it. */

import { Commitments } from "../../../src/service/runtime.ts";
import { Context } from "../../../src/service/context.ts";
import { typeName } from "../../../src/service/protocol-table.ts";
import type { Runtime } from "../../../src/service/runtime.ts";
import { PLAIN_RECEIVERS } from "../../../src/service/answers.ts";
import type { Simulator } from "../../../src/testing/simulator.ts";
import { createSimulator } from "../../simulator.ts";

/** A service with its world. */
export interface ContextWorld {
  readonly simulator: Simulator;
  readonly context: Context;
  /** What was logged. */
  readonly lines: string[];
}

/** Makes a service whose runtime has what time and order need, and no more. */
export function createContextWorld(): ContextWorld {
  const simulator = createSimulator({ seed: 1 });
  const lines: string[] = [];
  const runtime = {
    kernel: simulator.kernel,
    commitments: new Commitments(),
    log: (_handle: number, text: string) => void lines.push(text),
    protocolName: typeName,
    paths: { root: "/" },
  };
  const context = new Context(runtime as unknown as Runtime, "one", "snlua one", PLAIN_RECEIVERS);
  return { simulator, context, lines };
}
