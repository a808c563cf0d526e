/**
 * One client that talks in lines.
 *
 *     greeting -> line -> answer, <CMD OK> or <CMD Error> -> line -> ...
 *
 * Lines are answered one after the other; what comes meanwhile waits with the client. A line that is the head of an HTTP
 * request makes the session hand the socket over. To leave room for that the greeting waits for the first line, but not
 * longer than a person would notice.
 */

import type { Socket } from "node:net";
import { SnaxError } from "../base/error.ts";
import { CONSOLE_LINE_MAX, CONSOLE_LOGIN_MS } from "../base/limits.ts";
import { writeTexts } from "./client-writer.ts";
import type { Client } from "./client.ts";
import type { Terminal } from "./command.ts";
import type { Outcome } from "./operator.ts";
import { GREETING, printOutcome } from "./print.ts";

/** Milliseconds in which a client that speaks HTTP has begun to. */
const GREETING_DELAY_MS = 200;

/** The head of an HTTP request, also with a method that nobody answers: its other lines are no commands. */
const HTTP_HEAD = /^(?:(?:GET|POST) |[A-Z]+ \S+ HTTP\/\d)/;

/** What may still become such a head. */
const HTTP_BEGINNING = /^(?:G|GE|GET|P|PO|POS|POST|(?:GET|POST) .*)$/s;

const LINE_FEED = 0x0a;

/** One client's session. */
export class LineSession {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #handOver: () => void;
  /** What came and is not a whole line yet, or waits its turn. */
  #rest: Buffer = Buffer.alloc(0);
  #isBusy = false;
  #isGreeted = false;
  /** Another one has the socket. */
  #isOver = false;
  #isTrusted: boolean;
  /** Somebody waits for a line, or for the end. */
  #notice: () => void = () => {};
  /** The command that asked for lines asks no more. */
  #isTalkOver = false;
  /** For a command that takes the connection over; no line is read until it has ended. */
  readonly #terminal: Terminal;
  readonly #take = (chunk: Buffer): void => {
    this.#client.noteRead();
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#notice();
    this.#pump().catch((error: unknown) => this.#client.drop(error));
  };

  /** @param handOver - takes the socket once an HTTP request begins; its bytes are back in the socket by then. */
  constructor(client: Client, handOver: () => void) {
    this.#client = client;
    this.#socket = client.socket;
    this.#handOver = handOver;
    this.#terminal = {
      socket: this.#socket,
      write: (text) => void (this.#socket.writable && this.#socket.write(text)),
      nextLine: () => this.#nextLine(),
      close: () => {
        this.#isTalkOver = true;
        this.#notice();
      },
      takeRest: () => {
        const waiting = this.#socket.read() as Buffer | null;
        const rest = waiting === null ? this.#rest : Buffer.concat([this.#rest, waiting]);
        this.#rest = Buffer.alloc(0);
        return rest;
      },
      giveRest: (rest) => (this.#rest = Buffer.concat([rest, this.#rest])),
    };
    this.#isTrusted = !client.gate.isClosed;
    client.after(GREETING_DELAY_MS, () => {
      if (!HTTP_BEGINNING.test(this.#rest.toString("latin1"))) this.#greet();
    });
    client.after(CONSOLE_LOGIN_MS, () => {
      if (!this.#isTrusted && !this.#isOver) this.#socket.destroy();
    });
    this.#socket.on("data", this.#take);
    this.#socket.on("close", () => this.#notice());
  }

  /** The next line for a command that asks for one; undefined when the client has gone, or sends lines without end. */
  async #nextLine(): Promise<string | undefined> {
    this.#isTalkOver = false;
    for (;;) {
      const end = this.#rest.indexOf(LINE_FEED);
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#isTalkOver || this.#socket.destroyed) return undefined;
      if (this.#rest.length > CONSOLE_LINE_MAX) return undefined;
      this.#socket.resume();
      await new Promise<void>((resolve) => (this.#notice = resolve));
      this.#socket.pause();
    }
  }

  /** Whether the greeting has been sent. */
  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  #greet(): void {
    if (this.#isGreeted || this.#isOver || !this.#socket.writable) return;
    this.#isGreeted = true;
    this.#socket.write(`${GREETING}\n`);
  }

  async #pump(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#socket.pause();
    for (;;) {
      const end = this.#rest.indexOf(LINE_FEED);
      if ((end < 0 ? this.#rest.length : end) > CONSOLE_LINE_MAX) return this.#refuseLine();
      if (end < 0) break;
      const line = this.#rest.toString("utf8", 0, end).replace(/\r$/, "");
      if (HTTP_HEAD.test(line)) return this.#leave();
      this.#rest = this.#rest.subarray(end + 1);
      this.#greet();
      if (line.trim() !== "" && !(await this.#answer(line))) return;
    }
    this.#isBusy = false;
    this.#socket.resume();
  }

  async #answer(line: string): Promise<boolean> {
    const { operator, name } = this.#client;
    const outcome = this.#login(line) ?? (await operator.execute(line, name, this.#terminal));
    this.#client.noteWrite();
    return writeTexts(operator, this.#socket, printOutcome(outcome));
  }

  /** Handles `auth TOKEN`, and refuses anything else until the client is trusted; undefined lets the line pass. */
  #login(line: string): Outcome | undefined {
    const token = /^\s*auth\s+(\S+)\s*$/.exec(line)?.[1];
    if (token === undefined && this.#isTrusted) return undefined;
    try {
      this.#client.login(token);
      this.#isTrusted = true;
      return { ok: true, command: LOGIN, result: undefined };
    } catch (error) {
      return { ok: false, command: LOGIN, error };
    }
  }

  #refuseLine(): void {
    const why = `a line is longer than ${CONSOLE_LINE_MAX} bytes`;
    const error = new SnaxError("ERR_MALFORMED", why);
    this.#greet();
    const texts = [...printOutcome({ ok: false, command: LOGIN, error })];
    this.#socket.end(texts.join(""), () => this.#socket.destroy());
  }

  #leave(): void {
    this.#isOver = true;
    this.#socket.off("data", this.#take);
    this.#socket.unshift(this.#rest);
    this.#handOver();
    this.#socket.resume();
  }
}

/** Stands for the session itself where an outcome asks for a command. */
const LOGIN = { help: "auth TOKEN", run: (): undefined => undefined };
