/**
 * The other threads of a node, as a runtime sees them; the node's layer supplies it. A node of one thread has none.
 */

import type { HandOver } from "../fabric/hand-over.ts";
import type { LaunchRequest } from "./boot.ts";

/** What a thread does at a moment, as the others see it; see PHASE in kernel/instruments.ts. */
export interface ThreadWork {
  /** The service whose message is handled; 0 = none is. */
  readonly handle: number;
  /** The number of that dispatch, and of the turn. */
  readonly dispatch: number;
  readonly turn: number;
}

/** The threads of a node. */
export interface Threads {
  /** The number of the thread that asks; 0 is the main thread. */
  readonly own: number;
  /** The numbers of the threads that host services of programs, rising. */
  readonly hosts: readonly number[];
  /** Returns the thread that a handle's service lives on; undefined if no service lives there. */
  threadOf(handle: number): number | undefined;
  /** Returns the handle of a thread's steward. */
  steward(thread: number): number;
  /** Chooses the thread for a new service of that name. */
  choose(name: string): number;
  /**
   * Creates a service on another thread.
   *
   * @returns its handle, at once; what is sent to it from here arrives behind its creation.
   * @throws {ERR_SERVICE_DEAD} if the thread has just died.
   * @throws {ERR_NOT_SENDABLE} if an argument can't be sent.
   */
  launch(thread: number, request: LaunchRequest): number;
  /** Ends a service of another thread. */
  kill(handle: number): void;
  /** Tells the others that the cache of the code is to be cleared, or how it is used. */
  clearCache(path: string | undefined): void;
  setCacheMode(mode: string): void;
  /** Tells what a thread does at this moment; undefined if there is no such thread. */
  workOf(thread: number): ThreadWork | undefined;
  /** Says a word to the runtimes of all other threads: see Runtime.words. */
  tellAll(word: string, ...values: readonly unknown[]): void;
  /** Says a word to the runtime of one thread. */
  tell(thread: number, word: string, ...values: readonly unknown[]): void;
  /** Lets the other threads see at once what was sent to them. */
  publish(): void;
  /** Says that another thread sends more at once: this one looks for it a moment longer before it sleeps. */
  expectMore(): void;
  /** Says that this thread sends something to another one soon: one that sleeps wakes meanwhile. */
  rouse(thread: number): void;
  /** The services of this thread that go to another one, and those that come. */
  readonly handOver: HandOver;
  /** Returns the threads on which services of that name live. */
  homesOf(name: string): readonly number[];
  /** The handle of the service that is told of each death, on any thread; 0 = none is. */
  monitor: number;
}

/** All threads of a node but this one; none if there is one only. */
export function otherThreads(threads: Threads | undefined): number[] {
  return threads === undefined ? [] : [0, ...threads.hosts].filter((each) => each !== threads.own);
}
