/**
 * What a client of a console may do: `read` asks and changes nothing, `operate` does everything.
 *
 * The token that a client shows decides; without a token in the configuration every client operates. Which role a command
 * needs follows from the command: `roleFor` of commands/shell.ts.
 */

/** What a client may do. */
export type Role = "read" | "operate";

/** Who asks, as the shell and the audit know them. */
export interface Asker {
  /** `host:port` of a client, or what stands for it. */
  readonly name: string;
  readonly role: Role;
  /** Why they ask. */
  readonly reason?: string | undefined;
}

/** The tokens of a configuration's `consoletoken` that has passed its check. */
export interface ConsoleTokens {
  /** @defaultValue no connection has the role `read` */
  readonly read?: string;
  /** @defaultValue every connection may operate */
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
