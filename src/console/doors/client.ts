/**
 * One connection to a debug console, whichever way it talks.
 *
 * An answer may have a hundred thousand lines: it is made and sent piece by piece, as fast as the client reads, with a rest for
 * the node's other work between two pieces. A client that stops reading is closed after CONSOLE_STALL_MS; until then at most
 * CONSOLE_BUFFER_MAX and one piece wait for it.
 */

import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { CONSOLE_BUFFER_MAX, CONSOLE_STALL_MS } from "../../base/limits.ts";
import { describeError } from "../../service/error-text.ts";
import { formatEndpoint } from "../../net/endpoint.ts";
import type { Operator } from "../operator/operator.ts";
import type { ClientRecord } from "../operator/socket-table.ts";
import type { Asker, Role } from "../operator/role.ts";
import type { TokenGate } from "./token-gate.ts";

/** Characters that are written at once. */
const PIECE_LENGTH = 1 << 16;

/** What a client belongs to. */
export interface ClientOptions {
  readonly socket: Socket;
  readonly operator: Operator;
  readonly gate: TokenGate;
  /** Writes a line about the client to the log, and says so; false if there are too many. */
  readonly tell: (text: string) => boolean;
}

/** A client. */
export class Client {
  readonly socket: Socket;
  readonly operator: Operator;
  readonly gate: TokenGate;
  /** `host:port` of the other side, for the log. */
  readonly name: string;
  /** The other side's host. */
  readonly host: string;
  /** A command of the client runs, or its answer is being written; never of one that has not shown the token. */
  isBusy = false;
  /** It has sent a command, and shown the token if there is one. */
  isProven = false;
  /** What it may do; of one that has not shown a token the gate says so. */
  role: Role = "read";
  readonly #tell: (text: string) => boolean;
  readonly #record: ClientRecord;
  readonly #openedAt: number;
  #isAnnounced = false;
  #isQuiet = false;

  constructor({ socket, operator, gate, tell }: ClientOptions) {
    this.socket = socket;
    this.operator = operator;
    this.gate = gate;
    this.#tell = tell;
    // A socket that listens on both families shows an IPv4 address inside an IPv6 one.
    this.host = (socket.remoteAddress ?? "nowhere").replace(/^::ffff:/, "");
    this.name = formatEndpoint(this.host, socket.remotePort ?? 0);
    this.#record = operator.thread.sockets.addClient(operator.context.handle, socket, this.name);
    this.#openedAt = operator.runtime.clock.now();
  }

  /** When something was read or written last, in milliseconds of the clock; at the beginning when it came. */
  get activeAt(): number {
    const { readAt, writtenAt } = this.#record;
    return Math.max(this.#openedAt, readAt ?? 0, writtenAt ?? 0);
  }

  /** Says that something was read. */
  noteRead(): void {
    this.#record.readAt = this.operator.runtime.clock.now();
  }

  /** Says that something was written. */
  noteWrite(): void {
    this.#record.writtenAt = this.operator.runtime.clock.now();
  }

  /**
   * Writes the texts of an answer one after the other.
   *
   * @param out - what leads to the client. @defaultValue its socket
   * @returns false if the client is gone.
   */
  async write(texts: Iterable<string>, out: Writable = this.socket): Promise<boolean> {
    let piece = "";
    for (const text of texts) {
      piece += text;
      if (piece.length < PIECE_LENGTH) continue;
      if (!(await this.#writePiece(out, piece))) return false;
      piece = "";
      await this.operator.rest();
    }
    return piece === "" ? isOpen(out) : this.#writePiece(out, piece);
  }

  async #writePiece(out: Writable, piece: string): Promise<boolean> {
    if (!isOpen(out)) return false;
    out.write(piece);
    if (out.writableLength > CONSOLE_BUFFER_MAX) await this.#drained(out);
    return isOpen(out);
  }

  /** Waits until the client has read what waits for it; closes it if that takes too long. */
  #drained(out: Writable): Promise<void> {
    const { context, runtime } = this.operator;
    const { kernel } = runtime;
    return new Promise((resolve) => {
      const end = (): void => {
        kernel.removeTimer(context.service, timer);
        out.off("drain", end);
        out.off("close", end);
        resolve();
      };
      const timer = kernel.addTimer(context.service, CONSOLE_STALL_MS, () => {
        out.destroy();
        end();
      });
      out.once("drain", end);
      out.once("close", end);
    });
  }

  /** Tells the log that it came, once. It waits until it is known whether the client only looks. */
  announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.#tell(`${this.name} connected`);
  }

  /** It only looked, as clients do that ask again and again: unless the log has told of it, it tells nothing. */
  hush(): void {
    this.#isQuiet = true;
  }

  /** Tells the log that it has gone. */
  leave(): void {
    if (this.#isAnnounced || !this.#isQuiet) this.tell("disconnect");
  }

  /** Writes a line about this client to the log. @returns false if there are too many */
  tell(text: string): boolean {
    this.announce();
    return this.#tell(`${this.name} ${text}`);
  }

  /**
   * Checks a token.
   *
   * @throws {ERR_FORBIDDEN} if it is not the right one; the log says so.
   */
  login(token: string | undefined): void {
    try {
      this.role = this.gate.check(this.host, token);
    } catch (error) {
      if (token !== undefined) this.tellRefusal(error);
      throw error;
    }
  }

  /** Who it is, for commands. @param reason - why it asks. */
  asker(reason?: string): Asker {
    return { name: this.name, role: this.role, reason };
  }

  /** Tells the log and the audit that this client was refused, unless there are too many of them. */
  tellRefusal(error: unknown): void {
    const { message } = error as Error;
    if (!this.tell(`was refused : ${message}`)) return;
    this.operator.thread.audit.write({ who: this.name, outcome: "refused", message });
  }

  /** Ends the connection after something unexpected; the node goes on. */
  drop(error: unknown): void {
    this.tell(`dropped : ${describeError(error)}`);
    this.socket.destroy();
  }

  /** Runs something later, unless the client has gone by then. */
  after(ms: number, run: () => void): void {
    const { kernel } = this.operator.runtime;
    const { service } = this.operator.context;
    const timer = kernel.addTimer(service, ms, run);
    this.socket.once("close", () => kernel.removeTimer(service, timer));
  }
}

function isOpen(out: Writable): boolean {
  return out.writable && !out.destroyed;
}
