/**
 * `snax.inflight`: which handlers still run what a patch has replaced, on all threads.
 *
 *     ledger    the texts of the patch, and when it was in
 *     threads   INFLIGHT -> old-handlers.ts looks at the services that have it
 *     wait      asked again until none is left, or the time is over
 *
 * A thread that hangs is named with the service that keeps it: what it runs can't be seen from outside.
 */

import { inspect } from "node:util";
import { codeOf, SnaxError } from "../../base/error.ts";
import { CONSOLE_ANSWER_MS } from "../../base/limits.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import type { Errand } from "../../service/errand-state.ts";
import type { Stuck } from "../../service/errand.ts";
import { beginErrand, takeErrand } from "../../service/errand-state.ts";
import { sendErrand, whoHangs } from "../../service/errand.ts";
import { otherThreads } from "../../service/threads.ts";
import { createSkynet } from "../../service/skynet.ts";
import type { PatchRecord } from "../../snax/types.ts";
import type {
  InflightOptions,
  InflightResult,
  InflightSilence,
} from "../../snax/types-inflight.ts";
import type { InflightLook, InflightQuestion } from "../inspect/old-handlers.ts";
import { lookInflight } from "../inspect/old-handlers.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { askPatchTexts } from "./patch-texts.ts";

/** The command of a thread's steward: `INFLIGHT(errand, question)`. */
const INFLIGHT = "INFLIGHT";

/** Milliseconds between two looks: at first, and at most. */
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 500;

/** Has a thread tell others which handlers of its services run old bodies. */
export function answerInflight({ runtime }: LiveThread): void {
  runtime.stewardCommands.set(INFLIGHT, async (context, [errand, question]) => {
    const { end } = question as InflightQuestion;
    // The caller has given this thread up, and says so: then nothing is ended behind its back.
    const isWanted = end ? beginErrand(errand as Errand) : takeErrand(errand as Errand);
    return isWanted ? await look(context, question as InflightQuestion) : undefined;
  });
}

function look(context: Context, question: InflightQuestion): Promise<InflightLook> {
  return lookInflight({ runtime: context.runtime, skynet: createSkynet(context) }, question);
}

/** Lists, awaits or ends handlers on bodies from before a patch; see `SnaxApi.inflight`. */
export async function inflight(
  live: LiveThread,
  context: Context,
  id: unknown,
  options?: unknown,
): Promise<InflightResult> {
  const { wait, end } = readOptions(options);
  const record = findPatch(live, id);
  const texts = await askPatchTexts(live, context, record);
  const question = { id: record.id, texts: [...texts.values()], time: record.time, end };
  const { clock } = live.runtime;
  const until = clock.now() + wait;
  let pauseMs = PAUSE_MIN_MS;
  let found = await askAll(context, question);
  const { ended } = found;
  for (;;) {
    const isLeft = found.old + found.unknown + found.silent.length > 0;
    const leftMs = until - clock.now();
    if (!isLeft || leftMs <= 0) return { ...found, ended };
    await pause(context, Math.min(pauseMs, leftMs));
    pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS);
    found = await askAll(context, { ...question, end: false });
  }
}

function findPatch({ ledger }: LiveThread, id: unknown): PatchRecord {
  const record = ledger.find(id as number);
  if (record !== undefined) return record;
  const why = `the ledger has no patch ${inspect(id)}: \`patches\` lists them`;
  throw new SnaxError("ERR_ARGUMENT", why);
}

const OPTIONS: ReadonlySet<string> = new Set<keyof InflightOptions>(["wait", "end"]);

function readOptions(given: unknown = {}): Required<InflightOptions> {
  if (typeof given !== "object" || given === null) {
    throw new SnaxError("ERR_ARGUMENT", `snax.inflight needs options, not ${inspect(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    const why = `snax.inflight has no option ${unknown}, only ${[...OPTIONS].join(" and ")}`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const { wait = 0, end = false } = given as { wait?: unknown; end?: unknown };
  if (typeof wait !== "number" || !(wait >= 0)) {
    const why = `snax.inflight: wait is a number of milliseconds, not ${inspect(wait)}`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  if (typeof end !== "boolean") {
    throw new SnaxError("ERR_ARGUMENT", `snax.inflight: end is true or false, not ${inspect(end)}`);
  }
  return { wait, end };
}

function pause({ runtime, service }: Context, ms: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.kernel.addTimer(service, ms, resolve);
  });
}

/** Asks every thread once. */
async function askAll(context: Context, question: InflightQuestion): Promise<InflightResult> {
  const silent: InflightSilence[] = [];
  const ask = async (thread: number): Promise<InflightLook | undefined> => {
    try {
      return await askOne(context, thread, question);
    } catch (error) {
      const silence = silenceOf(error);
      if (silence !== undefined) silent.push(silence);
      // The services of a thread that has ended are gone.
      else if (codeOf(error) !== "ERR_SERVICE_DEAD") throw error;
      return undefined;
    }
  };
  const asked = [look(context, question), ...otherThreads(context.runtime.threads).map(ask)];
  const looks = (await Promise.all(asked)).filter((each) => each !== undefined);
  const sum = (key: "old" | "unknown" | "current" | "ended"): number =>
    looks.reduce((total, each) => total + each[key], 0);
  return {
    handlers: looks.flatMap(({ handlers }) => handlers),
    ...{ old: sum("old"), unknown: sum("unknown"), current: sum("current"), ended: sum("ended") },
    silent,
    notes: looks.flatMap(({ notes }) => notes),
  };
}

async function askOne(
  context: Context,
  thread: number,
  question: InflightQuestion,
): Promise<InflightLook | undefined> {
  const limitMs = CONSOLE_ANSWER_MS;
  const error = (stuck: Stuck): SnaxError => stuckError(stuck, limitMs);
  const answer = await sendErrand(context, thread, { limitMs, error }, INFLIGHT, question);
  return answer as InflightLook | undefined;
}

function stuckError(stuck: Stuck, limitMs: number): SnaxError {
  const { thread, handle, isCommitted } = stuck;
  const why = `${whoHangs(stuck)} has not returned for ${limitMs} ms`;
  const advice = handle === 0 ? "" : `; signal ${formatAddress(handle)} cuts it off`;
  const outcome = isCommitted
    ? "handlers there may be ended when it goes on"
    : "nothing was done there";
  const said = `${why}; what runs there can't be told, and ${outcome}${advice}`;
  return new SnaxError("ERR_TIMEOUT", `thread ${thread} does not answer: ${said}`, {
    data: { thread, handle },
  });
}

function silenceOf(error: unknown): InflightSilence | undefined {
  if (codeOf(error) !== "ERR_TIMEOUT") return undefined;
  const { data, message } = error as SnaxError;
  const { thread, handle } = data as { thread?: unknown; handle?: unknown };
  if (typeof thread !== "number" || typeof handle !== "number") return undefined;
  return { thread, handle, reason: message };
}
