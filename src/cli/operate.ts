/**
 * `snax diff`, `snax hotfix` and the like: commands of a node's console, from the operator's shell.
 *
 * The console is the configuration's, or the one that `--console` names; the token comes from
 * SNAX_CONSOLE_TOKEN. Exit codes: `diff` 0 if nothing differs, 2 if something does, 1 if a reload is needed or
 * a file is not valid; `drift` 0 if nothing drifts, else 2; `check` 0 without errors, 1 with some, 3 if nothing was checked; `hotfix` 0 if it is done, 2 if notes were shown and nothing was sent, else 1;
 * `inflight` 0 if no handler runs an old body, 2 if some do, or may; `reload` and `swap` 0 if all run the new code,
 * `migrate` 0 if the service has moved, else 1.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { showControls } from "../base/log-line.ts";
import { END_MARKS } from "../console/print/print.ts";
import type { Endpoint } from "../net/endpoint.ts";
import { parseEndpoint } from "../net/endpoint.ts";
import { loadConfig } from "../node/config-file.ts";
import { completeConfig } from "../node/config.ts";
import { messageOf } from "../service/error-text.ts";
import type { Invocation } from "./arguments.ts";
import { ConsoleConnection } from "./console-connection.ts";

/** Where a console listens unless the configuration says otherwise. */
const USUAL_PLACE: Endpoint = { host: "127.0.0.1", port: 8000 };

/** An old body, a handler that may run one, or a thread that is silent. */
const IN_FLIGHT = /^(?:(?:old|can't be told)\t(?!0$)|thread \d)/;

const VERDICT = /^[^\t]+\t(same|applied|note|reload|refused)\b/;

/** Runs a command in the console of a node; resolves to the exit code. */
export async function runOperation(invocation: Invocation): Promise<number> {
  const { command, place } = invocation;
  try {
    const connection = await ConsoleConnection.open(place ?? (await findPlace(invocation)));
    const token = process.env["SNAX_CONSOLE_TOKEN"];
    if (token !== undefined && !(await connection.ask(`auth ${token}`, () => {}))) {
      throw new Error("the console refuses the token of SNAX_CONSOLE_TOKEN");
    }
    const lines: string[] = [];
    const isOk = await connection.ask([command, ...wordsOf(invocation)].join(" "), (line) => {
      if (END_MARKS.some((mark) => mark === line)) return;
      lines.push(line);
      process.stdout.write(`${showControls(line)}\n`);
    });
    connection.close();
    const isJson = ownWords(invocation).includes("--json");
    return isOk ? codeOf(command, isJson ? linesOf(lines) : lines) : 1;
  } catch (error) {
    process.stderr.write(`snax: ${messageOf(error)}\n`);
    return 1;
  }
}

/** The words that are no arguments of a patch's `hotfix()`. */
function ownWords({ words = [] }: Invocation): readonly string[] {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end);
}

/** What the exit code is made from, out of JSON: the keys, each with its value or its verdict. */
function linesOf([json = "null"]: readonly string[]): string[] {
  const result = JSON.parse(json) as string | Record<string, unknown> | null;
  if (typeof result === "string") return [result];
  return Object.entries(result ?? {}).map(([key, row]) => {
    const said = typeof row === "object" ? (row as { verdict?: unknown } | null)?.verdict : row;
    return `${key}\t${String(said)}`;
  });
}

/** From the shell a type error stops a patch unless `--force` says otherwise. */
function wordsOf(invocation: Invocation): string[] {
  const { command, words = [] } = invocation;
  const [target = "", ...rest] = words.map(toAbsolute);
  // A dry run sends nothing: it shows what is wrong with the types beside the rest.
  const isForced = ownWords(invocation).some((word) => word === "--force" || word === "--dry-run");
  if (command === "hotfix" && !isForced) rest.unshift("--check");
  return target === "" ? [] : [target, ...rest];
}

function codeOf(command: string, lines: readonly string[]): number {
  if (command === "hotfix") {
    if (lines.some((line) => line.startsWith("nothing was sent\t"))) return 2;
    return lines.some((line) => /^failed\t(?!0$)/.test(line)) ? 1 : 0;
  }
  if (command === "inflight") return lines.some((line) => IN_FLIGHT.test(line)) ? 2 : 0;
  if (command === "rollback" || command === "reload" || command === "swap")
    return lines.some((line) => /^failed\t(?!0$)/.test(line)) ? 1 : 0;
  if (command === "check") {
    if (lines.some((line) => /^(?:not checked: |unchecked\t)/.test(line))) return 3;
    const count = lines.find((line) => line.startsWith("count\t")) ?? lines.at(-1) ?? "";
    return /^(?:count\t[1-9]|[1-9]\d* type errors?$)/.test(count) ? 1 : 0;
  }
  if (command === "drift") return lines.at(-1) === "in all\tno drift" ? 0 : 2;
  if (command !== "diff") return 0;
  const verdicts = lines.map((line) => VERDICT.exec(line)?.[1]);
  if (verdicts.some((verdict) => verdict === "reload" || verdict === "refused")) return 1;
  return verdicts.some((verdict) => verdict === "applied" || verdict === "note") ? 2 : 0;
}

/** The console of the configuration in this folder. */
async function findPlace({ overrides }: Invocation): Promise<Endpoint> {
  let config = {};
  try {
    ({ config } = await loadConfig(undefined, process.cwd()));
  } catch {
    // Without a configuration the usual place is asked.
  }
  const { console: place } = completeConfig({ ...config, ...overrides });
  return place === undefined ? USUAL_PLACE : (parseEndpoint(String(place)) ?? USUAL_PLACE);
}

/** Files are named from the operator's folder; the node counts from the configuration's. */
function toAbsolute(word: string): string {
  const [, module = "", file = word] = /^([^=]+=)(.+)$/.exec(word) ?? [];
  return looksLikeFile(file) && existsSync(file) ? `${module}${resolve(file)}` : word;
}

function looksLikeFile(word: string): boolean {
  return /\.[cm]?[jt]s$/.test(word);
}
