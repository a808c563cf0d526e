/**
 * What one thread needs from the others to share tables: the order of publications, and the memory
 * of each.
 *
 * The hub of a process (table-hub.ts) gives a link to each thread: on its own thread directly, to
 * worker threads over a port (table-port.ts). Whether something new was published, a thread reads
 * from the board, with one atomic load.
 */

import type { Board } from "./board.ts";
import type { Changes } from "./sharetable-api.ts";

/** The file of a version, and what its function was given. */
export interface TableSource {
  readonly file: string;
  /**
   * Undefined if some of them are no scalars: such a table can be loaded again only by code that
   * knows them.
   */
  readonly args: readonly (string | number | boolean | null | undefined)[] | undefined;
}

/** A version on its way to the threads. */
export interface NewVersion {
  readonly name: string;
  readonly memory: SharedArrayBuffer;
  /** What differs from the version `base`; undefined if they were not compared. */
  readonly changes?: Changes | undefined;
  /** The version that was compared; 0 = none. */
  readonly base: number;
  /** Where it came from, so that it can be loaded again. */
  readonly source?: TableSource | undefined;
}

/** A version that has been published. */
export interface PublishedVersion extends NewVersion {
  /** Counts the versions of one table from 1. */
  readonly version: number;
  /** Its place in the book of versions; see Board. */
  readonly entry: number;
  /** The number of the table in that book. */
  readonly table: number;
}

/** Versions that all threads show in one step. */
export interface Publication {
  /** Counts the publications of the process from 1. */
  readonly sequence: number;
  readonly versions: readonly PublishedVersion[];
}

/** Told when a publication has its number, or why it has none. */
export type OnPublished = (error: Error | undefined, sequence: number) => void;

/** A thread's way to the hub. */
export interface TableLink {
  /** The words that all threads share. */
  readonly board: Board;
  /** The number of the thread among them. */
  readonly member: number;
  /** Takes the publications that have not been taken, in order. */
  take(): Publication[];
  /** Publishes versions in one step; `done` is called on this thread. */
  publish(versions: readonly NewVersion[], done: OnPublished): void;
  /** Returns the name of a table by its number; undefined if the thread has not heard of it. */
  nameOf(table: number): string | undefined;
}
