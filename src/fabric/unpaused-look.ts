/**
 * Looks into a thread that answers and can't be paused.
 *
 *     at the end of its stack, in a recursion that catches the error and goes on: V8 does not pause there, and nothing can be
 *       asked either
 *     in the `message` or `stack` of an error, which loops: it must not be paused, for V8 then describes every frame's `this`,
 *       calls that getter again, and nothing ends it any more, not even the end of the thread. It is cut off where it is
 *
 * A thread that is not paused may go on to something else between two questions. It has not returned for so long that this is
 * a chance of a millisecond.
 */

import { reasonToSpare, recover, sentenceOf } from "./desk-talk.ts";
import type { Finding, Suspect } from "./finding.ts";
import type { InspectorLink } from "../inspector/link.ts";
import { within } from "../inspector/link.ts";
import type { DeskQuestion, DeskReport } from "./watch-desk.ts";
import { askDesk, IN_GETTER } from "./watch-desk.ts";

/** Milliseconds to wait for a thread that runs JavaScript: it answers within 100 on a busy machine. */
export const ANSWER_MS = 1000;

/** Says whether a pause would hang. */
export async function mustNotPause(link: InspectorLink, { desk }: Suspect): Promise<boolean> {
  return (await askUnpaused(link, desk, "glance")) === IN_GETTER;
}

/** Looks into it. */
export async function lookUnpaused(link: InspectorLink, suspect: Suspect): Promise<Finding> {
  const { desk, dispatch, isCondemned } = suspect;
  const told = await askUnpaused(link, desk, "examine");
  if (typeof told !== "string") return told;
  const report = JSON.parse(told) as DeskReport;
  if (report.dispatch !== dispatch) return { kind: "gone" };
  if (!isCondemned) return { kind: "seen", report };
  const why = await reasonToSpare(link, suspect, report);
  if (why !== undefined) return { kind: "refused", report, why, isForGood: true };
  if ((await askUnpaused(link, desk, sentenceOf(suspect))) !== String(dispatch))
    return { kind: "gone" };
  // Order: a question that comes before it is over takes the termination for its own; test/integration/fabric/watchdog-plain.test.ts
  await within(
    ANSWER_MS,
    link.post("Runtime.terminateExecution").catch(() => {}),
  );
  const isLost = !(await recover(link, desk));
  return { kind: "interrupted", report, isLost };
}

async function askUnpaused(
  link: InspectorLink,
  desk: string,
  about: DeskQuestion,
): Promise<string | Finding> {
  const expression = askDesk(desk, about);
  const asking = link.post("Runtime.evaluate", { expression, returnByValue: true });
  const answer = await within(ANSWER_MS, asking);
  if (answer === undefined) return { kind: "silent" };
  const { result, exceptionDetails } = answer as {
    readonly result: { readonly value?: unknown };
    readonly exceptionDetails?: unknown;
  };
  // Nothing in the question throws: there was no stack left for it.
  if (exceptionDetails !== undefined) return { kind: "deep" };
  return typeof result.value === "string" ? result.value : { kind: "gone" };
}
