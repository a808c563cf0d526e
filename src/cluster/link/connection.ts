/**
 * One connection of a link, whichever side has made it: the handshake, then frames, until it ends.
 *
 *     bytes -> frames -> handshake -> ready -> frames -> the side's own
 *
 * Whether the other side lives is told by what it sends. The side that has connected pings while nothing else goes one way or the
 * other, six times in the shorter `deadAfter` of the two, and is answered. Silence for `deadAfter` ends the connection. A process that stood still itself
 * (its own ticks are late) judges no other node for as long again: what the other has sent meanwhile is not read yet.
 */

import { LINK_FRAME_MAX } from "../../base/limits.ts";
import type { Link } from "../../net/link.ts";
import { netOf } from "../../net/net-table.ts";
import { FrameSplitter } from "../../wire/frame-splitter.ts";
import type { Hub } from "../hub/hub.ts";
import type { LinkFrame } from "../wire/link-frame.ts";
import { decodeLinkFrame, encodeBye, PING, PONG } from "../wire/link-frame.ts";
import type { Greeting, LinkHandshake } from "../wire/link-handshake.ts";
import { HANDSHAKE_BYTES_MAX } from "../wire/link-handshake.ts";
import type { Valve } from "../hub/valve.ts";

/** Pings in the time after which silence is death. */
const BEATS = 6;

/** What the two sides do in their own way. */
export interface ConnectionOptions {
  readonly hub: Hub;
  readonly socket: number;
  readonly handshake: LinkHandshake;
  readonly isCaller: boolean;
  /** Milliseconds of silence after which the other side is dead; the handshake too has to be over by then. */
  readonly deadAfterMs: number;
  /** The last request that this side has taken; told with the goodbye. */
  readonly lastTaken?: () => number;
  /** Holds reading up while answers wait. */
  readonly valve?: Valve;
  /** The other side is who it says. */
  readonly onReady: (peer: Greeting) => void;
  /** @throws {ERR_MALFORMED} if it can't be read; that ends the connection. */
  readonly onFrame: (frame: LinkFrame, body: Buffer) => void;
  /** It has ended; nothing comes after that. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** For people. */
  readonly why: string;
  /** What is counted; undefined if nothing was refused. */
  readonly reason?: string;
  /** The other side has said goodbye, and this is the last request that it has taken; 0 = none. */
  readonly lastTaken?: number;
}

/** One connection; it lives from {@link LinkConnection.begin} until `onEnd`. */
export class LinkConnection {
  readonly #options: ConnectionOptions;
  readonly #link: Link | undefined;
  readonly #splitter = new FrameSplitter(4, LINK_FRAME_MAX);
  #isReady = false;
  #end: ConnectionEnd | undefined = undefined;
  #beatMs = 0;
  /** What is known of the other side from before this moment does not count. */
  #judgedFrom = 0;
  #tickedAt = 0;
  /** Ends what waits for the handshake, later the ticks. */
  #stopTimer: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#link = netOf(options.hub.context.runtime).linkOf(options.socket);
  }

  /** Bytes that wait to be sent. */
  get unsentBytes(): number {
    return this.#link?.unsentBytes ?? 0;
  }

  /** The handshake is over, and neither side has ended it. */
  get isOpen(): boolean {
    return this.#isReady && this.#end === undefined;
  }

  /** Begins. */
  begin(): void {
    const { hub, handshake, isCaller, deadAfterMs } = this.#options;
    this.#stopTimer = hub.after(deadAfterMs, () => {
      this.end({ why: `no handshake within ${deadAfterMs} ms`, reason: "no handshake" }, "cut");
    });
    if (isCaller) this.#writeBody(handshake.hello);
    void this.#read();
  }

  async #read(): Promise<void> {
    const { hub, socket, valve } = this.#options;
    let greeted = 0;
    for (;;) {
      const chunk = await hub.socket.read(socket).catch(() => undefined);
      if (chunk !== undefined && valve?.isShut === true) await valve.opens;
      // Order: it may have ended while it waited.
      if (chunk === undefined || this.#end !== undefined) break;
      if (!this.#isReady) greeted += chunk.length;
      if (greeted > HANDSHAKE_BYTES_MAX) {
        this.end({ why: "its handshake is too long", reason: "bad handshake" }, "cut");
        break;
      }
      this.#splitter.push(chunk);
      this.#takeFrames();
    }
    this.end({ why: "the connection was lost" }, "told");
    await hub.socket.close(socket);
  }

  /** Writes a frame; false if the connection does not take it. */
  write(frame: Uint8Array): boolean {
    return this.isOpen && this.#link?.write(frame) === true;
  }

  /**
   * Ends it; only the first end counts.
   *
   * @param manner - "told": what was written still goes out, and why it ends; "cut": at once, for it would not be read.
   */
  end(end: ConnectionEnd, manner: "told" | "cut"): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stopTimer();
    if (manner === "cut") this.#link?.destroy();
    else {
      if (this.#isReady) this.#link?.write(encodeBye(end.why, this.#options.lastTaken?.()));
      this.#link?.close();
    }
    this.#options.onEnd(end);
  }

  #takeFrames(): void {
    try {
      for (let body = this.#splitter.next(); body !== undefined; body = this.#splitter.next()) {
        if (this.#isReady) this.#takeFrame(body);
        else this.#greet(body);
        if (this.#end !== undefined) return;
      }
      if (this.#splitter.fault !== undefined) throw this.#splitter.fault;
    } catch (error) {
      const { message } = error as Error;
      this.end(
        { why: `it sent what can't be read: ${message}`, reason: "unreadable frame" },
        "told",
      );
    }
  }

  #takeFrame(body: Buffer): void {
    const frame = decodeLinkFrame(body);
    if (frame.kind === "ping") return void this.write(PONG);
    if (frame.kind === "pong") return undefined;
    if (frame.kind === "bye") {
      const why = `it has ended the link: ${frame.text}`;
      return this.end({ why, lastTaken: frame.session }, "cut");
    }
    this.#options.onFrame(frame, body);
  }

  #greet(body: Buffer): void {
    const { handshake, onReady } = this.#options;
    const step = handshake.take(body);
    if (step.body !== undefined) this.#writeBody(step.body);
    if (step.kind === "refused") return this.end({ why: step.text, reason: step.reason }, "told");
    if (step.kind !== "ready" || handshake.peer === undefined) return undefined;
    this.#isReady = true;
    this.#stopTimer();
    this.#beginTicks(handshake.peer);
    onReady(handshake.peer);
  }

  #writeBody(body: Buffer): void {
    const frame = Buffer.alloc(4 + body.length);
    frame.writeUInt32BE(body.length, 0);
    frame.set(body, 4);
    this.#link?.write(frame);
  }

  #beginTicks(peer: Greeting): void {
    const { kernel, clock } = this.#options.hub.context.runtime;
    const { service } = this.#options.hub.context;
    this.#beatMs = Math.max(Math.min(this.#options.deadAfterMs, peer.deadAfterMs) / BEATS, 1);
    this.#judgedFrom = this.#tickedAt = clock.now();
    const timer = kernel.addTimer(service, this.#beatMs, () => this.#tick(), this.#beatMs);
    this.#stopTimer = () => kernel.removeTimer(service, timer);
  }

  #tick(): void {
    const { hub, isCaller, deadAfterMs, valve } = this.#options;
    const now = hub.context.runtime.clock.now();
    const late = now - this.#tickedAt - this.#beatMs;
    this.#tickedAt = now;
    if (late > 2 * this.#beatMs || valve?.isShut === true) this.#judgedFrom = now;
    const silentMs = now - Math.max(this.#link?.readAt ?? 0, this.#judgedFrom);
    if (silentMs >= deadAfterMs) {
      return this.end({ why: `it has been silent for ${Math.round(silentMs)} ms` }, "cut");
    }
    const idleMs = now - Math.max(this.#link?.writtenAt ?? 0, this.#judgedFrom);
    if (isCaller && (silentMs >= this.#beatMs || idleMs >= this.#beatMs)) this.write(PING);
  }
}
