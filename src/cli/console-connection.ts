/**
 * A connection to a debug console: lines out, whole answers in.
 *
 * Commands are sent one after the other; the lines of an answer are handed on as they come, and the mark at its end says
 * whether the command failed.
 */

import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Endpoint } from "../net/endpoint.ts";
import { formatEndpoint } from "../net/endpoint.ts";
import { END_MARKS, GREETING } from "../console/print/print.ts";

/** What comes of a command: its answer's lines go to `onLine`, the mark included. */
interface Question {
  readonly onLine: (line: string) => void;
  readonly onPrompt: ((text: string) => void) | undefined;
  readonly settle: (isOk: boolean) => void;
  readonly fail: (error: Error) => void;
}

/** An open connection. */
export class ConsoleConnection {
  readonly #socket: Socket;
  #question: Question | undefined;
  /** What came of a line that has not ended. */
  #text = "";
  /** Settles when the last command is answered. */
  #last: Promise<boolean> = Promise.resolve(true);
  #error: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("close", () => this.#end());
  }

  /**
   * Connects.
   *
   * @throws an error that says where no node listens.
   */
  static open({ host, port }: Endpoint): Promise<ConsoleConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host);
      socket.once("error", ({ message }) => {
        reject(new Error(`no console at ${formatEndpoint(host, port)}: ${message}`));
      });
      socket.once("connect", () => {
        const connection = new ConsoleConnection(socket);
        socket.on("error", (error) => (connection.#error = error));
        // The console greets at the first line; an empty one is no command.
        socket.write("\n");
        resolve(connection);
      });
    });
  }

  /**
   * Runs a command, when those before it are answered.
   *
   * @param onPrompt - for a command that asks back: gets what is at the beginning of a line that has not ended; what
   * a person answers goes out with {@link ConsoleConnection.reply}.
   * @returns whether it succeeded.
   * @throws if the connection ends before the answer does.
   */
  ask(
    line: string,
    onLine: (line: string) => void,
    onPrompt?: (text: string) => void,
  ): Promise<boolean> {
    const asked = this.#last.then(() => this.#send(line, onLine, onPrompt));
    // The caller is told of its failure; the next one finds out for itself.
    this.#last = asked.catch(() => false);
    return asked;
  }

  /** Sends a line to the command that runs. */
  reply(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** Whether a command runs. */
  get isAsking(): boolean {
    return this.#question !== undefined;
  }

  /** Calls back when the other side ends the connection. */
  onClose(run: () => void): void {
    this.#socket.once("close", run);
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #send(
    line: string,
    onLine: (line: string) => void,
    onPrompt: ((text: string) => void) | undefined,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#question = { onLine, onPrompt, settle: resolve, fail: reject };
      if (this.#socket.destroyed) this.#end();
      else this.#socket.write(`${line}\n`);
    });
  }

  #read(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#take(line.replace(/\r$/, ""));
    if (this.#text !== "") this.#question?.onPrompt?.(this.#text);
  }

  #take(line: string): void {
    const question = this.#question;
    if (question === undefined || line === GREETING) return;
    question.onLine(line);
    const mark = END_MARKS.findIndex((text) => text === line);
    if (mark < 0) return;
    this.#question = undefined;
    question.settle(mark === 0);
  }

  #end(): void {
    const question = this.#question;
    this.#question = undefined;
    question?.fail(new Error(this.#error?.message ?? "the console has closed the connection"));
  }
}
