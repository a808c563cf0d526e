/**
 * The file of the configuration's `audit`: who changed what on this node, why, and what came of it, one JSON object a line.
 *
 *     {"time":"...","node":"game-1","who":"127.0.0.1:51234","role":"operate","command":"kill a","reason":"...","outcome":"ok"}
 *
 * The file is opened for each entry, so that it may be moved away at any time. Only its owner may read it. Tokens are replaced
 * wherever they are. An entry that can't be written is told of in the log, which has the line as well; the command goes on, for an
 * operator with a full disk needs the commands.
 */

import { chmodSync, closeSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { SnaxError } from "../../base/error.ts";
import { AUDIT_TEXT_MAX } from "../../base/limits.ts";
import { LEVEL } from "../../base/log-level.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { Asker, Role } from "./role.ts";
import { tokensOf } from "./role.ts";

/** What came of a command. `runs`: it has taken a second so far; `late`: it ended after it was given up. */
export type AuditOutcome = "ok" | "failed" | "refused" | "runs" | "late" | "cut off";

/** What an entry says beside time and node. */
export interface AuditEntry {
  /** `host:port` of the client, or what stands for it. */
  readonly who: string;
  /** What the client may do; undefined before it has shown a token. */
  readonly role?: Role | undefined;
  /** The line of the command. */
  readonly command?: string;
  readonly reason?: string | undefined;
  readonly outcome: AuditOutcome;
  /** What the command said, or why it was refused. */
  readonly message?: string;
}

/** Only the owner reads and writes it. */
const MODE = 0o600;

/** The audit of a node; it does nothing if the configuration names no file. */
export class Audit {
  readonly #runtime: Runtime;
  readonly #path: string | undefined;
  readonly #node: string;
  readonly #tokens: readonly string[];

  constructor(runtime: Runtime) {
    const { environment } = runtime;
    const path = environment.get("audit");
    const node = environment.get("node");
    this.#runtime = runtime;
    this.#path = typeof path === "string" ? path : undefined;
    this.#node = typeof node === "string" ? node : hostname();
    this.#tokens = tokensOf(environment.get("consoletoken"));
  }

  /**
   * Makes the file, or takes from others the right to read it.
   *
   * @throws {ERR_CONFIG} if that is not possible.
   */
  open(): void {
    if (this.#path === undefined) return;
    try {
      closeSync(openSync(this.#path, "a", MODE));
      chmodSync(this.#path, MODE);
    } catch (cause) {
      const why = `audit: ${this.#path} can't be written: ${(cause as Error).message}`;
      throw new SnaxError("ERR_CONFIG", why, { cause });
    }
  }

  /** Replaces the console's tokens in a text. */
  withoutTokens(text: string): string {
    let shown = text;
    for (const token of this.#tokens) shown = shown.replaceAll(token, "(token)");
    return shown;
  }

  /** Writes an entry about a client's command. */
  note(
    { name, role, reason }: Asker,
    entry: Pick<AuditEntry, "command" | "outcome" | "message">,
  ): void {
    this.write({ who: name, role, reason, ...entry });
  }

  /** Writes an entry. */
  write({ who, role, command, reason, outcome, message }: AuditEntry): void {
    if (this.#path === undefined) return;
    const time = new Date(this.#runtime.clock.wall()).toISOString();
    const entry = {
      ...{ time, node: this.#node, who, role },
      ...{ command: this.#shorten(command), reason: this.#shorten(reason), outcome },
      message: this.#shorten(message),
    };
    try {
      const file = openSync(this.#path, "a", MODE);
      try {
        writeSync(file, `${JSON.stringify(entry)}\n`);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      this.#runtime.log(0, `audit can't be written : ${(error as Error).message}`, LEVEL.error);
    }
  }

  #shorten(text: string | undefined): string | undefined {
    const shown = text === undefined ? undefined : this.withoutTokens(text);
    return shown !== undefined && shown.length > AUDIT_TEXT_MAX
      ? `${shown.slice(0, AUDIT_TEXT_MAX)}...`
      : shown;
  }
}
