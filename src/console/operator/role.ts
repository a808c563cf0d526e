/**
 * What a client of a console may do: `read` asks and changes nothing, `operate` does everything.
 *
 * The token that a client shows decides; without a token in the configuration everybody operates. Which role a command needs
 * follows from what it does with its words: one that changes something needs `operate`, and so does one whose answer may hold
 * secrets.
 */

import type { Command } from "./command.ts";

/** What a client may do. */
export type Role = "read" | "operate";

/** Who asks, as the shell and the audit know him. */
export interface Asker {
  /** `host:port` of a client, or what stands for it. */
  readonly name: string;
  readonly role: Role;
  /** Why he asks. */
  readonly reason?: string | undefined;
}

/** The tokens of a configuration's `consoletoken` that has passed its check. */
export interface ConsoleTokens {
  /** @defaultValue nobody has the role `read` */
  readonly read?: string;
  /** @defaultValue whoever comes operates */
  readonly operate?: string;
}

/** Reads a `consoletoken` that has passed its check; a text alone is the token to operate. */
export function readTokens(value: unknown): ConsoleTokens {
  if (typeof value === "string") return { operate: value };
  return typeof value === "object" && value !== null ? (value as ConsoleTokens) : {};
}

/** The tokens that must not be shown, the longest first. */
export function tokensOf(value: unknown): readonly string[] {
  const { read, operate } = readTokens(value);
  const tokens = [read, operate].filter((token) => token !== undefined);
  return tokens.toSorted((one, other) => other.length - one.length);
}

/** Says whether a command changes something, or runs code, with these words. */
export function changes({ isChange }: Command, words: readonly string[]): boolean {
  return typeof isChange === "function" ? isChange(words) : isChange === true;
}

/** The role that a command needs with these words. */
export function roleFor(command: Command, words: readonly string[]): Role {
  return command.isConfidential === true || changes(command, words) ? "operate" : "read";
}
