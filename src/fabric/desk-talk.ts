/** What the watchdog says to a thread's desk, through the inspector. */

import { openBooks } from "./async-door.ts";
import type { Suspect } from "./finding.ts";
import type { InspectorLink } from "../inspector/link.ts";
import { within } from "../inspector/link.ts";
import type { DeskQuestion, DeskReport } from "./watch-desk.ts";
import { askDesk, booksOf, UNCUT } from "./watch-desk.ts";

/** How often the desk is asked for a turn. */
const RECOVERIES_MAX = 100;

/** Milliseconds until it is asked again; a thread that has just been cut off has nothing else to do. */
const RECOVERY_MS = 100;

/** Answers in a row that say so after which a cut is lost; the first may come before it. */
const UNCUTS_MAX = 3;

/**
 * Sees to it that a turn follows.
 *
 * What was cut off may have left a long queue of microtasks, a million promises that were rejected: until they have run the
 * desk answers "busy", at once, so it is the pause between two questions that gives it time.
 *
 * Race: a question that comes while the thread is still on its way out of what was cut off ends with it, and is asked again;
 * test/integration/fabric/watchdog.test.ts, on a busy machine.
 *
 * @returns false if the cut is lost: the turn goes on. V8 ends what runs at its next check, and if that is in something that
 * Node calls from C++, such as its note of a rejected promise, Node goes on behind it as if nothing had been.
 */
export async function recover(link: InspectorLink, desk: string): Promise<boolean> {
  let uncuts = 0;
  for (let attempt = 0; attempt < RECOVERIES_MAX; attempt += 1) {
    const pause = within(RECOVERY_MS, new Promise<never>(() => {}));
    const answer = await within(
      RECOVERY_MS,
      ask(link, desk, "recover").catch(() => undefined),
    );
    if (answer === "ok") return true;
    uncuts = answer === UNCUT ? uncuts + 1 : 0;
    if (uncuts === UNCUTS_MAX) return false;
    await pause;
  }
  return true;
}

/** Asks a thread's desk; waits for as long as the thread does not answer. */
export async function ask(
  link: InspectorLink,
  desk: string,
  about: DeskQuestion,
): Promise<string | undefined> {
  const expression = askDesk(desk, about);
  const answer = await link.post("Runtime.evaluate", { expression, returnByValue: true });
  const { value } = (answer as { result: { value?: unknown } }).result;
  return typeof value === "string" ? value : undefined;
}

/** Says why a handler must never be cut off. */
export async function reasonToSpare(
  link: InspectorLink,
  { desk }: Suspect,
  { isProgram }: DeskReport,
): Promise<string | undefined> {
  if (isProgram) return "it is code of the program that started the node";
  // Found anew each time: that takes a millisecond, and nothing has to be right before it is needed.
  if (!(await openBooks(link, booksOf(desk)))) return "this Node does not show its async ids";
  return undefined;
}

/** The question that condemns a suspect. */
export function sentenceOf({ isByHand }: Suspect): DeskQuestion {
  return isByHand === true ? "condemnByHand" : "condemn";
}
