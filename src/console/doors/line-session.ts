/**
 * One client that talks in lines.
 *
 *     greeting -> line -> answer, <CMD OK> or <CMD Error> -> line -> ...
 *
 * Lines are answered one after the other; what comes meanwhile waits with the client. A client that ends its side (`nc -N`) gets
 * its answers all the same, and its last line needs no end. A line that is the head of an HTTP request makes the session hand
 * the socket over. To leave room for that the greeting waits for the first line, but not longer than a person would notice.
 * What begins as no operator would is refused (line-guard.ts).
 */

import type { Socket } from "node:net";
import { SnaxError } from "../../base/error.ts";
import {
  CONSOLE_LINE_MAX,
  CONSOLE_LOGIN_MS,
  CONSOLE_REFUSED_MS,
  CONSOLE_STALL_MS,
} from "../../base/limits.ts";
import type { Client } from "./client.ts";
import { isHttpHead, isOfOperator, mayBecomeHttp } from "./line-guard.ts";
import { refuseBeginning, refuseFirstLine } from "./line-guard.ts";
import type { Outcome, Terminal } from "../operator/command.ts";
import { commandOf, execute } from "../commands/shell.ts";
import { GREETING, printOutcome } from "../print/print.ts";

/** Milliseconds in which a client that speaks HTTP has begun to. */
const GREETING_DELAY_MS = 200;

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
  /** An empty line came. */
  #hasGreeted = false;
  /** A line came that only an operator sends; see line-guard.ts. */
  #isProven = false;
  /** The client sends nothing any more. */
  #isEnded = false;
  /** Another one has the socket. */
  #isOver = false;
  #isTrusted: boolean;
  /** A reader waits for a line, or for the end. */
  #notice: () => void = () => {};
  /** The command that asked for lines asks no more. */
  #isTalkOver = false;
  /** For a command that takes the connection over; no line is read until it has ended. */
  readonly #terminal: Terminal;
  readonly #take = (chunk: Buffer): void => {
    this.#client.noteRead();
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#goOn();
  };
  readonly #takeEnd = (): void => {
    this.#isEnded = true;
    this.#goOn();
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
        this.#takeBack();
        const rest = this.#rest;
        this.#rest = Buffer.alloc(0);
        return rest;
      },
      giveRest: (rest) => (this.#rest = Buffer.concat([rest, this.#rest])),
    };
    this.#isTrusted = !client.gate.isClosed;
    if (this.#isTrusted) client.login(undefined);
    // On a busy thread the time may be over before what has come is read: that first.
    client.after(GREETING_DELAY_MS, () =>
      client.after(1, () => {
        if (!mayBecomeHttp(this.#rest.toString("latin1"))) this.#greet();
      }),
    );
    client.after(CONSOLE_LOGIN_MS, () => {
      if (!this.#isTrusted && !this.#isOver) this.#socket.destroy();
    });
    this.#socket.on("data", this.#take);
    this.#socket.on("end", this.#takeEnd);
    this.#socket.on("close", () => this.#notice());
  }

  #goOn(): void {
    this.#notice();
    this.#pump().catch((error: unknown) => this.#client.drop(error));
  }

  /** The next line for a command that asks for a line; undefined when the client has gone, or sends lines without end. */
  async #nextLine(): Promise<string | undefined> {
    this.#isTalkOver = false;
    for (;;) {
      const end = this.#endOfLine();
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#isTalkOver || this.#isEnded || this.#socket.destroyed) return undefined;
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

  /** Where the next line ends; -1 if its end has not come. The last one ends with what the client sends. */
  #endOfLine(): number {
    const { length } = this.#rest;
    const end = this.#rest.indexOf(LINE_FEED);
    return end < 0 && this.#isEnded && length > 0 ? length : end;
  }

  #greet(): void {
    if (this.#isGreeted || this.#isOver || !this.#socket.writable) return;
    this.#isGreeted = true;
    this.#client.announce();
    this.#socket.write(`${GREETING}\n`);
  }

  async #pump(): Promise<void> {
    if (this.#isBusy || this.#isOver) return;
    this.#isBusy = true;
    this.#socket.pause();
    for (;;) {
      const end = this.#endOfLine();
      const bytes = this.#rest.subarray(0, end < 0 ? this.#rest.length : end);
      if (bytes.length > CONSOLE_LINE_MAX) return this.#refuse(TOO_LONG);
      if (end < 0) break;
      const line = bytes.toString("utf8").replace(/\r$/, "");
      // Once a session has shown itself, no command is a request.
      const isKnown = this.#isProven && commandOf(line) !== undefined;
      if (!isKnown && isHttpHead(line)) return this.#leave();
      const refusal = this.#isProven ? undefined : refuseFirstLine(bytes, this.#hasGreeted);
      if (refusal !== undefined) return this.#refuse(refusal);
      this.#rest = this.#rest.subarray(end + 1);
      this.#greet();
      if (line.trim() === "") this.#hasGreeted = true;
      else {
        this.#giveBack();
        if (!(await this.#answer(line))) return;
        this.#takeBack();
      }
    }
    const refusal = this.#isProven ? undefined : refuseBeginning(this.#rest);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (this.#isEnded) return this.#end();
    this.#isBusy = false;
    this.#socket.resume();
  }

  /**
   * What waits behind a command waits in the socket: so the client's end comes behind it, and a request among it can be
   * handed over whole.
   */
  #giveBack(): void {
    if (this.#rest.length === 0 || this.#isEnded || this.#socket.readableEnded) return;
    this.#socket.unshift(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  /** Takes what waits in the socket; it comes as any other chunk. */
  #takeBack(): void {
    this.#socket.read();
  }

  async #answer(line: string): Promise<boolean> {
    const { operator } = this.#client;
    this.#isProven ||= isOfOperator(line);
    const refusalOrLogin = this.#login(line);
    // A client that has not shown the token is a stranger, whatever it says: the operator does not give way to it.
    this.#client.isBusy = this.#isTrusted;
    if (this.#isTrusted && this.#isProven) this.#client.isProven = true;
    const outcome =
      refusalOrLogin ??
      (await execute(operator, line, this.#client.asker(), { terminal: this.#terminal }));
    this.#client.noteWrite();
    const isOpen = await this.#client.write(printOutcome(outcome));
    this.#client.isBusy = false;
    return isOpen;
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

  /** Ends the connection with a line that says why. Nothing that comes is looked at any more. */
  #refuse(error: SnaxError): void {
    this.#client.tellRefusal(error);
    this.#greet();
    this.#isOver = true;
    this.#socket.off("data", this.#take);
    this.#socket.end([...printOutcome({ ok: false, command: LOGIN, error })].join(""));
    // To close what is still being sent would take the line from the other side.
    this.#socket.resume();
    this.#client.after(CONSOLE_REFUSED_MS, () => this.#socket.destroy());
  }

  /** All lines of a client that has ended its side are answered. */
  #end(): void {
    this.#isOver = true;
    this.#socket.end();
    this.#client.after(CONSOLE_STALL_MS, () => this.#socket.destroy());
  }

  #leave(): void {
    // Of a head that ends where the client did nothing more will come.
    if (this.#isEnded) return this.#refuse(NO_REQUEST);
    this.#isOver = true;
    this.#socket.off("data", this.#take);
    this.#socket.off("end", this.#takeEnd);
    this.#socket.unshift(this.#rest);
    this.#handOver();
    this.#socket.resume();
  }
}

const TOO_LONG = new SnaxError("ERR_MALFORMED", `a line is longer than ${CONSOLE_LINE_MAX} bytes`);
const NO_REQUEST = new SnaxError(
  "ERR_MALFORMED",
  "the request has ended in the middle of its head",
);

/** Stands for the session itself where an outcome asks for a command. */
const LOGIN = { help: "auth TOKEN", run: (): undefined => undefined };
