/**
 * Looks into a thread that does not return, and ends what it does: the conversation, whichever way it travels.
 *
 *     Debugger.enable -> pause -> [ask the desk: who, what, where] -> resume
 *                                                                  -> out of the runtime's own code -> [desk: condemn]
 *                                                                     -> resume and terminate -> [desk: recover]
 *
 * Between pause and resume the thread can't change: what the desk says is true when the decision is made. Where the
 * user has a debugger attached and sits in a pause of their own, nothing is touched.
 */

import { isOwnFile, OWN_FILES } from "../base/own-files.ts";
import { ask, reasonToSpare, recover, sentenceOf } from "./desk-talk.ts";
import type { Finding, Suspect } from "./finding.ts";
import { IS_LOADING } from "./finding.ts";
import type { InspectorLink } from "../inspector/link.ts";
import { within } from "../inspector/link.ts";
import { DRAIN_NAME } from "./event-loop.ts";
import type { Paused } from "./pause-queue.ts";
import { PauseQueue } from "./pause-queue.ts";
import { ANSWER_MS, lookUnpaused, mustNotPause } from "./unpaused-look.ts";
import type { DeskReport } from "./watch-desk.ts";

/** How often the way out of the runtime's own code is tried, one function at a time. */
const STEPS_MAX = 20;

/** Milliseconds that one such step may take. */
const STEP_MS = 250;

/** How often a handler is cut off anew because the cut was lost. */
const CUTS_MAX = 10;

/** Examines a thread; the session is not closed. */
export async function examine(link: InspectorLink, suspect: Suspect): Promise<Finding> {
  let finding = await look(link, suspect);
  for (let cuts = 1; isLost(finding) && cuts < CUTS_MAX; cuts += 1) {
    const next = await look(link, suspect);
    // It had been cut off after all, and has been told of.
    if (next.kind === "gone") return finding;
    finding = next;
  }
  return finding;
}

function isLost(finding: Finding): boolean {
  return finding.kind === "interrupted" && finding.isLost === true;
}

async function look(link: InspectorLink, suspect: Suspect): Promise<Finding> {
  const pauses = new PauseQueue(link);
  if ((await within(ANSWER_MS, link.post("Debugger.enable"))) === undefined)
    return { kind: "silent" };
  try {
    if (pauses.isPaused) return { kind: "debugged" };
    if (await mustNotPause(link, suspect)) return await lookUnpaused(link, suspect);
    const paused = await pauses.after(ANSWER_MS, () => void link.post("Debugger.pause"));
    if (paused === undefined) return await lookUnpaused(link, suspect);
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
    await resume(link, hold);
    return { kind: "gone" };
  }
  if (!suspect.isCondemned) {
    await resume(link, hold);
    return { kind: "seen", report };
  }
  const spared = await reasonToSpare(link, suspect, report);
  const why = spared ?? (await leaveRuntime(link, hold));
  if (why !== undefined) {
    await resume(link, hold);
    return { kind: "refused", report, why, isForGood: spared !== undefined };
  }
  // On the way out of the runtime's code the handler may have come to its end.
  if ((await ask(link, suspect.desk, sentenceOf(suspect))) !== String(suspect.dispatch)) {
    await resume(link, hold);
    return { kind: "gone" };
  }
  // Not waited for: a question that comes when the thread has begun to go on can swallow the termination.
  const resumed = link.post("Debugger.resume", { terminateOnResume: true });
  // Sent with it: no code may run while the debugger is on. On V8 12 a function that calls `upvalues()` then, and loops, hears
  // of nothing any more: its breakpoint stays, and each round of the loop is spent on a compilation that V8 refuses.
  const off = link.post("Debugger.disable").catch(() => {});
  await resumed;
  const isLost = !(await recover(link, suspect.desk));
  await within(ANSWER_MS, off);
  return { kind: "interrupted", report, isLost };
}

/**
 * Lets the thread go on, and waits until it does. One that is still on its way out of the pause takes every message that
 * comes meanwhile for one of the pause: the next conversation would find it paused, and take that for the pause of another debugger.
 */
async function resume(link: InspectorLink, { pauses }: Hold): Promise<void> {
  const resumed = pauses.resumed();
  await link.post("Debugger.resume");
  await within(ANSWER_MS, resumed);
}

/**
 * Goes on until the thread is in the program's code: cut off in the middle of the runtime's own, it is not known what state
 * that is in.
 *
 * @returns why that did not succeed.
 */
async function leaveRuntime(
  link: InspectorLink,
  { pauses, paused }: Hold,
): Promise<string | undefined> {
  let frames = paused.callFrames;
  if (isLoading(frames)) return IS_LOADING;
  if (!frames.some(isForeign) && !isDraining(frames)) return IN_RUNTIME;
  for (let step = 0; step < STEPS_MAX && isRuntime(frames); step += 1) {
    const next = await pauses.after(STEP_MS, () => void link.post("Debugger.stepOut"));
    if (next === undefined) return await holdAgain(link, pauses);
    frames = next.callFrames;
  }
  return isRuntime(frames) ? IN_RUNTIME : undefined;
}

const IN_RUNTIME = "it is in the runtime's own code";

/** A step that takes long is let go, so that the thread stands still for the code that goes on with it. */
async function holdAgain(link: InspectorLink, pauses: PauseQueue): Promise<string> {
  const paused = await pauses.after(ANSWER_MS, () => void link.post("Debugger.pause"));
  return paused === undefined ? "it does not answer any more" : IN_RUNTIME;
}

/**
 * Says whether the runtime is at work, and not a program that it has called; or Node's note of a promise that was rejected:
 * Node calls that from C++, which lets no end of what runs through, so a cut there would be lost.
 */
function isRuntime(frames: Paused["callFrames"]): boolean {
  return isOwnFile(frames[0]?.url ?? "") || frames.some(isRejectionNote);
}

function isRejectionNote({ functionName, url }: Paused["callFrames"][number]): boolean {
  return functionName === "promiseRejectHandler" && url === "node:internal/process/promises";
}

/**
 * Says whether microtasks are drained and none of the runtime's own is under way. A service that polls without a pause
 * (`for (;;) await null`) is found between two of its microtasks, and then none of its frames is there.
 */
function isDraining(frames: Paused["callFrames"]): boolean {
  const own = frames.find(({ url }) => isOwnFile(url));
  // Cut off before, in the drain, it goes on where Node drains by itself.
  if (own === undefined) return frames.at(-1)?.functionName === "processTicksAndRejections";
  return own !== frames[0] && own.functionName === DRAIN_NAME;
}

/**
 * Says whether the loader is at work, which takes its time for the first file of a process: then it is below what packages
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
