/**
 * A node in a process of its own, with a debug console: a node that stands still under a debugger would hold the test that
 * talks to it.
 */

import type { TestContext } from "node:test";
import { LineClient } from "./console-client.ts";
import { PACKAGE, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";

/** A running node, seen from outside. */
export interface Outside {
  /** Connects a client to its console. */
  readonly open: () => Promise<LineClient>;
  readonly port: number;
  /** What it has printed, the log included; waits until the text is in it. */
  readonly says: (text: string) => Promise<void>;
}

/** Starts a node over these files, on its main thread unless a number says else; the service `main` is started and has the address 9. */
export async function outside(t: TestContext, files: Files, threads = 0): Promise<Outside> {
  const folder = writeFiles(t, files);
  const program = `
    import { start } from ${JSON.stringify(PACKAGE)};
    const node = await start({ thread: ${threads}, services: ${JSON.stringify(folder)} + "/?.ts", console: 0 });
    await node.skynet.newservice("main");`;
  const { child, says } = startNode(["--input-type=module", "--eval", program], folder);
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await says("LAUNCH snlua main");
  const port = Number(/Start debug console at \S+?:(\d+)\n/.exec(said)?.[1]);
  const open = async (): Promise<LineClient> => {
    const client = await LineClient.open(port);
    t.after(() => client.close());
    return client;
  };
  return { open, says, port };
}
