/** Starts the process that offers an engine more than it takes; see offer-child.ts. */

import { fork } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** What became of what was offered, in messages; and by how many bytes the process was larger at most. */
export interface Offered {
  /** Refused at once, `sent: false`. */
  readonly refused: number;
  /** Waited until it failed, `sent: true`. */
  readonly waiting: number;
  /** Failed in another way. */
  readonly others: number;
  readonly grown: number;
}

/** A process that offers. */
export interface Offerer {
  readonly offer: () => Promise<Offered>;
  /** Resolves when it has found the engine again. */
  readonly isUp: () => Promise<void>;
}

/** Starts one that ends with the test. */
export async function startOfferer(t: TestContext, url: string): Promise<Offerer> {
  const path = fileURLToPath(new URL("offer-child.js", import.meta.url));
  const child = fork(path, [url], { execArgv: ["--expose-gc"] });
  t.after(() => child.kill("SIGKILL"));
  const next = async (): Promise<unknown> => ((await once(child, "message")) as unknown[])[0];
  await next();
  return {
    async offer() {
      child.send("offer");
      return (await next()) as Offered;
    },
    async isUp() {
      await next();
    },
  };
}
