/**
 * `snax doctor`: looks at the process, the project and its configuration, and says in words what is wrong and what to do.
 *
 *     ok    it is as it should be
 *     warn  it works, and not as well as it could
 *     FAIL  `snax start` would fail, or lose something
 *
 * It starts no node and changes nothing; a port is tried by listening on it for a moment.
 */

import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseEndpoint, formatEndpoint, isLoopback } from "../net/endpoint.ts";
import type { Config, FullConfig } from "../node/config.ts";
import { completeConfig, suspectKeys } from "../node/config.ts";
import { loadConfig } from "../node/config-file.ts";
import { lackOfWatchdog } from "../node/footing.ts";
import { messageOf } from "../service/error-text.ts";
import { SearchPath } from "../service/search-path.ts";
import type { Invocation } from "./arguments.ts";
import { findServices, formatTypes } from "./types.ts";

/** What was found. */
interface Finding {
  readonly level: "ok" | "warn" | "FAIL";
  readonly text: string;
}

type Findings = Iterable<Finding> | AsyncIterable<Finding>;

const ok = (text: string): Finding => ({ level: "ok", text });
const warn = (text: string): Finding => ({ level: "warn", text });
const fail = (text: string): Finding => ({ level: "FAIL", text });

/** Releases of Node that are tested on every change. */
const TESTED_RELEASES: ReadonlySet<number> = new Set([20, 22, 24, 26]);

/** Open files below which a server for many clients runs out of them. */
const OPEN_FILES_MIN = 4096;

/** Runs all checks and prints what they found. @returns the exit code: 1 if something fails */
export async function runDoctor(invocation: Invocation): Promise<number> {
  const counts = { ok: 0, warn: 0, FAIL: 0 };
  for await (const { level, text } of checkAll(invocation)) {
    counts[level] += 1;
    process.stdout.write(`${level.padEnd(4)}  ${text}\n`);
  }
  process.stdout.write(`${counts.ok} ok, ${counts.warn} to look at, ${counts.FAIL} wrong\n`);
  return counts.FAIL === 0 ? 0 : 1;
}

async function* checkAll({ config: path, overrides }: Invocation): AsyncGenerator<Finding> {
  yield* checkProcess();
  let root: string;
  let config: FullConfig;
  try {
    const loaded = await loadConfig(path, process.cwd());
    root = loaded.root;
    const given: Config = { start: "main", ...loaded.config, ...overrides };
    config = completeConfig(given);
    yield ok(`configuration: ${relative(process.cwd(), loaded.path)}`);
    for (const line of suspectKeys(given)) yield warn(line);
  } catch (error) {
    yield fail(messageOf(error));
    return;
  }
  const checks: ((config: FullConfig, root: string) => Findings)[] = [
    ...[checkServices, checkTypeScript, checkMachine, checkFiles, checkPorts],
  ];
  for (const check of checks) yield* check(config, root);
}

function* checkProcess(): Generator<Finding> {
  const major = Number(process.versions.node.split(".")[0]);
  if (TESTED_RELEASES.has(major)) yield ok(`Node ${process.version}`);
  else
    yield warn(
      `Node ${process.version}: snax is tested on ${[...TESTED_RELEASES].join(", ")}; use one of these`,
    );
  const lack = lackOfWatchdog();
  if (lack !== undefined) yield warn(lack);
}

function* checkServices({ services, start }: FullConfig, root: string): Generator<Finding> {
  const found = findServices({ directory: root, services });
  for (const { error } of found.unreadable) yield fail(messageOf(error));
  if (start !== undefined) {
    try {
      new SearchPath(services, root, []).find(start);
      yield ok(`start service: ${start}`);
    } catch (error) {
      yield fail(`start: ${messageOf(error)}`);
    }
  }
  yield ok(`snax services: ${[...found.services.keys()].join(", ") || "none"}`);
  const file = join(root, "snax.d.ts");
  if (!existsSync(file)) return;
  if (readFileSync(file, "utf8") === formatTypes(found.services, root)) return;
  yield warn("snax.d.ts does not fit the services: run `npx snax types`");
}

function* checkTypeScript(_config: FullConfig, root: string): Generator<Finding> {
  const version = versionOf("typescript", root);
  if (version === undefined) {
    yield warn("typescript is not installed: nothing checks types. npm install -D typescript");
  } else yield ok(`typescript ${version}`);
  if (versionOf("@types/node", root) === undefined) {
    yield warn("@types/node is not installed: npm install -D @types/node");
  }
  if (findUp("tsconfig.json", root) === undefined) {
    yield warn("there is no tsconfig.json: editors and tsc guess the settings. npx tsc --init");
  }
}

function* checkMachine({ thread, heap = 0 }: FullConfig): Generator<Finding> {
  const cores = availableParallelism();
  if (thread > cores) {
    yield warn(`thread: ${thread} threads on ${cores} cores take time from each other`);
  } else yield ok(`threads: ${thread} on ${cores} cores`);
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const mib = Math.floor(memory / 2 ** 20);
  if (heap * thread > mib) {
    yield warn(`heap: ${thread} threads of ${heap} MiB are more than the ${mib} MiB there are`);
  }
  const files = openFiles();
  if (files === undefined) return;
  if (files >= OPEN_FILES_MIN) yield ok(`open files: ${files}`);
  else {
    yield warn(
      `open files: ${files}, and each client takes one. ulimit -n 65536, or LimitNOFILE= in the unit of systemd`,
    );
  }
}

/** The log and the audit: a node does not start without the one, a console does not open without the other. */
function* checkFiles(config: FullConfig, root: string): Generator<Finding> {
  const { logger, logservice, audit } = config;
  if (logservice === undefined) yield* checkFile("log", "logger", logger, root);
  yield* checkFile("audit", "audit", audit, root);
}

function* checkFile(
  name: string,
  key: string,
  path: string | undefined,
  root: string,
): Generator<Finding> {
  if (path === undefined) return;
  const file = resolve(root, path);
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    yield ok(`${name}: ${path}`);
  } catch (error) {
    yield fail(`${key}: ${file} can't be written: ${messageOf(error)}`);
  }
}

async function* checkPorts(config: FullConfig): AsyncGenerator<Finding> {
  const { console: operator, metrics, cluster, consoletoken } = config;
  const places = { console: operator, metrics, "cluster.skynet.open": cluster?.skynet?.open };
  for (const [key, place] of Object.entries(places)) {
    const endpoint = parseEndpoint(place);
    if (endpoint === undefined) continue;
    const { host, port } = endpoint;
    const name = formatEndpoint(host, port);
    if (key === "console" && consoletoken === undefined && !isLoopback(host)) {
      yield fail(
        `console: ${name} can be reached from elsewhere: set consoletoken, or use 127.0.0.1`,
      );
    }
    const why = await tryListening(host, port);
    if (why === undefined) yield ok(`${key}: ${name} is free`);
    else if (why === "EADDRINUSE") {
      yield warn(
        `${key}: ${name} is taken, by this node if it runs already, else by another program`,
      );
    } else yield fail(`${key}: this machine can't listen on ${name}: ${why}`);
  }
}

/** Listens for a moment. @returns the code of what went wrong */
function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => done(undefined)));
  });
}

/** The version of a package as the project has it. */
function versionOf(name: string, root: string): string | undefined {
  try {
    const load = createRequire(join(root, "noop.js"));
    return (load(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function findUp(name: string, folder: string): string | undefined {
  const file = join(folder, name);
  if (existsSync(file)) return file;
  const parent = dirname(folder);
  return parent === folder ? undefined : findUp(name, parent);
}

/** The soft limit of open files; undefined where the system has none. */
function openFiles(): number | undefined {
  const report = process.report?.getReport() as unknown as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } };
  };
  const soft = Number(report?.userLimits?.open_files?.soft);
  return Number.isInteger(soft) ? soft : undefined;
}
