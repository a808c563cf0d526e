/**
 * `snax start`: a process that is nothing but a node.
 *
 * The first signal drains the node: calls of other nodes that are open may end. Exit code 0 after that, or `skynet.abort()`, if every service has left in order, 3 if something was cut off, 1 if the
 * node could not start, with one clear line on stderr. If a thread can't be ended, because it is in native code, the process ends by
 * SIGKILL once all other services have left. A second signal ends the process at once, unless it comes so soon that it is the same Ctrl-C.
 */

import { hostname } from "node:os";
import { join } from "node:path";
import { readStack } from "../base/error.ts";
import { SIGNAL_ECHO_MS } from "../base/limits.ts";
import { OWN_FILES } from "../base/own-files.ts";
import { messageOf } from "../service/error-text.ts";
import type { Config } from "../node/config.ts";
import { completeConfig } from "../node/config.ts";
import type { LoadedConfig } from "../node/config-file.ts";
import { loadConfig } from "../node/config-file.ts";
import type { Node } from "../node/node.ts";
import { start } from "../node/node.ts";
import type { Invocation } from "./arguments.ts";
import { notify } from "./notify.ts";

/** The exit code of a node that stopped and has cut something off. */
const CUT_OFF = 3;

/** Signals that stop the node, with the number that a shell adds to 128. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Runs a node until it stops; resolves to the exit code. */
export async function runStart(invocation: Invocation): Promise<number> {
  return await runNode(invocation, { configure: withLedger });
}

/** How a node is run. */
export interface RunOptions {
  /** Completes what the configuration says. */
  readonly configure: (config: Config) => Config;
  /** Hears of the node that runs; returns what ends with it. @defaultValue nothing hears of it */
  readonly onStart?: (node: Node, place: LoadedConfig) => () => void;
}

/** The same, with something else that goes on meanwhile. */
export async function runNode(
  invocation: Invocation,
  { configure, onStart }: RunOptions,
): Promise<number> {
  const stopping = watchSignals();
  // A log that is not read any more must not end the node.
  process.stdout.on("error", () => {});
  let node: Node | undefined;
  // From the first moment on, for without a listener the signal ends the process.
  process.on("SIGHUP", () => reopenLog(node));
  stopping.addEventListener("abort", () => notify("stopping"));
  try {
    const loaded = await load(invocation, configure);
    node = await startFrom(loaded, stopping);
    if (!stopping.aborted) notify("ready");
    const end = onStart?.(node, loaded);
    await node.stopped;
    end?.();
    return node.cutOff.length === 0 ? 0 : CUT_OFF;
  } catch (error) {
    process.stderr.write(`snax: ${firstLine(messageOf(error))}\n`);
    return 1;
  }
}

async function load(
  { config: path, overrides }: Invocation,
  configure: RunOptions["configure"],
): Promise<LoadedConfig> {
  try {
    completeConfig(overrides);
  } catch (error) {
    throw new Error(`--set: ${messageOf(error)}`, { cause: error });
  }
  const { config, ...place } = await loadConfig(path, process.cwd());
  const whole = configure({ start: "main", ...config, ...overrides });
  try {
    completeConfig(whole);
  } catch (error) {
    throw new Error(`${place.path}: ${messageOf(error)}`, { cause: error });
  }
  return { config: whole, ...place };
}

/** A node that is started by hand keeps its patches beside its configuration. */
function withLedger(config: Config): Config {
  const { ledger, node = hostname() } = config;
  if (ledger !== undefined || typeof node !== "string") return config;
  // A name may hold anything; a folder is inside `.snax` whatever it is.
  const folder = node.replaceAll(/[^\w-]/g, "_");
  return { ...config, ledger: join(".snax", folder, "ledger.jsonl") };
}

async function startFrom({ config, root }: LoadedConfig, signal: AbortSignal): Promise<Node> {
  try {
    return await start(config, { root, signal, ownsProcess: true });
  } catch (error) {
    const message = firstLine(messageOf(error));
    const place = placeOf(error);
    // Errors of the loader name their file in the message.
    const where = place === undefined || message.includes(place.file) ? "" : ` (at ${place.text})`;
    throw new Error(`the node could not start: ${message}${where}`, { cause: error });
  }
}

/** The first line of a stack that is in a file of the user. */
function placeOf(error: unknown): { readonly file: string; readonly text: string } | undefined {
  const stack = error instanceof Error ? String(readStack(error) ?? "") : "";
  for (const [, text = "", file = ""] of stack.matchAll(/\bfile:\/\/((\/[^\s()]+?):\d+:\d+)/g)) {
    if (!file.startsWith(OWN_PATH)) return { file, text };
  }
  return undefined;
}

/** The path of the runtime's own code. */
const OWN_PATH: string = new URL(OWN_FILES).pathname;

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/**
 * Fires at the first signal, whether the node runs or still starts.
 *
 * Race: a terminal sends Ctrl-C to all of a group, and npm and Node's watcher pass on what they get, so one Ctrl-C
 * comes two or three times; "one Ctrl-C that comes twice ..." in test/integration/node/cli.test.ts.
 */
function watchSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (!controller.signal.aborted) firstAt = performance.now();
      else if (performance.now() - firstAt > SIGNAL_ECHO_MS) process.exit(128 + number);
      controller.abort();
    });
  }
  return controller.signal;
}

function reopenLog(node: Node | undefined): void {
  try {
    node?.skynet.send(".logger", "lua", "REOPEN");
  } catch {
    // The node stops: its log needs no other file.
  }
}
