/** The pauses of a thread, in the order in which callers get them. */

import type { InspectorLink, Json } from "../inspector/link.ts";
import { within } from "../inspector/link.ts";
import { ScriptTable } from "../inspector/scripts.ts";

/** A function that runs, or waits for one that it has called. */
export interface CallFrame {
  readonly functionName: string;
  /** Of the script; empty for a text without a name. */
  readonly url: string;
}

/** What the protocol says when a thread has paused. */
export interface Paused {
  readonly callFrames: readonly CallFrame[];
}

/** The same as the protocol words it. */
interface RawPause {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string };
  }[];
}

/** The pauses of a thread, one at a time. */
export class PauseQueue {
  /** The thread has paused although no code here has asked for it. */
  isPaused = false;
  readonly #scripts = new ScriptTable();
  #next: (paused: Paused) => void = () => {
    this.isPaused = true;
  };
  #resumed: () => void = () => {};

  constructor(link: InspectorLink) {
    link.onEvent = (method, params) => this.#take(method, params);
  }

  /** Does something and waits for the pause that follows from it. @returns undefined if none does in time. */
  after(ms: number, act: () => void): Promise<Paused | undefined> {
    const paused = new Promise<Paused>((resolve) => {
      this.#next = resolve;
    });
    act();
    return within(ms, paused);
  }

  /** Resolves when the thread goes on. */
  resumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resumed = resolve;
    });
  }

  #take(method: string, params: Json): void {
    if (method === "Debugger.scriptParsed") this.#scripts.add(params);
    else if (method === "Debugger.paused") this.#next(this.#read(params));
    else if (method === "Debugger.resumed") this.#resumed();
  }

  #read(params: Json): Paused {
    const { callFrames } = params as unknown as RawPause;
    return {
      callFrames: callFrames.map(({ functionName, location }) => ({
        functionName,
        url: this.#scripts.urlOf(location.scriptId),
      })),
    };
  }
}
