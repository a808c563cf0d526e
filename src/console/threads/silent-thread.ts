/**
 * Threads that do not answer: what an operator is told instead of waiting until they are back.
 *
 *     command about a service -> probe of its thread -> silent: ERR_TIMEOUT that says who runs there; nothing was sent
 *                                                    -> answered: the command, and a watch over the thread
 *     watch                   -> a probe now and then  -> silent for long: ERR_TIMEOUT that says whether the command was done
 *
 * So a command that was refused does not run later. One that takes long (`profile`, `inject`) is waited for as long as its
 * thread answers, or is held by the console's own work there (`dumpheap`).
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { CONSOLE_ANSWER_MS, CONSOLE_SILENCE_MS } from "../../base/limits.ts";
import { formatAddress } from "../../kernel/service.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Timer } from "../../kernel/timers.ts";
import { request } from "../../service/calls.ts";
import type { Operator } from "../operator/operator.ts";

/**
 * The addresses of the services that are being debugged, by thread: a thread can stand still for one operator only. The command
 * `debug` writes it.
 */
export const debugged: Map<number, string> = new Map();

/** The command of a thread's steward that does nothing. */
export const PROBE = "PROBE";

/**
 * Makes sure that threads answer.
 *
 * @param waitMs - how long to wait for that. @defaultValue CONSOLE_ANSWER_MS
 * @throws {ERR_TIMEOUT} if one does not within that time.
 * @throws {ERR_SERVICE_DEAD} if one has ended.
 */
export async function probe(
  operator: Operator,
  threads: readonly number[],
  waitMs: number = CONSOLE_ANSWER_MS,
): Promise<void> {
  await Promise.all(
    threads.map(async (thread) => {
      try {
        await askThread(operator, thread, [PROBE], waitMs);
      } catch (error) {
        if (codeOf(error) !== "ERR_TIMEOUT") throw error;
        throw await silenceError(operator, { thread, waitMs, fate: FATE.none });
      }
    }),
  );
}

/**
 * For how long an operator who wants to change something waits for a silent thread: the watchdog may be about to cut off what
 * keeps it, and then is the time for a patch.
 */
export function patienceMs({ runtime }: Operator): number {
  const { interrupt } = runtime.environment.get("stall") as { interrupt: number };
  return interrupt === 0 ? CONSOLE_ANSWER_MS : interrupt + CONSOLE_ANSWER_MS;
}

/** Sends a command to a thread's steward; it fails with ERR_TIMEOUT after some milliseconds. */
export function askThread(
  { context, runtime }: Operator,
  thread: number,
  values: unknown[],
  waitMs: number,
): Promise<unknown> {
  const handle = runtime.threads?.steward(thread) ?? 0;
  return request(context, handle, { type: PTYPE.system, method: 0, values }, waitMs);
}

/** What has become of a command whose thread fell silent. */
export const FATE = {
  /** It was not sent, or was withdrawn before it began. */
  none: "nothing was done",
  begun: "it has begun and may have been done",
  sent: "it was sent, so it may have been done, or is done when the thread goes on",
} as const;

/** One of {@link FATE}. */
export type Fate = (typeof FATE)[keyof typeof FATE];

/** A command that waits for threads. */
export interface Watched<T> {
  readonly threads: readonly number[];
  readonly work: Promise<T>;
  /** Decides what becomes of the command when it is given up. */
  giveUp(): Fate;
}

/**
 * Waits for a command as long as its threads answer.
 *
 * @throws {ERR_TIMEOUT} if one does not for {@link CONSOLE_SILENCE_MS}; it says what has become of the command.
 */
export function waitWatching<T>(
  operator: Operator,
  { threads, work, giveUp }: Watched<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onSilence = (thread: number): void => {
      end();
      silenceError(operator, { thread, waitMs: CONSOLE_SILENCE_MS, fate: giveUp() }).then(
        reject,
        reject,
      );
    };
    const watches = threads.map((thread) => watch(operator, thread, () => onSilence(thread)));
    const end = (): void => {
      for (const endWatch of watches) endWatch();
    };
    work.finally(end).then(resolve, reject);
  });
}

/** Probes a thread now and then. @returns what ends it */
function watch(operator: Operator, thread: number, onSilence: () => void): () => void {
  const { kernel, threads } = operator.runtime;
  const { service } = operator.context;
  let isOver = false;
  const later = (): Timer => kernel.addTimer(service, CONSOLE_ANSWER_MS, look);
  let timer = later();
  function look(): void {
    askThread(operator, thread, [PROBE], CONSOLE_SILENCE_MS).then(goOn, (error: unknown) => {
      // The end of a thread answers all that waits for it.
      if (codeOf(error) !== "ERR_TIMEOUT" || isOver) return;
      const isOwnWork = threads?.workOf(thread)?.handle === threads?.steward(thread);
      if (isOwnWork) goOn();
      else onSilence();
    });
  }
  function goOn(): void {
    if (!isOver) timer = later();
  }
  return () => {
    isOver = true;
    kernel.removeTimer(service, timer);
  };
}

/** A thread that did not answer. */
interface Silence {
  readonly thread: number;
  readonly waitMs: number;
  readonly fate: Fate;
}

async function silenceError(
  operator: Operator,
  { thread, waitMs, fate }: Silence,
): Promise<SnaxError> {
  const { handle, text } = await whoRuns(operator, thread);
  const silence = `${fate}: thread ${thread} does not answer within ${waitMs} ms`;
  const address = debugged.get(thread);
  if (address !== undefined) {
    const why = `${silence}; ${address} is being debugged there`;
    return new SnaxError("ERR_TIMEOUT", why, { data: { thread, handle } });
  }
  const runs = handle === 0 ? "" : `; ${text} runs there`;
  const advice = handle === 0 ? "" : `; signal ${formatAddress(handle)} cuts it off`;
  return new SnaxError("ERR_TIMEOUT", `${silence}${runs}${advice}`, { data: { thread, handle } });
}

/** Whose handler a thread runs, and perhaps never ends: its handle (0 = none), and address and title in text. */
export async function whoRuns(
  { runtime, skynet }: Operator,
  thread: number,
): Promise<{ readonly handle: number; readonly text: string }> {
  const handle = runtime.threads?.workOf(thread)?.handle ?? 0;
  if (handle === 0) return { handle, text: "" };
  const [title] = await skynet.call<(string | undefined)[]>(".launcher", "lua", "TITLES", [handle]);
  return { handle, text: `${formatAddress(handle)}${title === undefined ? "" : ` (${title})`}` };
}
