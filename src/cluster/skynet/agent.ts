/**
 * A connection over which another node calls this one: skynet's clusteragent.
 *
 *     frame -> request -> who is meant, and may be reached -> message to the service -> its answer -> frame
 *
 * Requests reach a service in the order in which they came; answers go back as they come. What can't be read as a frame ends the
 * connection: skynet would log it and leave the caller waiting. What a peer may have open on one connection is bounded.
 */

import { LEVEL } from "../../base/log-level.ts";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_CALLS_MAX } from "../../base/limits.ts";
import { showInLine } from "../../base/log-line.ts";
import type { Envelope } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { post, request } from "../../service/calls.ts";
import { Tracer } from "../../service/tracer.ts";
import { Values } from "../../service/values.ts";
import { FRAME_SIZE_MAX, FrameSplitter } from "../../wire/frame-splitter.ts";
import { decodeSeri, encodeSeri } from "../../wire/lua-seri.ts";
import type { Exposure } from "../hub/exposure.ts";
import type { Hub } from "../hub/hub.ts";
import type { RequestFrame, WireAddress } from "../wire/skynet-frame.ts";
import { decodeRequest, encodeAnswer } from "../wire/skynet-frame.ts";
import { Transfers } from "../wire/transfers.ts";
import { findUnique } from "../hub/unique-query.ts";
import { Valve } from "../hub/valve.ts";
import {
  describeAddress,
  DRAINS,
  INVALID_LARGE_REQUEST,
  INVALID_NAME,
  NAME_NOT_FOUND,
  textOf,
} from "../wire/wire-error.ts";

/** Longest tag of a trace that is followed, in characters: it is in each line of the trace. */
const TAG_MAX = 256;

/** What another node asks for. */
interface Asked {
  readonly address: WireAddress;
  readonly session: number;
  readonly isPush: boolean;
  readonly tag: string | undefined;
}

/** A connection of another node. */
export class SkynetAgent {
  /** The other side, `host:port`. */
  readonly peer: string;
  readonly #hub: Hub;
  readonly #exposure: Exposure;
  readonly #socket: number;
  readonly #transfers = new Transfers<Asked>();
  /** The tag of the request that comes next. */
  #tag: string | undefined = undefined;
  #calls = 0;
  /** Says whether it may be read. */
  readonly #valve: Valve;

  constructor(hub: Hub, exposure: Exposure, socket: number, peer: string) {
    this.#hub = hub;
    this.#exposure = exposure;
    this.#socket = socket;
    this.peer = peer;
    this.#valve = new Valve(hub, socket);
  }

  /** What is known of it, for people. */
  get state(): { peer: string; calls: number; transfers: number } {
    return { peer: this.peer, calls: this.#calls, transfers: this.#transfers.count };
  }

  /** Ends the connection when all that was answered is written. */
  close(): void {
    void this.#hub.socket.close(this.#socket);
  }

  /** Answers until the connection ends. */
  async run(): Promise<void> {
    const { socket } = this.#hub;
    const splitter = new FrameSplitter(2, FRAME_SIZE_MAX[2]);
    socket.start(this.#socket);
    for (;;) {
      const chunk = await socket.read(this.#socket).catch(() => undefined);
      if (chunk === undefined) {
        if (this.#valve.isShut) this.#hub.refused("unread answers", `${this.peer} is cut off`);
        return void socket.close(this.#socket);
      }
      // What has come is bounded: the socket is not read on while it is not taken.
      if (this.#valve.isShut) await this.#valve.opens;
      splitter.push(chunk);
      try {
        for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
          this.#take(decodeRequest(body));
        }
      } catch (error) {
        this.#hub.refused((error as Error).message, `${this.peer} is cut off`);
        return socket.shutdown(this.#socket);
      }
    }
  }

  #take(frame: RequestFrame): void {
    if (frame.kind === "trace") {
      this.#tag = frame.tag.length <= TAG_MAX ? showInLine(frame.tag) : undefined;
      return;
    }
    const { session } = frame;
    if (frame.kind === "part" || frame.kind === "last") {
      const isLast = frame.kind === "last";
      const arrived = this.#transfers.add(session, frame.payload, isLast);
      if (arrived?.payload !== undefined) this.#handle(arrived.about, arrived.payload);
      else if (isLast) this.#fail(session, INVALID_LARGE_REQUEST);
      return;
    }
    const { address, isPush } = frame;
    // A tag belongs to what follows it, whatever that is; skynet forgets to drop it behind a push.
    const asked: Asked = { address, session, isPush, tag: this.#tag };
    this.#tag = undefined;
    if (frame.kind === "begin") this.#transfers.begin(session, frame.total, asked);
    else this.#handle(asked, frame.payload);
  }

  #handle(asked: Asked, payload: Buffer): void {
    const { address, session, isPush } = asked;
    let values: unknown[];
    try {
      values = decodeSeri(payload);
    } catch (error) {
      this.#hub.refused("unreadable values", `${this.peer} to ${describeAddress(address)}`);
      if (!isPush) this.#fail(session, `ERR_MALFORMED: ${(error as Error).message}`);
      return;
    }
    // The sender of pushes does not hear what became of them: they are delivered to the last.
    if (!isPush && this.#hub.context.runtime.isDraining) return this.#fail(session, DRAINS);
    if (address === 0) return this.#query(session, values[0]);
    if (address === ".service") return this.#findUnique(asked, values);
    const found = this.#exposure.find(address);
    if ("handle" in found) return this.#deliver(asked, found.handle, values);
    // As in skynet, which answers a push to such a name too.
    if (found.why === "unknown") return this.#fail(session, INVALID_NAME);
    if (found.why === "absent") {
      const text = `ERR_NO_SERVICE: no service has the name ${describeAddress(address)}`;
      return isPush ? undefined : this.#fail(session, text);
    }
    this.#forbid(asked, describeAddress(address));
  }

  /** Another node asks for the handle of a name. */
  #query(session: number, name: unknown): void {
    const handle = typeof name === "string" ? this.#exposure.handleOf(name) : undefined;
    if (handle === undefined) this.#fail(session, NAME_NOT_FOUND);
    else this.#answer(session, true, encodeSeri([handle]));
  }

  /** The service manager is asked for nothing but unique services that are exposed: `cluster.snax` begins so. */
  #findUnique(asked: Asked, [command, ...key]: readonly unknown[]): void {
    const name = key.length === 2 ? key.join(".") : String(key[0]);
    const what = `.service ${String(command)} ${name}`;
    if (command !== "QUERY" || asked.isPush) return this.#forbid(asked, what);
    void findUnique(this.#hub, this.#exposure, key).then(
      (handle) => {
        if (handle === undefined) this.#forbid(asked, what);
        else this.#answer(asked.session, true, encodeSeri([handle]));
      },
      (error: unknown) => this.#fail(asked.session, textOf(error)),
    );
  }

  #deliver({ address, session, isPush, tag }: Asked, handle: number, values: unknown[]): void {
    const envelope: Envelope = { type: PTYPE.lua, method: 0, values };
    if (isPush) {
      if (!post(this.#hub.context, handle, envelope)) {
        this.#hub.log(
          `a push of ${this.peer} is lost: ${describeAddress(address)} is dead`,
          LEVEL.warn,
        );
      }
      return;
    }
    if (this.#calls >= CLUSTER_CALLS_MAX) {
      this.#hub.refused("too many calls", `${this.peer} to ${describeAddress(address)}`);
      const text = `${this.#calls} calls of this connection are open, CLUSTER_CALLS_MAX`;
      return this.#fail(session, `ERR_EXHAUSTED: ${text}`);
    }
    this.#calls += 1;
    const answer = this.#request(handle, envelope, tag);
    void answer.then(
      (result) => {
        this.#calls -= 1;
        this.#answerWith(session, result);
      },
      (error: unknown) => {
        this.#calls -= 1;
        this.#fail(session, textOf(error));
      },
    );
  }

  #request(address: number | string, envelope: Envelope, tag?: string): Promise<unknown> {
    const { context } = this.#hub;
    // How long it may take is the caller's business.
    const ask = (): Promise<unknown> => request(context, address, envelope, Infinity);
    return tag === undefined || !this.#hub.mayTrace()
      ? ask()
      : Tracer.of(context.runtime).under(tag, ask);
  }

  #answerWith(session: number, result: unknown): void {
    const values = result instanceof Values ? result.values : result === undefined ? [] : [result];
    let bytes: Uint8Array;
    try {
      bytes = encodeSeri(values);
    } catch (error) {
      const why = error instanceof SnaxError ? `the answer can't be sent: ${error.message}` : error;
      return this.#fail(session, `ERR_NOT_SENDABLE: ${String(why)}`);
    }
    this.#answer(session, true, bytes);
  }

  #forbid({ isPush, session }: Asked, what: string): void {
    this.#hub.refused("not exposed", `${this.peer} asks for ${what}, which is not exposed`);
    if (!isPush) this.#fail(session, `ERR_FORBIDDEN: ${what} is not exposed to other nodes`);
  }

  #fail(session: number, text: string): void {
    this.#answer(session, false, Buffer.from(text));
  }

  #answer(session: number, isOk: boolean, payload: Uint8Array): void {
    this.#hub.socket.write(this.#socket, encodeAnswer(session, isOk, payload));
  }
}
