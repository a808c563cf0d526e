/**
 * `snax.repair({ dry })`: what a patch would do, tried on a copy of a live service.
 *
 *     its thread     the texts that run, and the state between two turns (dry/take-service.ts)
 *     a process      two copies, one with the patch, are asked the same (dry/worker.ts)
 *     the caller     what differs
 *
 * The live service stands still while its state is taken, and is not touched. Nothing is written and no number is given.
 */

import { inspect } from "node:util";
import { copyArguments } from "../../base/copy.ts";
import { codeOf, SnaxError } from "../../base/error.ts";
import { CONSOLE_ANSWER_MS, DRY_PROBES_MAX } from "../../base/limits.ts";
import { messageOf } from "../../service/error-text.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { Context } from "../../service/context.ts";
import type { Errand } from "../../service/errand-state.ts";
import type { Stuck } from "../../service/errand.ts";
import { takeErrand } from "../../service/errand-state.ts";
import { sendErrand, whoHangs } from "../../service/errand.ts";
import { otherThreads } from "../../service/threads.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import { bind } from "../../snax/snax-functions.ts";
import type { Patch } from "../../snax/types.ts";
import type { DryOptions, DryProbe, DryReport } from "../../snax/types-dry.ts";
import { parseLiterals } from "../../texts/literal.ts";
import { runDry } from "../dry/dry-process.ts";
import type { DryAsk, DryCall, DryService } from "../dry/question.ts";
import { takeService } from "../dry/take-service.ts";
import { readPatch } from "../text/compile.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { targetOf } from "../rollout/one-service.ts";

/** The commands of a thread's steward. */
const TAKE = "DRYTAKE";
const LOWEST = "DRYLOWEST";

/** Has a thread give its services to dry runs. */
export function answerDry({ runtime }: LiveThread): void {
  runtime.stewardCommands.set(TAKE, async (_context, [errand, handle]) =>
    takeErrand(errand as Errand)
      ? await takeHere(runtime.contextOf(handle as number), handle as number)
      : undefined,
  );
  runtime.stewardCommands.set(LOWEST, async (_context, [errand, type]) =>
    takeErrand(errand as Errand) ? lowestHere(runtime, type as string) : undefined,
  );
}

async function takeHere(context: Context | undefined, handle: number): Promise<DryService> {
  if (context === undefined) throw deadError(handle);
  return await takeService(context);
}

function lowestHere(runtime: Context["runtime"], type: string): number | undefined {
  let lowest: number | undefined;
  for (const { code, handle, name } of runtime.contexts()) {
    if (code !== undefined && name === type && handle < (lowest ?? Infinity)) lowest = handle;
  }
  return lowest;
}

/** Tries a patch for one service; see `DryApi.hotfix`. */
export async function dryRun(
  caller: SnaxCaller,
  options: DryOptions,
  target: unknown,
  patch: readonly [Patch, ...unknown[]],
): Promise<DryReport> {
  return await tryOn(caller, options, targetOf(caller, target), patch);
}

/** Tries a patch for the service of a type that has the lowest address; see `DryApi.hotfixall`. */
export async function dryRunType(
  caller: SnaxCaller,
  options: DryOptions,
  type: string,
  patch: readonly [Patch, ...unknown[]],
): Promise<DryReport> {
  const { context } = caller;
  const { runtime } = context;
  // A name that no file has is refused first, with the one that was meant.
  runtime.paths.find(type);
  const asked = otherThreads(runtime.threads).map((thread) => ask(context, thread, LOWEST, type));
  const found = [lowestHere(runtime, type), ...(await Promise.all(asked))];
  const handles = found.filter((handle) => typeof handle === "number");
  if (handles.length === 0) {
    const why = `no ${type} lives: a dry run needs one whose state it can copy`;
    throw new SnaxError("ERR_NO_SERVICE", why);
  }
  return await tryOn(caller, options, Math.min(...handles), patch);
}

async function tryOn(
  caller: SnaxCaller,
  { probes = [], allow = [] }: DryOptions,
  handle: number,
  [patch, ...args]: readonly [Patch, ...unknown[]],
): Promise<DryReport> {
  const { context } = caller;
  const { runtime } = context;
  const texts = readPatch(patch);
  const calls = probes.map(readProbe);
  const own = copyArguments(args, undefined);
  const thread = runtime.threads?.threadOf(handle);
  const isHere = thread === undefined || thread === runtime.threads?.own;
  const service = isHere
    ? await takeHere(runtime.contextOf(handle), handle)
    : ((await ask(context, thread, TAKE, handle)) as DryService);
  const limitMs = runtime.environment.hotfixMs;
  const done = await runDry({ service, texts, args: own, probes: calls, allow }, limitMs, (asked) =>
    askLive(caller, asked),
  );
  const { hotfix, atOnce, probes: probed, afterProbes, notes } = done;
  const { type, inFlight, held } = service;
  return {
    ...{ handle, type, inFlight, missing: [...service.missing, ...done.missing] },
    ...{ hotfix, atOnce, probes: probed, afterProbes, notes, held },
  };
}

/** Asks a live service in the name of the caller who wants the dry run. */
function askLive(caller: SnaxCaller, { address, type, method, args }: DryAsk): Promise<unknown> {
  const { context } = caller;
  return new Promise((resolve, reject) => {
    const run = async (): Promise<unknown> => {
      if (type === undefined || method === undefined) {
        const [protocol = "lua", ...values] = args;
        return await createSkynet(context).call(address, String(protocol), ...values);
      }
      const { req } = bind(caller, Number(address), type) as unknown as {
        readonly req: Readonly<Record<string, (...values: unknown[]) => Promise<unknown>>>;
      };
      return await req[method]?.(...args);
    };
    context.runtime.kernel.soon(context.service, () => void run().then(resolve, reject));
  });
}

/** Asks a thread; one that hangs is an error. */
function ask(
  context: Context,
  thread: number,
  ...order: [command: string, ...args: unknown[]]
): Promise<unknown> {
  const limitMs = CONSOLE_ANSWER_MS;
  const error = (stuck: Stuck): SnaxError => {
    const why = `${whoHangs(stuck)} has not returned for ${limitMs} ms; nothing was copied`;
    return new SnaxError("ERR_TIMEOUT", `thread ${thread} does not answer: ${why}`);
  };
  return sendErrand(context, thread, { limitMs, error }, ...order).catch((reason: unknown) => {
    if (codeOf(reason) === "ERR_SERVICE_DEAD" && order[0] === LOWEST) return undefined;
    throw reason;
  });
}

/**
 * Reads the options of a dry run.
 *
 * @throws {ERR_ARGUMENT} if they are not valid, or there are too many probes.
 */
export function readDry(given: unknown): DryOptions {
  if (typeof given !== "object" || given === null) {
    throw new SnaxError("ERR_ARGUMENT", `dry of snax.repair is { probes }, not ${inspect(given)}`);
  }
  const unknown = Object.keys(given).find((name) => name !== "probes" && name !== "allow");
  if (unknown !== undefined) {
    const why = `a dry run has no option ${unknown}, only probes and allow`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const { probes = [], allow = [] } = given as { probes?: unknown; allow?: unknown };
  if (!Array.isArray(probes)) {
    throw new SnaxError("ERR_ARGUMENT", `probes of a dry run are a list, not ${inspect(probes)}`);
  }
  if (probes.length > DRY_PROBES_MAX) {
    const why = `${probes.length} probes are more than ${DRY_PROBES_MAX} (DRY_PROBES_MAX)`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  if (!Array.isArray(allow) || !allow.every((each) => /^[^\s]+\.\w+$/.test(String(each)))) {
    const why = `allow of a dry run is a list such as ["stock.left"], not ${inspect(allow)}`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const calls = probes.map(readProbe);
  return { probes: calls, allow: allow.map(String) };
}

const PROBE = /^\s*([\p{ID_Start}_$][\p{ID_Continue}$]*)(?:\s+(.*))?$/su;

/** `buy "apple", 1`: what is between the arguments may also be a blank. */
function readProbe(given: unknown): DryCall {
  if (typeof given === "object" && given !== null) {
    const { method, args = [] } = given as Partial<DryProbe>;
    if (typeof method === "string" && Array.isArray(args)) return { method, args };
  }
  const [, method, rest = ""] = typeof given === "string" ? (PROBE.exec(given) ?? []) : [];
  if (method === undefined) {
    const why = `${inspect(given)} is no probe: write a method and its arguments, buy "apple", 1`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  return { method, args: readArguments(rest) };
}

function readArguments(text: string): unknown[] {
  if (text.trim() === "") return [];
  try {
    return parseLiterals(text);
  } catch (error) {
    // As words of a shell, `buy "apple" 1`.
    const words = text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S+/g) ?? [];
    try {
      return words.flatMap((word) => parseLiterals(word));
    } catch (reason) {
      // Whichever says more: a text without quotes is named by the one, a wrong list by the other.
      throw messageOf(error) === PLAIN ? reason : error;
    }
  }
}

/** What is said of a text that is no list at all. */
const PLAIN = "Invalid arguments";
