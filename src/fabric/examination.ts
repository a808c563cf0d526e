/**
 * Looks into a thread that does not return, and ends what it does: the conversation, whichever way it travels.
 *
 *     Debugger.enable -> pause -> [ask the desk: who, what, where] -> resume
 *                                                                  -> out of the runtime's own code -> [desk: condemn]
 *                                                                     -> resume and terminate -> [desk: recover]
 *
 * Between pause and resume the thread can't change: what the desk says is true when the decision is made. Where the
 * user has a debugger attached and sits in a pause of his own, nothing is touched.
 */

import { openBooks } from "./async-door.ts";
import type { InspectorLink, Paused } from "./inspector-link.ts";
import { within } from "./inspector-link.ts";
import type { DeskQuestion, DeskReport } from "./watch-desk.ts";
import { askDesk, booksOf, OWN_FILES, OWN_SERVICES } from "./watch-desk.ts";

/** Milliseconds to wait for a thread that runs JavaScript: it answers within 100 on a busy machine. */
const ANSWER_MS = 1000;

/** How often the way out of the runtime's own code is tried, one function at a time. */
const STEPS_MAX = 20;

/** Milliseconds for one such step. */
const STEP_MS = 250;

/** What came of it. */
export type Finding =
  /** The thread was paused and went on; `report` says what it did. */
  | { readonly kind: "seen"; readonly report: DeskReport }
  /** What it did was cut off. */
  | { readonly kind: "interrupted"; readonly report: DeskReport }
  /** It was not cut off, because that would have done harm; `why` is for people. */
  | {
      readonly kind: "refused";
      readonly report: DeskReport;
      readonly why: string;
      /** It will never be possible, as long as this handler runs. */
      readonly isForGood: boolean;
    }
  /** It had gone on to something else before it paused. */
  | { readonly kind: "gone" }
  /** Somebody else has paused it. */
  | { readonly kind: "debugged" }
  /** It does not answer: it is in native code. */
  | { readonly kind: "silent" };

/** Which dispatch of which node is meant. */
export interface Suspect {
  readonly desk: string;
  readonly dispatch: number;
  /** Cut it off as well. */
  readonly isCondemned: boolean;
  /** An operator wants it. @defaultValue false */
  readonly isByHand?: boolean;
}

/** Examines a thread; the session is not closed. */
export async function examine(link: InspectorLink, suspect: Suspect): Promise<Finding> {
  const pauses = new PauseQueue(link);
  if ((await within(ANSWER_MS, link.post("Debugger.enable"))) === undefined)
    return { kind: "silent" };
  try {
    if (pauses.isPaused) return { kind: "debugged" };
    const paused = await pauses.after(ANSWER_MS, () => void link.post("Debugger.pause"));
    if (paused === undefined) return { kind: "silent" };
    return await question(link, suspect, { pauses, paused });
  } finally {
    await within(ANSWER_MS, link.post("Debugger.disable"));
  }
}

interface Hold {
  readonly pauses: PauseQueue;
  readonly paused: Paused;
}

async function question(link: InspectorLink, suspect: Suspect, hold: Hold): Promise<Finding> {
  const text = await ask(link, suspect.desk, "examine");
  const report = text === undefined ? undefined : (JSON.parse(text) as DeskReport);
  if (report === undefined || report.dispatch !== suspect.dispatch) {
    await resume(link);
    return { kind: "gone" };
  }
  if (!suspect.isCondemned) {
    await resume(link);
    return { kind: "seen", report };
  }
  const spared = await reasonToSpare(link, suspect, report);
  const why = spared ?? (await leaveRuntime(link, hold));
  if (why !== undefined) {
    await resume(link);
    return { kind: "refused", report, why, isForGood: spared !== undefined };
  }
  // On the way out of the runtime's code the handler may have come to its end.
  const sentence = suspect.isByHand === true ? "condemnByHand" : "condemn";
  if ((await ask(link, suspect.desk, sentence)) !== String(suspect.dispatch)) {
    await resume(link);
    return { kind: "gone" };
  }
  // Not waited for: a question that comes when the thread has begun to go on can swallow the termination.
  await link.post("Debugger.resume", { terminateOnResume: true });
  await recover(link, suspect.desk);
  return { kind: "interrupted", report };
}

/**
 * Lets the thread go on, and waits until it does. One that is still on its way out of the pause takes every message that
 * comes meanwhile for one of the pause: the next conversation would find it paused, and take that for somebody else's.
 */
async function resume(link: InspectorLink): Promise<void> {
  const resumed = new Promise<void>((resolve) => {
    link.onResumed = resolve;
  });
  await link.post("Debugger.resume");
  await within(ANSWER_MS, resumed);
}

/** How often the desk is asked for a turn. */
const RECOVERIES_MAX = 100;

/** Milliseconds until it is asked again; a thread that has just been cut off has nothing else to do. */
const RECOVERY_MS = 100;

/**
 * Sees to it that a turn follows.
 *
 * Race: a question that comes while the thread is still on its way out of what was cut off ends with it, and is asked again;
 * test/integration/watchdog.test.ts, on a busy machine.
 */
async function recover(link: InspectorLink, desk: string): Promise<void> {
  for (let attempt = 0; attempt < RECOVERIES_MAX; attempt += 1) {
    const answer = ask(link, desk, "recover").catch(() => undefined);
    if ((await within(RECOVERY_MS, answer)) === "ok") return;
  }
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
async function reasonToSpare(
  link: InspectorLink,
  { desk }: Suspect,
  { isProgram }: DeskReport,
): Promise<string | undefined> {
  if (isProgram) return "it is code of the program that started the node";
  // Found anew each time: that takes a millisecond, and nothing has to be right before it is needed.
  if (!(await openBooks(link, booksOf(desk)))) return "this Node does not show its async ids";
  return undefined;
}

/**
 * Goes on until the thread is in the program's code: cut off in the middle of the runtime's own, nobody knows what state
 * that is in.
 *
 * @returns why that did not succeed.
 */
async function leaveRuntime(
  link: InspectorLink,
  { pauses, paused }: Hold,
): Promise<string | undefined> {
  let frames = paused.callFrames;
  if (isLoading(frames)) return "a file is being loaded";
  if (!frames.some(isForeign)) return IN_RUNTIME;
  for (let step = 0; step < STEPS_MAX && isRuntime(frames); step += 1) {
    const next = await pauses.after(STEP_MS, () => void link.post("Debugger.stepOut"));
    if (next === undefined) return await holdAgain(link, pauses);
    frames = next.callFrames;
  }
  return isRuntime(frames) ? IN_RUNTIME : undefined;
}

const IN_RUNTIME = "it is in the runtime's own code";

/** A step that takes long is let go, so that the thread stands still for whoever goes on with it. */
async function holdAgain(link: InspectorLink, pauses: PauseQueue): Promise<string> {
  const paused = await pauses.after(ANSWER_MS, () => void link.post("Debugger.pause"));
  return paused === undefined ? "it does not answer any more" : IN_RUNTIME;
}

/** Says whether the runtime is at work, and not a program that it has called. */
function isRuntime([top]: Paused["callFrames"]): boolean {
  return isOwnFile(top?.url ?? "");
}

/**
 * Says whether the loader is at work, which takes its time for the first file of a process: then it stands below what packages
 * and Node do for it, and above the program, if that has anything to do with it.
 */
function isLoading(frames: Paused["callFrames"]): boolean {
  const doer = frames.find((frame) => isForeign(frame) || isOwnFile(frame.url));
  const own = frames.find(({ url }) => isOwnFile(url));
  const isForLoader = own?.url.startsWith(OWN_LOADER) === true;
  return isForLoader && (doer === own || doer?.url.includes("/node_modules/") === true);
}

/** A frame of a program or a package: neither the runtime's nor Node's own. */
function isForeign({ url }: Paused["callFrames"][number]): boolean {
  return url !== "" && !/^(node|wasm):/.test(url) && !isOwnFile(url);
}

const OWN_LOADER = `${OWN_FILES}loader/`;

function isOwnFile(url: string): boolean {
  return url.startsWith(OWN_FILES) && !url.startsWith(OWN_SERVICES);
}

/** The pauses of a thread, one at a time. */
class PauseQueue {
  /** The thread has paused although nobody here has asked for it. */
  isPaused = false;
  #next: (paused: Paused) => void = () => {
    this.isPaused = true;
  };

  constructor(link: InspectorLink) {
    link.onPaused = (paused) => this.#next(paused);
  }

  /** Does something and waits for the pause that follows from it. @returns undefined if none does in time. */
  after(ms: number, act: () => void): Promise<Paused | undefined> {
    const paused = new Promise<Paused>((resolve) => {
      this.#next = resolve;
    });
    act();
    return within(ms, paused);
  }
}
