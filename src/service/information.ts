/**
 * What a service can learn and tell: log, configuration, figures about itself, encodings.
 */

import { format, inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { LEVEL } from "../base/log-level.ts";
import type { Service } from "../kernel/service.ts";
import { mailboxLength, unfinishedCount } from "../kernel/service.ts";
import { decodeSeri, encodeSeri } from "../wire/lua-seri.ts";
import type { Context } from "./context.ts";
import { defineNote, requireAlive, requireVoice } from "./context.ts";
import type { ApiTable } from "./lazy-api.ts";
import type { StatKey } from "./skynet-api.ts";
import { isInTopLevel } from "./top-level.ts";
import { Tracer } from "./tracer.ts";

/** Those that the API gives, and gives again for any code that needs them. */
const infosOfApi = new WeakSet<Function>();

/** Says of a function for `skynet.info_func` that the API gives it, and not the code of the service. */
export function markInfoOfApi<F extends Function>(run: F): F {
  infosOfApi.add(run);
  return run;
}

/** What a service gave to `skynet.info_func`. */
const infos = defineNote<{
  readonly run: (...args: unknown[]) => unknown;
  readonly isOfTopLevel: boolean;
}>({
  isOfCode: true,
  lacks: ({ run, isOfTopLevel }, after) =>
    after === undefined && !isOfTopLevel && !infosOfApi.has(run)
      ? "nothing answers `info` with new code: call skynet.info_func at top level or in reload()"
      : undefined,
  leaves: ({ run }, after) =>
    after === undefined && !infosOfApi.has(run) ? ["skynet.info_func"] : [],
});

/** Whether a service has given something to `skynet.info_func`. */
export function hasInfo(context: Context): boolean {
  return infos.peek(context) !== undefined;
}

/** Longest line that one call of `skynet.error` logs, in characters; the rest is cut off and counted. */
export const LOG_LINE_MAX = 65536;

/** Prints values for the log: texts as they are, anything else as the console shows it, joined by a blank. */
export function formatLine(values: readonly unknown[]): string {
  const words = values.map((value) => {
    if (typeof value === "string") return value;
    // The console shows most numbers so, and takes longer for it.
    if (typeof value === "number" && value !== 0) return String(value);
    return inspect(value, { depth: 4, breakLength: Infinity });
  });
  const line = words.join(" ");
  if (line.length <= LOG_LINE_MAX) return line;
  return `${line.slice(0, LOG_LINE_MAX)}... (${line.length} characters)`;
}

function stat(context: Context, key: StatKey): number {
  const { service } = context;
  switch (key) {
    case "mqlen":
      return mailboxLength(service);
    case "message":
      return service.messageCount;
    case "cpu":
      return service.cpuMs / 1000;
    case "task":
      return service.calls?.size ?? 0;
    case "handlers":
      return unfinishedCount(service);
    case "endless":
      return readEndless(service);
    default:
      throw new SnaxError("ERR_ARGUMENT", `no figure ${JSON.stringify(key)}`);
  }
}

/** As in skynet, told once. */
function readEndless(service: Service): number {
  const { isEndless } = service;
  service.isEndless = false;
  return isEndless ? 1 : 0;
}

/** Returns what the service gave to `skynet.info_func`, or undefined. */
export function infoOf(context: Context): ((...args: unknown[]) => unknown) | undefined {
  return infos.peek(context)?.run;
}

function bytesToString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Logs a text formatted as by Node's `util.format`: `snax.printf`. */
export function printf(context: Context, text: string, ...values: unknown[]): void {
  requireVoice(context);
  const { runtime, handle } = context;
  if (runtime.logFloor.lets(LEVEL.info)) runtime.log(handle, format(text, ...values));
}

/** The functions of `skynet` that tell. */
export const informationFunctions: ApiTable<Context> = {
  error: (context: Context, ...values: unknown[]): void => {
    requireVoice(context);
    const { runtime, handle } = context;
    if (runtime.logFloor.lets(LEVEL.info)) runtime.log(handle, formatLine(values));
  },
  trace: (context: Context, info?: string): void => {
    requireAlive(context);
    Tracer.of(context.runtime).begin(context, info);
  },
  stat,
  mqlen: (context: Context): number => stat(context, "mqlen"),
  task: (context: Context): number => stat(context, "task"),
  info_func: (context: Context, run: (...args: unknown[]) => unknown): void => {
    requireAlive(context);
    infos.set(context, { run, isOfTopLevel: isInTopLevel(context) });
  },
  getenv: ({ runtime }: Context, key: string): unknown => runtime.environment.get(key),
  setenv: (context: Context, key: string, value: unknown): void => {
    requireAlive(context);
    context.runtime.environment.set(key, value);
  },
  genid: (context: Context): number => {
    const { service } = context;
    do service.session = service.session >= 0x7fffffff ? 1 : service.session + 1;
    while (service.calls?.has(service.session) === true);
    return service.session;
  },
  pack: (_context: Context, ...values: unknown[]): Uint8Array => encodeSeri(values),
  packstring: (_context: Context, ...values: unknown[]): string =>
    bytesToString(encodeSeri(values)),
  unpack: (_context: Context, bytes: Uint8Array | string): unknown[] =>
    decodeSeri(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
};
