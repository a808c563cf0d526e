/**
 * One line of the log as it stands in a file or on stdout: the logger's words, and those of whoever writes while the logger
 * can't.
 */

/** How lines look. */
export interface LogFormat {
  /** One object a line. */
  readonly isJson: boolean;
  /** The line goes to a file: with the time in front. */
  readonly isFile: boolean;
}

/** One line, without its end. */
export interface LogEntry {
  /** Printed address of the service that it is about. */
  readonly address: string;
  readonly text: string;
  /** It was printed by a program, not logged: without address and time. */
  readonly isPlain?: boolean;
}

/** Formats a line. @param now - milliseconds since 1970. */
export function formatLogLine(now: number, entry: LogEntry, { isJson, isFile }: LogFormat): string {
  const { address, text, isPlain = false } = entry;
  const date = new Date(now);
  if (isJson) {
    return JSON.stringify({
      time: date.toISOString(),
      address,
      text,
      ...(isPlain && { plain: true }),
    });
  }
  if (isPlain) return text;
  const line = `[${address}] ${text}`;
  return isFile ? `${timestamp(date)} ${line}` : line;
}

function timestamp(now: Date): string {
  const day = `${two(now.getDate())}/${two(now.getMonth() + 1)}/${two(now.getFullYear() % 100)}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  return `${day} ${time}.${two(Math.floor(now.getMilliseconds() / 10))}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
