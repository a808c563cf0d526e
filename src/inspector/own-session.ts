/**
 * A thread's own inspector. A session with the thread that it runs on has each answer when `post`
 * returns.
 */

import type { Profiler } from "node:inspector";
import { Session } from "node:inspector";
import { Session as PromiseSession } from "node:inspector/promises";

/** A session with the inspector of this thread. */
export class OwnSession {
  readonly #session = new Session();
  #isDebugging = false;

  /** Connects; throws what Node throws where the process may not use its inspector. */
  constructor() {
    this.#session.connect();
  }

  /** Sends a command and returns its answer; throws V8's error. */
  post<T>(method: string, params: object = {}): T {
    let failure: Error | null = null;
    let answer: unknown;
    this.#session.post(method, params, (error: Error | null, result?: object) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure as Error;
    return answer as T;
  }

  /**
   * Makes breakpoints possible. Nothing that the thread meets pauses because of it, no `debugger`
   * statement either: those belong to the author of the code.
   */
  enableDebugger(): void {
    if (this.#isDebugging) return;
    this.post("Debugger.enable");
    this.post("Debugger.setSkipAllPauses", { skip: true });
    this.#isDebugging = true;
  }

  /** Ends what runs on the thread; the answer comes too late to be of use. */
  terminateExecution(): void {
    this.#session.post("Runtime.terminateExecution");
  }

  /** Ends the session and everything that it set. */
  close(): void {
    this.#session.disconnect();
  }
}

/** A session whose answers are promises, for profilers, which take their time. */
export type ProfilerSession = PromiseSession;

/** What the CPU profiler has seen. */
export type CpuProfile = Profiler.Profile;

/** Opens a session for profilers; the caller disconnects it. */
export function openProfiler(): ProfilerSession {
  const session = new PromiseSession();
  session.connect();
  return session;
}
