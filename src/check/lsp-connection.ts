/**
 * A client of the protocol of editors (LSP): JSON-RPC in frames that say their length.
 */

import type { Readable, Writable } from "node:stream";

/** A message in either direction; which parts it has says what it is. */
interface LspMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message?: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = "\r\n\r\n";

/** A connection to a language server. */
export class LspConnection {
  readonly #output: Writable;
  readonly #waiting = new Map<number, Waiting>();
  #buffer: Buffer = Buffer.alloc(0);
  #count = 0;
  /** Why nothing will be answered any more. */
  #ended: string | undefined;

  constructor(output: Writable, input: Readable) {
    this.#output = output;
    // A server that has died is told of by its end, not by a pipe that breaks.
    output.on("error", () => {});
    input.on("error", () => {});
    input.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws if the server refuses, or has ended; the message says why.
   */
  ask(method: string, params: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(new Error(this.#ended));
        return;
      }
      this.#count += 1;
      this.#waiting.set(this.#count, { resolve, reject });
      this.#write({ id: this.#count, method, params });
    });
  }

  /** Tells something that is not answered. */
  tell(method: string, params: unknown): void {
    this.#write({ method, params });
  }

  /** Answers the callers that wait that nothing will come. */
  end(why: string): void {
    this.#ended ??= why;
    for (const { reject } of this.#waiting.values()) reject(new Error(this.#ended));
    this.#waiting.clear();
  }

  #write(message: LspMessage): void {
    if (this.#ended !== undefined) return;
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#output.write(`Content-Length: ${Buffer.byteLength(text)}${HEAD_END}${text}`);
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf(HEAD_END);
      if (end < 0) return;
      const head = this.#buffer.toString("latin1", 0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
      const from = end + HEAD_END.length;
      if (!Number.isSafeInteger(length)) {
        this.end("the compiler answers in another protocol");
        return;
      }
      if (this.#buffer.length < from + length) return;
      const body = this.#buffer.toString("utf8", from, from + length);
      this.#buffer = this.#buffer.subarray(from + length);
      this.#take(JSON.parse(body) as LspMessage);
    }
  }

  #take({ id, method, params, result, error }: LspMessage): void {
    if (id === undefined) return;
    if (method !== undefined) {
      // It asks for settings, and to be told of files: it has its own, and gets what it is told.
      const { items } = (params ?? {}) as { items?: readonly unknown[] };
      const answer = method === "workspace/configuration" ? (items ?? []).map(() => null) : null;
      const text = JSON.stringify({ jsonrpc: "2.0", id, result: answer });
      this.#output.write(`Content-Length: ${Buffer.byteLength(text)}${HEAD_END}${text}`);
      return;
    }
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`the compiler refuses: ${error.message ?? "without a reason"}`));
  }
}
