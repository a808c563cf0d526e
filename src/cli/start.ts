/**
 * `snax start`: a process that is nothing but a node.
 *
 * Exit code 0 after `skynet.abort()` or a signal that was handled in time, 1 if the node could not start, with one clear
 * line on stderr. A second signal ends the process at once.
 */

import { resolve } from "node:path";
import { completeConfig } from "../node/config.ts";
import type { Config } from "../node/config.ts";
import { loadConfig } from "../node/config-file.ts";
import type { Node } from "../node/node.ts";
import { start } from "../node/node.ts";
import type { Invocation } from "./arguments.ts";

/** Signals that stop the node, with the number that a shell adds to 128. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Runs a node until it stops; resolves to the exit code. */
export async function runStart({ config: path, overrides }: Invocation): Promise<number> {
  const signals = new SignalWatch();
  // A log that nobody reads any more must not end the node.
  process.stdout.on("error", () => {});
  try {
    const loaded = await loadConfig(path, process.cwd());
    const config = withDefaults({ ...loaded.config, ...overrides }, loaded.root);
    try {
      completeConfig(config);
    } catch (error) {
      throw new Error(`${loaded.path}: ${messageOf(error)}`, { cause: error });
    }
    const node = await start(config, { root: loaded.root, ownsProcess: true });
    signals.attach(node);
    await node.stopped;
    return 0;
  } catch (error) {
    process.stderr.write(`snax: ${messageOf(error)}\n`);
    return 1;
  }
}

/** Paths in a configuration file are relative to it. */
function withDefaults(config: Config, root: string): Config {
  const absolute = (key: "logger" | "preload"): Record<string, string> => {
    const value = config[key];
    return typeof value === "string" ? { [key]: resolve(root, value) } : {};
  };
  return { start: "main", ...config, ...absolute("logger"), ...absolute("preload") };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}

/** Signals, from the first moment on: one that comes before the node runs stops it as soon as it does. */
class SignalWatch {
  #node: Node | undefined;
  #isStopping = false;

  constructor() {
    for (const [name, number] of Object.entries(SIGNALS)) {
      process.on(name, () => this.#receive(number));
    }
    process.on("SIGHUP", () => this.#node?.skynet.send(".logger", "lua", "REOPEN"));
  }

  attach(node: Node): void {
    this.#node = node;
    if (this.#isStopping) void node.stop();
  }

  #receive(number: number): void {
    if (this.#isStopping) process.exit(128 + number);
    this.#isStopping = true;
    void this.#node?.stop();
  }
}
