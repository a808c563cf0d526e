/**
 * A dry run as a node holds it: a process of its own, which is ended when it has answered, when a step of it takes too
 * long, or when it needs too much memory. In any case the node hears what it did last.
 */

/* oxlint-disable no-restricted-globals -- the time of another process, whatever the kernel's clock says */

import type { ChildProcess } from "node:child_process";
import { codeOf, SnaxError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error.ts";
import { HelperProcess } from "../../base/helper-process.ts";
import { DRY_MEMORY_MIB, DRY_RUNS_MAX, DRY_STEP_MS } from "../../base/limits.ts";
import { messageOf } from "../../service/error-text.ts";
import { dryError } from "./effects.ts";
import type { DryAsk, DryAsked, DryDone, DryQuestion, DryReply, DryWord } from "./question.ts";

/** Variables that Node needs, and none of the program's secrets. */
const ENVIRONMENT: readonly string[] = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot"];

/** Node itself keeps the process from writing files and from starting others, whatever a copy finds. */
const PERMISSIONS: readonly string[] = [
  process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission",
  ...["--allow-fs-read=*", "--allow-worker"],
];

let running = 0;

/**
 * Tries a patch in a process of its own.
 *
 * @param limitMs - for `hotfix()`, and for each probe.
 * @param ask - asks a live service, where the question allows it.
 * @throws {ERR_DRY_RUN} if the process did not end as it should.
 * @throws what `snax.hotfix` throws.
 */
export async function runDry(
  question: DryQuestion,
  limitMs: number,
  ask: (ask: DryAsk) => Promise<unknown>,
): Promise<DryDone> {
  if (running >= DRY_RUNS_MAX) {
    throw new SnaxError("ERR_EXHAUSTED", `${DRY_RUNS_MAX} dry runs are under way (DRY_RUNS_MAX)`);
  }
  running += 1;
  try {
    return await new Attempt(question, limitMs, ask).done;
  } finally {
    running -= 1;
  }
}

/** One process. */
class Attempt {
  readonly done: Promise<DryDone>;
  readonly #process: HelperProcess;
  readonly #child: ChildProcess;
  readonly #limitMs: number;
  readonly #ask: (ask: DryAsk) => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #step = "making the copy";
  #resolve: (done: DryDone) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(question: DryQuestion, limitMs: number, ask: (ask: DryAsk) => Promise<unknown>) {
    this.#limitMs = limitMs;
    this.#ask = ask;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#process = new HelperProcess(new URL("./worker.js", import.meta.url), {
      memoryMib: DRY_MEMORY_MIB,
      variables: ENVIRONMENT,
      execArgv: PERMISSIONS,
      serialization: "advanced",
    });
    this.#child = this.#process.child;
    this.#listen();
    this.#wait(DRY_STEP_MS);
    this.#child.send(question, (error) => {
      if (error) this.#fail(dryError(`the process can't be asked: ${error.message}`));
    });
  }

  #listen(): void {
    this.#child.on("error", (error) => this.#fail(ended(error.message)));
    this.#child.on("close", (code, signal) => this.#fail(ended(this.#whyEnded(code, signal))));
    this.#child.on("message", (word: DryWord) => this.#hear(word));
  }

  #hear(word: DryWord): void {
    if (word.kind === "step") {
      this.#step = word.what;
      const isCode = word.what === "hotfix()" || word.what.startsWith("the probe ");
      this.#wait(isCode ? this.#limitMs : DRY_STEP_MS);
    } else if (word.kind === "ask") void this.#answer(word);
    else if (word.kind === "done") this.#end(() => this.#resolve(word));
    else {
      const { code = "ERR_DRY_RUN", message } = word;
      this.#fail(new SnaxError(code, message));
    }
  }

  async #answer({ id, ask }: DryAsked): Promise<void> {
    let reply: DryReply;
    try {
      reply = { id, value: await this.#ask(ask) };
    } catch (error) {
      reply = {
        id,
        error: { code: codeOf(error) as ErrorCode | undefined, message: messageOf(error) },
      };
    }
    if (this.#child.connected) this.#child.send(reply, () => {});
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(ended(`${this.#step} did not return`)), ms);
  }

  #whyEnded(code: number | null, signal: string | null): string {
    if (this.#process.wasFull) {
      return `${this.#step} needed more than ${DRY_MEMORY_MIB} MiB (DRY_MEMORY_MIB)`;
    }
    return `${this.#step} ended the process (${signal ?? `exit code ${code}`})`;
  }

  #fail(error: Error): void {
    this.#end(() => this.#reject(error));
  }

  #end(settle: () => void): void {
    clearTimeout(this.#timer);
    this.#child.removeAllListeners("message");
    this.#child.kill("SIGKILL");
    settle();
  }
}

function ended(why: string): SnaxError {
  return new SnaxError("ERR_DRY_RUN", `dry run ended: ${why}`);
}
