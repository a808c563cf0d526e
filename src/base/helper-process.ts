/**
 * A process of its own beside this one: with a limit of memory, with an environment that has none of this process's secrets,
 * and with the end of what it said, by which one knows what it died of.
 */

import type { ChildProcess, ForkOptions } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How much is kept of what a dying process says. */
const LAST_WORDS_MAX = 4096;

/** How a process is started. */
export interface HelperOptions extends Pick<ForkOptions, "detached" | "serialization"> {
  readonly memoryMib: number;
  /** The variables of the environment that it gets, where this process has them. */
  readonly variables: readonly string[];
  readonly args?: readonly string[];
  /** Options of Node. */
  readonly execArgv?: readonly string[];
}

/** A process that talks with this one over a channel. */
export class HelperProcess {
  readonly child: ChildProcess;
  #words = "";

  /** @param script - the file that it runs. */
  constructor(
    script: URL,
    { memoryMib, variables, args = [], execArgv = [], ...options }: HelperOptions,
  ) {
    const known = variables.map((name) => [name, process.env[name]] as const);
    this.child = fork(fileURLToPath(script), args, {
      ...options,
      execArgv: [`--max-old-space-size=${memoryMib}`, ...execArgv],
      env: Object.fromEntries(known.filter(([, value]) => value !== undefined)),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child.stderr?.setEncoding("utf8");
    this.child.stderr?.on("data", (words: string) => {
      this.#words = (this.#words + words).slice(-LAST_WORDS_MAX);
    });
  }

  /** Whether it said at its end that its memory was not enough. */
  get wasFull(): boolean {
    return /heap out of memory|heap limit/i.test(this.#words);
  }
}
