/**
 * The check of types as a node holds it: a process of its own, started when a service asks,
 * ended when no service has for a while.
 *
 *     check(question) -> worker.js (a child, in a process group of its own) -> the project's
 * `typescript` -> answer
 *
 * A compiler is large, slow and the user's own: if it fails, the node gets
 * "unchecked" with the reason. It has a deadline, a limit of memory, and an environment
 * without this process's secrets.
 */

/* oxlint-disable no-restricted-globals -- a compiler's time is the machine's, whatever the kernel's clock says */

import type { ChildProcess } from "node:child_process";
import { HelperProcess } from "../base/helper-process.ts";
import {
  CHECK_IDLE_MS,
  CHECK_LIMIT_MS,
  CHECK_MEMORY_MIB,
  CHECK_RUNS_MAX,
  CHECK_WAITING_MAX,
} from "../base/limits.ts";
import { memoryText } from "./native-compiler.ts";
import type { CheckAnswer, CheckQuestion } from "./question.ts";

/** What a compiler may take. */
export interface CheckerOptions {
  /** @defaultValue CHECK_LIMIT_MS */
  readonly limitMs?: number;
  /** @defaultValue CHECK_IDLE_MS */
  readonly idleMs?: number;
  /** @defaultValue CHECK_MEMORY_MIB */
  readonly memoryMib?: number;
  /** @defaultValue CHECK_RUNS_MAX */
  readonly runsMax?: number;
  /** @defaultValue CHECK_WAITING_MAX */
  readonly waitingMax?: number;
}

/** Variables that a compiler may need to find its files, and none of the program's. */
const ENVIRONMENT: readonly string[] = [
  ...["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG"],
  ...["SystemRoot", "windir", "USERPROFILE", "LOCALAPPDATA", "ProgramData", "ProgramFiles"],
];

/** A process, and how often it has been asked. */
class Helper extends HelperProcess {
  runs = 0;
}

/** The checks of a node, one after the other. */
export class Checker {
  readonly #options: Required<CheckerOptions>;
  #helper: Helper | undefined;
  #idle: NodeJS.Timeout | undefined;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CheckerOptions = {}) {
    this.#options = {
      limitMs: CHECK_LIMIT_MS,
      idleMs: CHECK_IDLE_MS,
      memoryMib: CHECK_MEMORY_MIB,
      runsMax: CHECK_RUNS_MAX,
      waitingMax: CHECK_WAITING_MAX,
      ...options,
    };
  }

  /** The process that is at work or waits; undefined if there is none. */
  get pid(): number | undefined {
    return this.#helper?.child.pid;
  }

  /** Checks patches; never rejects. */
  async check(question: CheckQuestion): Promise<CheckAnswer> {
    const { waitingMax } = this.#options;
    if (this.#waiting >= waitingMax) {
      return unchecked(`${waitingMax} checks wait already (CHECK_WAITING_MAX)`);
    }
    this.#waiting += 1;
    const mine = this.#last.then(() => this.#ask(question));
    this.#last = mine;
    const answer = await mine;
    this.#waiting -= 1;
    return answer;
  }

  /** Ends the process. */
  close(): void {
    clearTimeout(this.#idle);
    const helper = this.#helper;
    this.#helper = undefined;
    if (helper !== undefined) end(helper.child);
  }

  async #ask(question: CheckQuestion): Promise<CheckAnswer> {
    clearTimeout(this.#idle);
    const { limitMs, idleMs, runsMax } = this.#options;
    try {
      const helper = (this.#helper ??= this.#start());
      helper.runs += 1;
      const answer = await this.#wait(helper, question);
      if (helper.runs >= runsMax) this.close();
      else this.#idle = setTimeout(() => this.close(), idleMs).unref();
      return answer;
    } catch (error) {
      this.close();
      const why = error instanceof Error ? error.message : String(error);
      return unchecked(
        why === LATE ? `the compiler took longer than ${limitMs} ms (CHECK_LIMIT_MS)` : why,
      );
    }
  }

  #start(): Helper {
    const { memoryMib } = this.#options;
    const helper = new Helper(new URL("./worker.js", import.meta.url), {
      memoryMib,
      variables: ENVIRONMENT,
      args: [`${memoryMib}`, `${process.pid}`],
      // The compiler is its child: both end with one signal to the group.
      detached: process.platform !== "win32",
    });
    const { child } = helper;
    // Callers that wait are told by "exit"; no other needs to know.
    child.on("error", () => {});
    child.on("exit", () => {
      if (this.#helper === helper) this.#helper = undefined;
    });
    return helper;
  }

  #wait(helper: Helper, question: CheckQuestion): Promise<CheckAnswer> {
    const { child } = helper;
    const { limitMs, memoryMib } = this.#options;
    holdProcess(child, true);
    return new Promise<CheckAnswer>((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new Error(LATE))), limitMs);
      const onMessage = (answer: unknown): void => settle(() => resolve(answer as CheckAnswer));
      const onError = (error: Error): void => settle(() => reject(error));
      // The pipe of its last words ends with it, or with the last of its children.
      const onExit = (code: number | null, signal: string | null): void => {
        const how = signal ?? `exit code ${code}`;
        const why = helper.wasFull ? memoryText(memoryMib) : `the compiler ended (${how})`;
        settle(() => reject(new Error(why)));
      };
      const settle = (run: () => void): void => {
        clearTimeout(timer);
        child.off("message", onMessage).off("error", onError).off("exit", onExit);
        holdProcess(child, false);
        run();
      };
      child.on("message", onMessage).on("error", onError).on("exit", onExit);
      child.send(question, (error) => {
        // Its end is on its way to us, and says how it ended.
        if (error === null || ENDED.has((error as NodeJS.ErrnoException).code ?? "")) return;
        onError(new Error(`the compiler can't be asked: ${error.message}`));
      });
    });
  }
}

const LATE = "late";

/** Whom the question could not be sent to any more. */
const ENDED: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET", "ERR_IPC_CHANNEL_CLOSED"]);

function unchecked(why: string): CheckAnswer {
  return { kind: "unchecked", why };
}

/** A process that waits for a question delays nothing; one that is asked does. */
function holdProcess(child: ChildProcess, isHeld: boolean): void {
  const stderr = child.stderr as (NodeJS.ReadableStream & { ref?(): void; unref?(): void }) | null;
  for (const each of [child, child.channel, stderr]) {
    if (isHeld) each?.ref?.();
    else each?.unref?.();
  }
}

function end(child: ChildProcess): void {
  const { pid } = child;
  try {
    if (process.platform !== "win32" && pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended, and its compiler with it.
  }
  child.kill("SIGKILL");
}
