/**
 * Threads that do not answer: what an operator is told instead of waiting until they are back.
 *
 *     command about a service -> probe of its thread -> answered: the command, for as long as it takes
 *                                                    -> silent: ERR_TIMEOUT that says who runs there; nothing was sent
 *
 * So a command that was refused does not run later, and one that is known to take long (`profile`, `inject`) is waited for
 * once its thread has shown that it answers.
 */

import { codeOf, SnaxError } from "../base/error.ts";
import { CONSOLE_ANSWER_MS } from "../base/limits.ts";
import { formatAddress } from "../kernel/address.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { request } from "../service/calls.ts";
import { debugged } from "./debugged.ts";
import type { Operator } from "./operator.ts";

/** The command of a thread's steward that does nothing. */
export const PROBE = "PROBE";

/**
 * Makes sure that threads answer.
 *
 * @throws {ERR_TIMEOUT} if one does not within {@link CONSOLE_ANSWER_MS}.
 * @throws {ERR_SERVICE_DEAD} if one has ended.
 */
export async function probe(operator: Operator, threads: readonly number[]): Promise<void> {
  await Promise.all(
    threads.map(async (thread) => {
      try {
        await askThread(operator, thread, [PROBE], CONSOLE_ANSWER_MS);
      } catch (error) {
        if (codeOf(error) !== "ERR_TIMEOUT") throw error;
        throw await silenceError(operator, thread);
      }
    }),
  );
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

async function silenceError(operator: Operator, thread: number): Promise<SnaxError> {
  const { handle, text } = await whoRuns(operator, thread);
  const silence = `thread ${thread} does not answer within ${CONSOLE_ANSWER_MS} ms`;
  const address = debugged.get(thread);
  if (address !== undefined) {
    const why = `${silence}; ${address} is being debugged there`;
    return new SnaxError("ERR_TIMEOUT", why, { data: { thread, handle } });
  }
  const runs = handle === 0 ? "" : `; ${text} runs there`;
  const advice = handle === 0 ? "" : `; signal ${formatAddress(handle)} cuts it off`;
  return new SnaxError("ERR_TIMEOUT", `${silence}${runs}${advice}`, { data: { thread, handle } });
}

/** Whose handler a thread runs, and perhaps never ends: its handle (0 = nobody's), and address and title in text. */
export async function whoRuns(
  { runtime, skynet }: Operator,
  thread: number,
): Promise<{ readonly handle: number; readonly text: string }> {
  const handle = runtime.threads?.workOf(thread)?.handle ?? 0;
  if (handle === 0) return { handle, text: "" };
  const [title] = await skynet.call<(string | undefined)[]>(".launcher", "lua", "TITLES", [handle]);
  return { handle, text: `${formatAddress(handle)}${title === undefined ? "" : ` (${title})`}` };
}
