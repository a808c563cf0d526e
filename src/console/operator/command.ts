/**
 * What a command of the debug console is: a function from words to data.
 *
 * Commands know no client. What they return is printed as skynet prints it by `print.ts`, or as JSON by `json.ts`; a web
 * console may use the same functions. What they throw is their failure; texts of failures that skynet has too are
 * skynet's.
 */

import type { Socket } from "node:net";
import { inspect } from "node:util";
import { SnaxError } from "../../base/error.ts";
import type { Operator } from "./operator.ts";
import type { Part } from "./page.ts";

/** Rows by key. A row is a scalar, or a record that is printed in one line. */
export type Table = ReadonlyMap<string, unknown>;

/** What a command found out; undefined if there is nothing to say. */
export type CommandResult = undefined | string | number | boolean | Table;

/** One use of a command. */
export interface CommandCall {
  readonly operator: Operator;
  /** The words behind the command. */
  readonly args: readonly string[];
  /** The whole line, for commands that take more than words. */
  readonly line: string;
  /** Whether the result is shown as JSON, of a command that has it. @defaultValue false */
  readonly isJson?: boolean;
  /** The client's connection, if it talks in lines: a command may take it over until it ends. */
  readonly terminal: Terminal | undefined;
  /** It changes something, or runs code, with these words: see {@link Command.isChange}. @defaultValue false */
  readonly isChange?: boolean;
  /** The rows that are asked for; a command that `isPaged` makes no others. @defaultValue all */
  readonly part?: Part | undefined;
  /** Is given a command that is no longer awaited, and that may be done all the same. @defaultValue it is not followed */
  onLate?(work: Promise<CommandResult>): void;
}

/** What came of a line. */
export type Outcome =
  | { readonly ok: true; readonly command: Command; readonly result: CommandResult }
  | { readonly ok: false; readonly command: Command | undefined; readonly error: unknown };

/** A client that is talked with in lines. */
export interface LineTerminal {
  write(text: string): void;
  /** The next line; undefined when the client has gone. */
  nextLine(): Promise<string | undefined>;
  /** Nothing is read any more: a command that waits for a line gets undefined. */
  close(): void;
}

/** A client that talks in lines: on its own thread it is asked for lines, another one reads its socket. */
export interface Terminal extends LineTerminal {
  readonly socket: Socket;
  /** What came behind the command's line and was not read yet. */
  takeRest(): Buffer;
  /** Gives back what is for the console again. */
  giveRest(rest: Uint8Array): void;
}

/** Says where a command runs: on a thread, on all of them, or (undefined) on the console's own. */
export type Route = (call: CommandCall) => number | "all" | undefined;

/** A command. */
export interface Command {
  /** What `help` says; for skynet's commands skynet's own text. */
  readonly help: string;
  /**
   * It changes something, or runs code: who used it, and what came of it, is in the log. A function says so of the words behind
   * the command.
   */
  readonly isChange?: boolean | ((words: readonly string[]) => boolean);
  /** Its answer may hold what only those may see who may change things: passwords in the configuration. */
  readonly isConfidential?: boolean;
  /** The line as the log shows it, if it may hold what should not be read there. @defaultValue the line */
  readonly conceal?: (line: string) => string;
  /** It makes only the rows of a part, and one more of a page. @defaultValue it makes all */
  readonly isPaged?: boolean;
  /** Rows are printed as they come, not by key. */
  readonly isOrdered?: boolean;
  /**
   * The options that it knows, if it takes no free words: another one is refused, and so are more
   * words than these. @defaultValue what it does with them
   */
  readonly words?: { readonly options: readonly string[]; readonly most: number };
  /** With the word `--json` its rows are one line of JSON. @defaultValue the word is like any other */
  readonly hasJson?: boolean;
  /** @param needed - the other threads that it needs: those of {@link needs}, if it runs on the console's own. */
  run(call: CommandCall, needed: readonly number[]): CommandResult | Promise<CommandResult>;
  /** On which thread it runs, where the node has several. @defaultValue on the console's own */
  readonly route?: Route;
  /**
   * The thread (or all) whose services the command asks, where it runs on the console's own: one that does not answer is
   * an error, before anything is asked. @defaultValue none
   */
  needs?: Route;
  /** Puts the rows of several threads in order. @defaultValue by their keys, in which each thread gives its own */
  order?(rows: Table): Table;
  /** Prints a row, or a result that is no table, where skynet does not print the value as it is. */
  print?(value: unknown, key: string): string;
}

/** Commands by name. */
export type CommandTable = Readonly<Record<string, Command>>;

/** Makes a result of what a service answered. */
export function toResult(value: unknown): CommandResult {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Map) return new Map([...value].map(([key, row]) => [String(key), row]));
  if (Array.isArray(value)) {
    return new Map(value.map((row: unknown, index) => [String(index + 1), row]));
  }
  if (typeof value === "object") return new Map(Object.entries(value));
  if (typeof value === "string" || typeof value === "number") return value;
  return typeof value === "boolean" ? value : inspect(value);
}

/**
 * Reads a number of seconds.
 *
 * @throws {ERR_ARGUMENT} if it is not between 0 and the most.
 */
export function readSeconds(
  word: string | undefined,
  usual: number,
  most: number = SECONDS_MAX,
): number {
  const seconds = word === undefined ? usual : Number(word);
  if (seconds > 0 && seconds <= most) return seconds;
  throw new SnaxError("ERR_ARGUMENT", `${word} is no number of seconds above 0, at most ${most}`);
}

/** Longest that a command measures, in seconds. */
const SECONDS_MAX = 60;

/** A command that only Lua, or only C, can have. */
export function absentCommand(help: string, why: string): Command {
  return {
    help,
    run: () => {
      throw new SnaxError("ERR_NO_METHOD", why);
    },
  };
}
