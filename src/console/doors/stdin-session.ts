/**
 * A console at the node's standard input: lines in, answers on standard output.
 *
 *     line -> a command's name first? the command : start a service of that name -> shell.ts -> printed
 *
 * A process has one standard input, so one session at a time. It ends with its service; at the end of the input it reads no
 * more. Lines are answered one after the other.
 */

import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { CONSOLE_LINE_MAX } from "../../base/limits.ts";
import { SnaxError } from "../../base/error.ts";
import { COMMANDS } from "../commands/command-list.ts";
import { execute } from "../commands/shell.ts";
import { isTerminal, openConversation } from "./conversation.ts";
import type { Outcome } from "../operator/command.ts";
import type { Operator } from "../operator/operator.ts";
import type { Asker } from "../operator/role.ts";
import { printOutcome } from "../print/print.ts";

/** Lines that wait for the one that is being answered; then the input is not read. */
const WAITING_MAX = 100;

/** Who sits at the node's own terminal. */
const TERMINAL: Asker = { name: "console", role: "operate" };

let isTaken = false;

/**
 * Begins to read standard input.
 *
 * @throws {ERR_ARGUMENT} if another console reads it already.
 */
export function openStdin(operator: Operator): void {
  if (isTaken) throw new SnaxError("ERR_ARGUMENT", "another console reads the standard input");
  isTaken = true;
  const session = new StdinSession(operator);
  operator.runtime.kernel.watch(operator.context.handle, () => {
    isTaken = false;
    session.close();
  });
}

class StdinSession {
  readonly #operator: Operator;
  readonly #input: Interface;
  readonly #isTerminal = isTerminal();
  #waiting: string[] = [];
  #isBusy = false;
  #isOver = false;

  constructor(operator: Operator) {
    this.#operator = operator;
    this.#input = this.#isTerminal
      ? openConversation("> ", (isFirst) => this.#words(isFirst))
      : createInterface({ input: process.stdin });
    this.#input.on("line", (line) => this.#take(line));
    this.#input.on("close", () => (this.#isOver = true));
    this.#prompt();
  }

  close(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#input.close();
  }

  #take(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length >= WAITING_MAX) this.#input.pause();
    if (!this.#isBusy) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#isBusy = true;
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      if (line.trim() !== "") await this.#answer(line);
      this.#prompt();
    }
    this.#isBusy = false;
    if (!this.#isOver) this.#input.resume();
  }

  async #answer(line: string): Promise<void> {
    const outcome = await this.#execute(line.trim());
    for (const text of printOutcome(outcome)) process.stdout.write(text);
  }

  async #execute(line: string): Promise<Outcome> {
    if (Buffer.byteLength(line) > CONSOLE_LINE_MAX) {
      const why = `a line is longer than ${CONSOLE_LINE_MAX} bytes`;
      return { ok: false, command: LINE, error: new SnaxError("ERR_MALFORMED", why) };
    }
    const [name = ""] = line.split(/\s+/);
    return execute(this.#operator, COMMANDS.has(name) ? line : `start ${line}`, TERMINAL);
  }

  #prompt(): void {
    if (this.#isTerminal && !this.#isOver) this.#input.prompt();
  }

  async #words(isFirst: boolean): Promise<Iterable<string>> {
    if (isFirst) return COMMANDS.keys();
    const outcome = await execute(this.#operator, "list", TERMINAL);
    return outcome.ok && outcome.result instanceof Map ? outcome.result.keys() : [];
  }
}

/** Stands for the session where an outcome asks for a command. */
const LINE = { help: "", run: (): undefined => undefined };
