/**
 * Lines of the log as they are in a file or on stdout: how they look, how much of a text they show, and how many there are
 * in a second. The logger writes them, and so does each thread that writes while the logger can't.
 *
 * Much of a line is text of others: what a client sends must neither begin a line of its own nor steer the terminal of the
 * reader. Control characters (ESC and C1 too), the controls of bidirectional text, and Unicode's ends of lines are written
 * as `\x1b`, `\u202e`. All other characters stay as they are, the backslash as well: this is for people, and can't be
 * undone.
 *
 * Hot path (bench: print).
 */

import type { Level } from "./log-level.ts";
import { LEVEL_NAMES } from "./log-level.ts";

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

const BIDI_AND_LINE_ENDS = "\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069";

/** All but the tab and the line feed. */
const CONTROLS = new RegExp(`[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f${BIDI_AND_LINE_ENDS}]`);
const ALL_CONTROLS = new RegExp(CONTROLS.source, "g");
/** What JSON leaves as it is. */
const BEYOND_JSON = new RegExp(`[\\x7f-\\x9f${BIDI_AND_LINE_ENDS}]`, "g");
/** Colours and the like, which move nothing. */
const STYLE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
const STYLE_END = "\x1b[0m";

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

/** Shows what steers a terminal or turns text round; lines and tabs stay. */
export function showControls(text: string): string {
  if (!CONTROLS.test(text)) return text;
  return text.replaceAll("\r\n", "\n").replace(ALL_CONTROLS, showCharacter);
}

/** The same, for what has to stay in one line. */
export function showInLine(text: string): string {
  const shown = showControls(text);
  return shown.includes("\n") ? shown.replaceAll("\n", "\\n") : shown;
}

/** The same, with colours left as they are; they end with their line. */
export function showStyled(text: string): string {
  if (!text.includes("\x1b[")) return showControls(text);
  return text
    .split("\n")
    .map((line) => {
      const shown = line.split(STYLE).map(showControls);
      const styles = line.match(STYLE) ?? [];
      if (styles.length === 0) return shown.join("");
      return shown.map((part, index) => part + (styles[index] ?? "")).join("") + STYLE_END;
    })
    .join("\n");
}

/** Indents the lines behind the first one that are not indented, so that none of them passes for a line of its own. */
export function indentMore(text: string, indent: string): string {
  return text.includes("\n") ? text.replace(/\n(?! {2}|\t)/g, `\n${indent}`) : text;
}

/** Writes a value as JSON, which keeps it; it shows on a terminal as {@link showInLine} does it. */
export function showJson(value: unknown): string {
  return JSON.stringify(value).replace(BEYOND_JSON, (character) => `\\u${hex(character, 4)}`);
}

function showCharacter(character: string): string {
  if (character === "\r") return "\\r";
  return character < "\u0100" ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, length: number): string {
  return character.charCodeAt(0).toString(16).padStart(length, "0");
}

/** Most lines of one kind of event in one second. */
export const LINES_PER_SECOND_MAX = 100;

/** What a budget needs to know. */
export interface LineBudgetOptions {
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
  /** Runs something once, later. */
  readonly later: (ms: number, run: () => void) => void;
  /** Is told how many lines were left out in a second; never 0. */
  readonly tell: (count: number) => void;
}

/**
 * The budget of lines that come with each event of one kind: at most LINES_PER_SECOND_MAX of them in a second, and then one
 * line that says how many were left out. A node starts 80,000 services in a second; their LAUNCH lines would cost more than
 * the services.
 */
export class LineBudget {
  readonly #options: LineBudgetOptions;
  #since = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;

  constructor(options: LineBudgetOptions) {
    this.#options = options;
  }

  /** Says whether the next line may be written, and counts it either way. */
  allow(): boolean {
    const now = this.#options.now();
    const age = now - this.#since;
    if (age >= 1000) {
      this.#since = now;
      this.#written = 0;
    }
    if (this.#written < LINES_PER_SECOND_MAX) {
      this.#written += 1;
      return true;
    }
    if (this.#leftOut === 0) this.#options.later(1000 - age, () => this.#sumUp());
    this.#leftOut += 1;
    return false;
  }

  #sumUp(): void {
    const count = this.#leftOut;
    this.#leftOut = 0;
    this.#options.tell(count);
  }
}
