/**
 * The levels of the log: how much a line matters, and from which level on lines are written.
 *
 *     debug   console.debug
 *     info    skynet.error, console.log, console.info; births and deaths, what the runtime tells of its work
 *     warn    console.warn; what needs an eye: a handler that does not return, a mailbox that grows
 *     error   console.error; a handler that failed or was cut off, a thread that has died
 */

/** The levels by name. */
export const LEVEL = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/** A level as a number: the greater, the more it matters. */
export type Level = (typeof LEVEL)[keyof typeof LEVEL];

/** A level as people write it. */
export type LevelName = keyof typeof LEVEL;

/** The names by level. */
export const LEVEL_NAMES: readonly LevelName[] = ["debug", "info", "warn", "error"];

/** Says whether a value names a level. */
export function isLevelName(value: unknown): value is LevelName {
  return typeof value === "string" && Object.hasOwn(LEVEL, value);
}

/** The level from which on a node writes lines, in memory that all its threads share. */
export class LevelFloor {
  readonly words: Int32Array;
  /** Where it is among the words. */
  readonly at: number;

  /** @param words - shared by the node's threads. @defaultValue some that are not shared yet */
  constructor(words: Int32Array | undefined, at: number) {
    this.words = words ?? new Int32Array(new SharedArrayBuffer(4 * (at + 1)));
    this.at = at;
  }

  /** The lowest level that is written. */
  get level(): Level {
    return Atomics.load(this.words, this.at) as Level;
  }

  set level(level: Level) {
    Atomics.store(this.words, this.at, level);
  }

  /** Says whether lines of a level are written. */
  lets(level: Level): boolean {
    return level >= Atomics.load(this.words, this.at);
  }
}
