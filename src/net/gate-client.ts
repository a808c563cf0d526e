/**
 * One client of a gate: its connection, how its messages are cut, and where they go.
 *
 * What the receiver has not handled yet is bounded: behind each GATE_WINDOW_BYTES a mark goes into
 * the receiver's mailbox, and while more than two of them are on the way the client is not read. So
 * a client that sends faster than its agent works waits, and costs so much memory and no more.
 *
 * Hot path (bench: player).
 */

import { SnaxError } from "../base/error.ts";
import { GATE_WINDOW_BYTES } from "../base/limits.ts";
import type { FrameSplitter } from "../wire/frame-splitter.ts";
import type { Consumer, Link } from "./link.ts";

/** What a client asks of its gate. */
export interface ClientHost {
  /** What a message counts beside its bytes. */
  readonly messageCost: number;
  /** Hands on a message; false if the client was cut by that. */
  deliver(client: GateClient, data: Buffer, isText: boolean): boolean;
  /**
   * Puts a mark behind what was delivered; when it is handled {@link GateClient.passed} must be
   * called.
   */
  mark(client: GateClient, bytes: number): void;
  /**
   * The client sends nothing any more; an error says what was wrong with the end. Sees to it that
   * the connection is closed.
   */
  end(client: GateClient, error: Error | undefined): void;
  /** The client's connection is gone. */
  lose(client: GateClient, error: Error | undefined): void;
  /** How many bytes wait to be sent to the client. */
  warn(client: GateClient, unsentBytes: number): void;
}

/** What a message costs the receiver's mailbox beside its bytes; bounds small messages. */
export const MESSAGE_COST_BYTES = 64;

/** What the system says of an answer to a client that has gone. */
const GONE: ReadonlySet<string | undefined> = new Set(["ECONNRESET", "EPIPE"]);

/** A client of a gate. */
export class GateClient implements Consumer {
  readonly keepsClosed = false;
  readonly link: Link;
  /** The address without port, for the bound of clients from one address. */
  readonly host: string;
  /** Where messages go, by handle; 0: to the gate's own handler. */
  agent = 0;
  /** The source that the agent sees. */
  source = 0;
  /** Ends the watch over the agent, if it lives on this thread. */
  unwatch: (() => void) | undefined = undefined;
  /** Messages that came so far. */
  messages = 0;
  /** Counts the receivers: a mark from before means nothing. */
  epoch = 0;
  /** It sends nothing any more. */
  isEnded = false;
  /** Something came since the gate last looked. */
  isActive = true;
  /** Looks of the gate in a row at which nothing had come. */
  idleLooks = 0;
  /**
   * Looks of the gate in a row at which the same message was incomplete, and how many had come
   * before it.
   */
  partialLooks = 0;
  partialSince = 0;
  readonly #gate: ClientHost;
  readonly #splitter: FrameSplitter | undefined;
  /** Bytes delivered since the last mark. */
  #unmarked = 0;
  /** Bytes in front of marks that are on their way. */
  #marked = 0;
  #isPaused = false;
  /** Handlers of the gate's own service that are busy with its messages. */
  #handlers = 0;
  #whenIdle = (): void => {};

  /** @param splitter - cuts the stream; undefined if the connection carries messages. */
  constructor(gate: ClientHost, link: Link, splitter: FrameSplitter | undefined) {
    this.#gate = gate;
    this.link = link;
    this.#splitter = splitter;
    this.host = hostOf(link.peer);
  }

  /** A message has begun and is not complete. */
  get isPartial(): boolean {
    return this.#splitter === undefined ? this.link.isPartial : this.#splitter.heldBytes > 0;
  }

  takeChunk(chunk: Buffer): void {
    const splitter = this.#splitter;
    if (splitter === undefined) return;
    this.isActive = true;
    splitter.push(chunk);
    this.#takeFrames(splitter);
  }

  takeMessage(data: Buffer, isText: boolean): void {
    this.isActive = true;
    this.#take(data, isText);
  }

  takeSign(): void {
    this.isActive = true;
  }

  takeEnd(): void {
    this.isEnded = true;
    // Race: Node may tell of the end while the client is paused, and messages wait in the splitter;
    // test/integration/net/half-close.test.ts
    if (!this.#isPaused) this.#end();
  }

  takeClose(error: Error | undefined): void {
    // A client that has ended its side may have gone for good: that an answer does not reach it is
    // in order.
    const isGone = this.isEnded && GONE.has((error as NodeJS.ErrnoException | undefined)?.code);
    this.#gate.lose(this, isGone ? undefined : error);
  }

  takeWarning(unsentBytes: number): void {
    this.#gate.warn(this, unsentBytes);
  }

  /** A mark was handled: the receiver has caught up by that many bytes. */
  passed(bytes: number, epoch: number): void {
    if (epoch !== this.epoch) return;
    this.#marked -= bytes;
    if (this.#isPaused && this.#marked <= GATE_WINDOW_BYTES) this.#resume();
  }

  /**
   * A handler of the gate's own service goes on with a message.
   *
   * @returns what says that it has ended
   */
  begin(): () => void {
    this.#handlers += 1;
    return () => {
      this.#handlers -= 1;
      if (this.#handlers === 0) this.#whenIdle();
    };
  }

  /** Runs something once no such handler is busy. */
  whenIdle(run: () => void): void {
    this.#whenIdle = (): void => {
      this.#whenIdle = (): void => {};
      run();
    };
    if (this.#handlers === 0) this.#whenIdle();
  }

  /** Another receiver: what the last one left does not count. */
  restart(): void {
    this.epoch += 1;
    this.#unmarked = this.#marked = 0;
    if (this.#isPaused) this.#resume();
  }

  /** Everything that came is handed on. */
  #end(): void {
    const why = "the connection ended in the middle of a message";
    this.#gate.end(this, this.isPartial ? new SnaxError("ERR_MALFORMED", why) : undefined);
  }

  /** Takes messages out of what came, as long as the receiver may get more. */
  #takeFrames(splitter: FrameSplitter): void {
    while (!this.#isPaused) {
      const frame = splitter.next();
      if (frame === undefined) break;
      if (!this.#take(frame, false)) return;
    }
    if (splitter.fault !== undefined) this.link.destroy(splitter.fault);
  }

  #take(data: Buffer, isText: boolean): boolean {
    this.messages += 1;
    if (!this.#gate.deliver(this, data, isText)) return false;
    this.#unmarked += data.length + this.#gate.messageCost;
    if (this.#unmarked < GATE_WINDOW_BYTES) return true;
    const bytes = this.#unmarked;
    this.#unmarked = 0;
    this.#marked += bytes;
    this.#gate.mark(this, bytes);
    if (this.#marked > GATE_WINDOW_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.link.pause();
    }
    return true;
  }

  #resume(): void {
    this.#isPaused = false;
    if (this.#splitter !== undefined) this.#takeFrames(this.#splitter);
    if (this.#isPaused) return;
    this.link.resume();
    if (this.isEnded) this.#end();
  }
}

/** Returns what clients are counted by: the address without its port. */
export function hostOf(peer: string): string {
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? peer : peer.slice(0, colon);
}
