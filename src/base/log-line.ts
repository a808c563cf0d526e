/**
 * One line of the log as it is in a file or on stdout: the logger's words, and those of whoever writes while the logger
 * can't.
 *
 * Much of it is text of others. Whatever that holds, it steers no terminal and passes for no other line: see visible-text.ts.
 *
 * Hot path (bench: print).
 */

import type { Level } from "./log-level.ts";
import { LEVEL_NAMES } from "./log-level.ts";
import { indentMore, showControls, showJson, showStyled } from "./visible-text.ts";

/** Where a line was written; only JSON says it. */
export interface LineOrigin {
  /** The number of the thread; 0 is the main thread. */
  readonly thread: number;
  /** The type of the service, the name of its file. @defaultValue it is not known there, or there is no service */
  readonly type?: string | undefined;
  /** The tag of the message that was being handled. @defaultValue it is not traced */
  readonly trace?: string | undefined;
}

/** One line, without its end. */
export interface LogLine {
  /** The service that it is about; 0 = the runtime itself. */
  readonly handle: number;
  readonly text: string;
  /** It was printed by a program, not logged: without address and time. */
  readonly isPlain: boolean;
  readonly level: Level;
  readonly origin?: LineOrigin | undefined;
}

/** Takes a line for the log; false if it can't. The parts of a {@link LogLine}: an object for each would be felt. */
// oxlint-disable-next-line max-params -- no object for each line
export type TakeLine = (
  handle: number,
  text: string,
  isPlain: boolean,
  level: Level,
  origin: LineOrigin | undefined,
) => boolean;

/** How lines look. */
export interface LogFormat {
  /** One object a line. */
  readonly isJson: boolean;
  /** The name of the node; only JSON has it. */
  readonly node: string;
  /** Prints an address. */
  readonly address: (handle: number) => string;
}

/** What is in front of the further lines of a text. */
const INDENT = "    ";

/** The head of a line of the log, or the mark at the end of a console's answer, where a program has printed it. */
const FOREIGN_HEAD = /^(?=\p{Cf}*(?:[\d/]+ [\d:.]+ )?(?:\[:[0-9a-f]{8}\]|<CMD ))/gmu;

const MAIN_THREAD: LineOrigin = { thread: 0 };

/** Formats lines: what is in front of them changes a hundred times a second, in JSON a thousand times. */
export class LogFormatter {
  readonly #isJson: boolean;
  readonly #address: (handle: number) => string;
  readonly #node: string;
  #tick = -1;
  #stamp = "";

  constructor({ isJson, node, address }: LogFormat) {
    this.#isJson = isJson;
    this.#address = address;
    this.#node = showJson(node);
  }

  /**
   * Formats a line.
   *
   * @param now - milliseconds since 1970.
   * @param isFile - it goes to a file: with the time in front.
   * @param isTerminal - it goes to a terminal: what programs print may have colours.
   */
  // oxlint-disable-next-line max-params -- no object for each line
  format(now: number, line: LogLine, isFile: boolean, isTerminal: boolean): string {
    if (this.#isJson) return this.#formatJson(now, line);
    const { text, isPlain, handle } = line;
    if (isPlain) return formatPrinted(isTerminal ? showStyled(text) : showControls(text));
    const said = `[${this.#address(handle)}] ${indentMore(showControls(text), INDENT)}`;
    if (!isFile) return said;
    const tick = Math.floor(now / 10);
    if (tick !== this.#tick) {
      this.#tick = tick;
      this.#stamp = timestamp(new Date(now));
    }
    return `${this.#stamp} ${said}`;
  }

  #formatJson(now: number, { handle, text, level, origin = MAIN_THREAD }: LogLine): string {
    if (now !== this.#tick) {
      this.#tick = now;
      this.#stamp = new Date(now).toISOString();
    }
    const { thread, type, trace } = origin;
    const who = type === undefined ? "" : `,"type":${showJson(type)}`;
    const tag = trace === undefined ? "" : `,"trace":${showJson(trace)}`;
    return (
      `{"time":"${this.#stamp}","level":"${LEVEL_NAMES[level]}","node":${this.#node},"thread":${thread},` +
      `"service":"${this.#address(handle)}"${who},"message":${showJson(text)}${tag}}`
    );
  }
}

/** The lines that a program prints are its own affair, unless they pass for the log's. */
function formatPrinted(text: string): string {
  return text.includes("[:") || text.includes("<CMD ") ? text.replace(FOREIGN_HEAD, INDENT) : text;
}

function timestamp(now: Date): string {
  const day = `${two(now.getDate())}/${two(now.getMonth() + 1)}/${two(now.getFullYear() % 100)}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `${day} ${time}.${two(Math.floor(now.getMilliseconds() / 10))}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
