/**
 * The vote on a patch that is for all services of a type or for none: every thread has to say that
 * it is in everywhere. One that ends meanwhile, or hangs, has not said so.
 */

import type { ErrorCode } from "../../base/error.ts";
import { SnaxError } from "../../base/error.ts";
import { PATCH_FAILURES_MAX } from "../../base/limits.ts";
import { formatAddress } from "../../kernel/service.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { PatchFailure } from "../../snax/types.ts";
import type { Answers, Home } from "./rollout.ts";

/** What a thread says. */
interface Refusals {
  readonly failed: readonly PatchFailure[];
}

/** One vote, from before anything is asked. */
export class Ballot {
  readonly #runtime: Runtime;
  readonly #what: string;
  /** A thread that takes another one's place is born without the patch. */
  readonly #ended = new Set<Home>();
  readonly #note = (thread: number): void => void this.#ended.add(thread);

  /** @param what - what the patch is for, as errors name it. */
  constructor(runtime: Runtime, what: string) {
    this.#runtime = runtime;
    this.#what = what;
    runtime.onThreadDeath.push(this.#note);
  }

  /** Listens no longer. */
  close(): void {
    const { onThreadDeath } = this.#runtime;
    onThreadDeath.splice(onThreadDeath.indexOf(this.#note), 1);
  }

  /**
   * Returns true if all agree.
   *
   * @param homes - all who are asked
   * @throws {ERR_PATCH_FAILED} or its kin, with `data: { failed }`, if not.
   */
  count(homes: readonly Home[], { values, stuck }: Answers<Refusals>): true {
    const what = this.#what;
    const failed = [...values.values()].flatMap((each) => each?.failed ?? []);
    for (const { data } of stuck.values()) failed.push(hanging(data as HangingThread));
    const lost = homes.find(
      (home) => this.#ended.has(home) || (values.get(home) === undefined && !stuck.has(home)),
    );
    const [first] = failed;
    if (first !== undefined) throw refusal(what, first, failed);
    if (lost === undefined) return true;
    const why = `thread ${lost} has ended, and the thread in its place is not asked any more`;
    throw new SnaxError("ERR_PATCH_FAILED", `the patch is in no ${what}: ${why}; patch again`, {
      data: { failed },
    });
  }
}

interface HangingThread {
  readonly thread: number;
  readonly handle: number;
}

function hanging({ thread, handle }: HangingThread): PatchFailure {
  const what = handle === 0 ? "code outside any message" : `what ${formatAddress(handle)} runs`;
  const message = `thread ${thread} hangs: ${what} has not returned; it is undone there when that returns`;
  return { handle, code: "ERR_PATCH_TIMEOUT", message };
}

function isOfPatch(code: string): code is ErrorCode & `ERR_PATCH${string}` {
  return code.startsWith("ERR_PATCH");
}

function refusal(what: string, first: PatchFailure, failed: readonly PatchFailure[]): SnaxError {
  const { handle, code, message } = first;
  const others = failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
  return new SnaxError(
    isOfPatch(code) ? code : "ERR_PATCH_FAILED",
    `the patch is in no ${what}, for ${formatAddress(handle)} refuses it: ${message}${others}`,
    { data: { failed: failed.slice(0, PATCH_FAILURES_MAX) } },
  );
}
