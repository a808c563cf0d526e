/**
 * What the nodes of a cluster need of an engine: seven functions, and no more. Calls never go through it.
 *
 *     membership, names (membership.ts) -> driver -> memory of this process | NATS
 *
 * The engine keeps texts under keys, each with a token that only grows. A node replaces a text if it names the token of what it replaces, so
 * of several that want the same one gets it. Keys are `kind/name`; a watch is of one kind. The tokens of a key grow also when the engine has lost its memory.
 *
 * While the engine is away everything fails at once with ERR_ENGINE_DOWN, and nothing is kept to be sent later. What was asked before and is not
 * answered fails then too: `data.sent` is true, for it may have been carried out.
 */

import { SnaxError } from "../../base/error.ts";
import { ENGINE_TIMEOUT_MS, ENGINE_UNSENT_MAX } from "../../base/limits.ts";

/** What is under a key. */
export interface Entry {
  readonly key: string;
  /** @member value - undefined: it was taken away. */
  readonly value: string | undefined;
  /** Grows with every change of the key. */
  readonly token: number;
}

/** What the engine says of itself each time it is there. */
export interface Footing {
  /** Milliseconds for which it has kept what it holds, as far as is known; Infinity = long. */
  readonly ageMs: number;
}

/** What a driver tells of its own accord. */
export interface DriverEvents {
  /** The engine is there again. */
  readonly onUp: (footing: Footing) => void;
  /** The engine is away. Says nothing about other nodes. */
  readonly onDown: (reason: string) => void;
  /** Another process has said something to all. */
  readonly onHeard: (topic: string, bytes: Uint8Array) => void;
}

/** A node that takes part. */
export interface DriverSelf {
  readonly node: string;
  readonly incarnation: string;
}

/** The way of one process to the engine. */
export interface Driver {
  /**
   * Takes part. Once it has resolved, the driver keeps coming back by itself.
   *
   * @throws {ERR_ENGINE_DOWN} if the engine is not there: then it may be tried again.
   */
  join(self: DriverSelf, events: DriverEvents): Promise<Footing>;
  /** Takes part no longer. What is asked afterwards fails. */
  leave(): Promise<void>;
  /**
   * Puts a value under a key, or takes it away, by compare-and-set.
   *
   * @param value - undefined takes the key away.
   * @param over - the token of what it replaces; 0 = nothing may be there.
   * @returns the new token; undefined if something else is there.
   * @throws {ERR_ENGINE_DOWN}
   */
  claim(key: string, value: string | undefined, over: number): Promise<number | undefined>;
  /**
   * Says that what is under a key still holds: watchers see a new token.
   *
   * @returns the new token; undefined if the key has another one.
   * @throws {ERR_ENGINE_DOWN}
   */
  renew(entry: Entry): Promise<number | undefined>;
  /** Resolves to what is under a key; undefined if nothing does. @throws {ERR_ENGINE_DOWN} */
  read(key: string): Promise<Entry | undefined>;
  /**
   * Watches a kind of keys: what is there, then each change, and all of it anew when the engine was away. Of one key the tokens only grow: what is late is
   * left out, and changes that follow each other fast may be told as one.
   *
   * @returns what ends the watch.
   */
  watch(kind: string, watcher: Watcher): () => void;
  /**
   * Says something to all other processes. Whether it arrives is not known.
   *
   * @throws {ERR_ENGINE_DOWN} if the engine is away, or does not take what was said before.
   */
  broadcast(topic: string, bytes: Uint8Array): void;
}

/** A watcher. */
export interface Watcher {
  readonly onChange: (entry: Entry) => void;
  /** All that is there was told, for the first time or anew. */
  readonly onSettled: () => void;
}

/** What a driver needs of the process it runs in. */
export interface DriverHost {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Runs something after `ms` milliseconds. @returns what cancels it */
  readonly later: (ms: number, run: () => void) => () => void;
}

/** The error of what the engine does not do. @param isSent - it may have been carried out. */
export function engineError(why: string, isSent: boolean, cause?: unknown): SnaxError {
  const fate = isSent ? "; it may have been carried out" : "";
  return new SnaxError("ERR_ENGINE_DOWN", `the engine of the cluster ${why}${fate}`, {
    ...{ data: { sent: isSent } },
    cause,
  });
}

/** What one message takes besides what it carries: subject, inbox, the question that waits for the answer. */
export const ENGINE_MESSAGE_BYTES = 256;

/** What was asked and said, and the engine has not shown to have: at most ENGINE_UNSENT_MAX bytes. */
export class Backlog {
  #bytes = 0;
  #round = 0;

  /**
   * Counts a message until the engine has it.
   *
   * @param isDue - it is counted, and not refused: a lease must not lapse because others ask much.
   * @returns what takes it out again.
   * @throws {ERR_ENGINE_DOWN} if too much waits; `data.sent` is false.
   */
  take(bytes: number, isDue = false): () => void {
    const size = bytes + ENGINE_MESSAGE_BYTES;
    if (!isDue && this.#bytes + size > ENGINE_UNSENT_MAX) {
      throw engineError(`has not taken ${this.#bytes} bytes, ENGINE_UNSENT_MAX`, false);
    }
    this.#bytes += size;
    const round = this.#round;
    let isOut = false;
    return () => {
      if (!isOut && this.#round === round) this.#bytes -= size;
      isOut = true;
    };
  }

  /** The way to the engine is another one, or none: nothing waits any more. */
  clear(): void {
    this.#bytes = 0;
    this.#round += 1;
  }
}

/** What waits for an answer: not longer than ENGINE_TIMEOUT_MS, and no longer than the engine is there. */
export class Questions {
  readonly #host: DriverHost;
  readonly #open = new Set<(why: string) => void>();

  constructor(host: DriverHost) {
    this.#host = host;
  }

  /**
   * Waits for an answer.
   *
   * @param ask - gets what takes the answer, and what says that there will be none.
   * @throws {ERR_ENGINE_DOWN} if none comes; `data.sent` is true.
   */
  wait<T>(
    ask: (answer: (value: T) => void, fail: (why: string, cause?: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void => {
        cancel();
        this.#open.delete(fail);
        reject(engineError(why, true, cause));
      };
      const cancel = this.#host.later(ENGINE_TIMEOUT_MS, () => fail("did not answer"));
      this.#open.add(fail);
      ask((value) => {
        cancel();
        if (this.#open.delete(fail)) resolve(value);
      }, fail);
    });
  }

  /** The engine is away: nothing that waits is answered. */
  lose(why: string): void {
    for (const fail of [...this.#open]) fail(why);
  }
}

/** How many bytes of text a message carries. */
export function sizeOf(...texts: readonly (string | undefined)[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
}

/** Keeps what a watcher is told in order, whatever the engine does. */
export class WatchView {
  readonly #watcher: Watcher;
  readonly #known = new Map<string, { readonly token: number; readonly isThere: boolean }>();

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /** Takes a change; one that is not newer than what was told is left out. */
  take(entry: Entry): void {
    const { key, token } = entry;
    if ((this.#known.get(key)?.token ?? 0) >= token) return;
    const wasThere = this.#known.get(key)?.isThere === true;
    const isThere = entry.value !== undefined;
    this.#known.set(key, { token, isThere });
    if (isThere || wasThere) this.#watcher.onChange(entry);
  }

  /** What is there now, all of it, is in `entries`: what is not has gone. */
  settle(entries: Iterable<Entry>): void {
    const present = new Set<string>();
    for (const entry of entries) {
      present.add(entry.key);
      this.take(entry);
    }
    for (const [key, { token, isThere }] of this.#known) {
      if (!isThere || present.has(key)) continue;
      this.#known.set(key, { token, isThere: false });
      this.#watcher.onChange({ key, value: undefined, token });
    }
    this.#watcher.onSettled();
  }
}
