/**
 * One line of the log as it stands in a file or on stdout: the logger's words, and those of whoever writes while the logger
 * can't.
 *
 * Much of it is text of others. Whatever that holds, it steers no terminal and passes for no other line: see visible-text.ts.
 */

import { indentMore, showControls, showJson, showStyled } from "./visible-text.ts";

/** How lines look. */
export interface LogFormat {
  /** One object a line. */
  readonly isJson: boolean;
  /** The line goes to a file: with the time in front. */
  readonly isFile: boolean;
  /** The line goes to a terminal: what programs print may have colours. */
  readonly isTerminal?: boolean;
}

/** One line, without its end. */
export interface LogEntry {
  /** Printed address of the service that it is about. */
  readonly address: string;
  readonly text: string;
  /** It was printed by a program, not logged: without address and time. */
  readonly isPlain?: boolean;
}

/** What stands in front of the further lines of a text. */
const INDENT = "    ";

/** The head of a line of the log, or the mark at the end of a console's answer, where a program has printed it. */
const FOREIGN_HEAD = /^(?=\p{Cf}*(?:[\d/]+ [\d:.]+ )?(?:\[:[0-9a-f]{8}\]|<CMD ))/gmu;

/** Formats a line. @param now - milliseconds since 1970. */
export function formatLogLine(now: number, entry: LogEntry, format: LogFormat): string {
  const { address, text, isPlain = false } = entry;
  const { isJson, isFile, isTerminal = false } = format;
  const date = new Date(now);
  if (isJson) {
    return showJson({
      time: date.toISOString(),
      address,
      text,
      ...(isPlain && { plain: true }),
    });
  }
  if (isPlain) return formatPrinted(isTerminal ? showStyled(text) : showControls(text));
  const line = `[${address}] ${indentMore(showControls(text), INDENT)}`;
  return isFile ? `${timestamp(date)} ${line}` : line;
}

/** A line whose address is printed if it is needed. */
export interface LateEntry {
  readonly address: () => string;
  readonly text: string;
  readonly isPlain: boolean;
}

/** Formats many lines: what stands in front of them changes a hundred times a second. */
export class LogFormatter {
  readonly #isJson: boolean;
  #tick = -1;
  #stamp = "";

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  /** Formats a line as {@link formatLogLine} does. */
  // oxlint-disable-next-line max-params -- no object for each line
  format(now: number, entry: LateEntry, isFile: boolean, isTerminal: boolean): string {
    const { text, isPlain } = entry;
    if (isPlain && !this.#isJson) {
      return formatPrinted(isTerminal ? showStyled(text) : showControls(text));
    }
    const address = entry.address();
    if (this.#isJson)
      return formatLogLine(now, { address, text, isPlain }, { isJson: true, isFile });
    const line = `[${address}] ${indentMore(showControls(text), INDENT)}`;
    if (!isFile) return line;
    const tick = Math.floor(now / 10);
    if (tick !== this.#tick) {
      this.#tick = tick;
      this.#stamp = timestamp(new Date(now));
    }
    return `${this.#stamp} ${line}`;
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
