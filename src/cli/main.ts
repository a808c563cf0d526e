#!/usr/bin/env node
/**
 * The program `snax`. Exit codes: 0 done, 1 the node could not start or the work failed, 2 wrong usage,
 * 3 the node has stopped, and not every service left in order.
 */

import { createRequire } from "node:module";
import { loadConfig } from "../node/config-file.ts";
import { messageOf } from "../service/error-text.ts";
import { completeConfig } from "../node/config.ts";
import { checkRuntime } from "../node/footing.ts";
import type { Invocation } from "./arguments.ts";
import { parseArguments, USAGE } from "./arguments.ts";
import { runConsole } from "./console.ts";
import { runOperation } from "./operate.ts";
import { runDoctor } from "./doctor.ts";
import { runInit } from "./init.ts";
import { writeSprotoTypes } from "./sproto-types.ts";
import { runStart } from "./start.ts";
import { writeTypes } from "./types.ts";
import type { UnreadableFile, WrittenTypes } from "./types.ts";
import { watchTypes } from "./types-watch.ts";

async function run(invocation: Invocation): Promise<number> {
  if (invocation.command !== "help" && invocation.command !== "version") checkRuntime();
  switch (invocation.command) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "version":
      process.stdout.write(`${version()}\n`);
      return 0;
    case "start":
      return runStart(invocation);
    case "dev": {
      const { runDev } = await import("./dev.ts");
      return runDev(invocation);
    }
    case "doctor":
      return runDoctor(invocation);
    case "console":
      return invocation.place === undefined ? 2 : runConsole(invocation.place);
    case "source":
    case "diff":
    case "check":
    case "hotfix":
    case "drain":
    case "drift":
    case "loglevel":
    case "patches":
    case "rollback":
    case "inflight":
    case "reload":
    case "swap":
    case "migrate":
      return await runOperation(invocation);
    case "init":
      return runInit(invocation.folder);
    case "types":
      return runTypes(invocation);
    case "sproto":
      return runSproto(invocation);
  }
}

function runSproto({ schemas = [], isBigint = false }: Invocation): number {
  for (const file of schemas) {
    const { path, changed } = writeSprotoTypes(file, { bigint: isBigint });
    process.stdout.write(`${path}: ${changed ? "written" : "unchanged"}\n`);
  }
  return 0;
}

async function runTypes({ config: path, overrides, isWatching }: Invocation): Promise<number> {
  const loaded = await loadConfig(path, process.cwd());
  const { services } = completeConfig({ ...loaded.config, ...overrides });
  const options = { directory: loaded.root, services };
  if (isWatching === true) return runTypesWatch({ ...options, config: loaded.path });
  const written = writeTypes(options);
  for (const file of written.unreadable) tellUnreadable(file, false);
  tellTypes(written);
  return written.unreadable.length === 0 ? 0 : 1;
}

async function runTypesWatch(options: Parameters<typeof watchTypes>[0]): Promise<number> {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
  const reconfigured = (): void => {
    process.stdout.write(`${options.config} has changed; start again to follow it\n`);
  };
  const events = { written: tellTypes, unreadable: tellUnreadable, reconfigured };
  await watchTypes(options, events, ending.signal);
  return 0;
}

function tellUnreadable({ path, error }: UnreadableFile, isKept: boolean): void {
  const what = isKept ? "kept as it was" : "left out";
  process.stderr.write(`snax: ${path} ${what}: ${messageOf(error)}\n`);
}

function tellTypes({ path, services, changed }: WrittenTypes): void {
  const state = changed ? "written" : "unchanged";
  process.stdout.write(`${path}: ${services.size} services, ${state}\n`);
}

function version(): string {
  const load = createRequire(import.meta.url);
  return (load("../../package.json") as { version: string }).version;
}

// What is not read any more (`snax console 8000 | head -1`) ends nothing by itself.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

let invocation: Invocation | undefined;
try {
  invocation = parseArguments(process.argv.slice(2));
} catch (error) {
  const isEmpty = process.argv.length <= 2;
  const more = isEmpty ? `\n${USAGE}` : "snax --help lists the commands and their options\n";
  process.stderr.write(`snax: ${messageOf(error)}\n${more}`);
  process.exitCode = 2;
}
if (invocation !== undefined) {
  try {
    // A node that has stopped may leave sockets and streams of its program open: the process ends all the same.
    process.exit(await run(invocation));
  } catch (error) {
    process.stderr.write(`snax: ${messageOf(error)}\n`);
    process.exit(1);
  }
}
