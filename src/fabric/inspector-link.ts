/**
 * A conversation with the inspector of another thread: the little that the watchdog needs of the protocol.
 *
 * Answers come from the other thread, unless it is in native code; then nothing comes, and a wait ends by its time.
 */

import { Session } from "node:inspector";

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

/** A session with another thread. */
export interface InspectorLink {
  /** Sends a command. @returns its answer; rejects if the protocol refuses it. */
  post(method: string, params?: object): Promise<unknown>;
  /** Is called each time the thread pauses. */
  onPaused: (paused: Paused) => void;
  /** Is called each time it goes on. */
  onResumed: () => void;
  /** Ends the session; the thread goes on if it was paused. */
  close(): void;
}

/** Opens a session with the process's main thread, from a worker. */
export function connectToMain(): InspectorLink {
  const session = new Session();
  session.connectToMainThread();
  const link: InspectorLink = {
    post: (method, params) =>
      new Promise((resolve, reject) => {
        session.post(method, params, (error: Error | null, result?: object) => {
          if (error === null) resolve(result);
          else reject(error);
        });
      }),
    onPaused: () => {},
    onResumed: () => {},
    close: () => session.disconnect(),
  };
  const scripts = new ScriptNames();
  session.on("Debugger.scriptParsed", ({ params }) => scripts.add(params));
  session.on("Debugger.paused", ({ params }) => link.onPaused(scripts.name(params)));
  session.on("Debugger.resumed", () => link.onResumed());
  return link;
}

/** What the protocol says of a script, each time one is known; a frame tells only its number. */
export interface ParsedScript {
  readonly scriptId: string;
  readonly url: string;
}

/** What the protocol says of a pause. */
export interface RawPause {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string };
  }[];
}

/** The scripts of a thread, by number. */
export class ScriptNames {
  readonly #urls = new Map<string, string>();

  /** Learns of a script. */
  add({ scriptId, url }: ParsedScript): void {
    this.#urls.set(scriptId, url);
  }

  /** Gives the frames of a pause their URLs. */
  name({ callFrames }: RawPause): Paused {
    return {
      callFrames: callFrames.map(({ functionName, location }) => ({
        functionName,
        url: this.#urls.get(location.scriptId) ?? "",
      })),
    };
  }
}

/** Waits for something from another thread. @returns undefined if it does not come in time. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line no-restricted-globals -- the watchdog's own time, outside any service
    const timer = setTimeout(() => resolve(undefined), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}
