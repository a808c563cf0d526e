/**
 * Reading from a connection with promises: what the `socket` of a service does with what comes in.
 *
 *     event loop: takeChunk     bytes into the queue; enough for the call that waits? then a message to the owner
 *     the owner's turn: settle  the bytes are taken out, the promise resolves
 *
 * One reader waits at a time. Beyond SOCKET_PAUSE_BYTES of unread bytes the connection is not read
 * any further, as in skynet, until the service takes them; a reader who wants more than that gets
 * it, up to `limitBytes`.
 */

import { LEVEL } from "../base/log-level.ts";
import { SnaxError } from "../base/error.ts";
import { SOCKET_PAUSE_BYTES, SOCKET_UNREAD_MAX } from "../base/limits.ts";
import type { Message } from "../kernel/message.ts";
import { Callback } from "../service/callback.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Consumer, Link } from "./link.ts";
import type { SocketOwner } from "./socket-owner.ts";

/** What a call waits for. */
interface Waiting {
  /** Tries to take it out; undefined if it has not come. */
  readonly take: () => unknown;
  /** Least number of bytes that can satisfy it. */
  readonly least: number;
  readonly resolve: (value: unknown) => void;
  readonly origin: Message | undefined;
  /** Says that the wait is over. */
  readonly endWait: () => void;
}

/** What is told when a connection ends. */
type OnClose = (id: number) => unknown;
/** What is told of unsent bytes, in KiB. */
type OnWarning = (id: number, size: number) => unknown;

/** What a service reads of one connection. */
export class StreamReader implements Consumer {
  readonly keepsClosed = true;
  /** Most unread bytes, whether a call waits for them or not; with more the connection is cut. */
  limitBytes: number = SOCKET_UNREAD_MAX;
  /** The other side sends nothing any more, or the connection is gone. */
  isEnded = false;
  /** The runtime reads it, and not code of the program, in whose place other code may come. */
  isOfRuntime = false;
  #onClose: Callback<OnClose> | undefined = undefined;
  #onWarning: Callback<OnWarning> | undefined = undefined;
  readonly #owner: SocketOwner;
  readonly #link: Link;
  #queue: ByteQueue;
  #waiting: Waiting | undefined = undefined;
  #isSettling = false;
  #isPaused = false;
  #isHeld = false;
  /** What comes while what came before is still on its way from another thread. */
  #later: Buffer[] | undefined = undefined;
  #endsLater = false;

  /** @param queue - what came before and was not read */
  constructor(owner: SocketOwner, link: Link, queue: ByteQueue = new ByteQueue()) {
    this.#owner = owner;
    this.#link = link;
    this.#queue = queue;
  }

  /** Sets what is told once when the connection ends. */
  tellClose(run: OnClose): void {
    this.#onClose?.end();
    this.#onClose = this.#keep("socket.onclose", run);
  }

  /** Sets what is told of unsent bytes, instead of the log. */
  tellWarning(run: OnWarning): void {
    this.#onWarning?.end();
    this.#onWarning = this.#keep("socket.warning", run);
  }

  #keep<F extends Function>(title: string, run: F): Callback<F> {
    const callback = new Callback(this.#owner.context, title, run);
    if (this.isOfRuntime) callback.end();
    return callback;
  }

  /** Bytes that came and were not read. */
  get unreadBytes(): number {
    return this.#queue.length;
  }

  /** What came before is on its way; until {@link takeRest} nothing that comes may be read. */
  expectRest(): void {
    this.#later = [];
  }

  /** Takes what came before. */
  takeRest(rest: Buffer): void {
    const chunks = [rest, ...(this.#later ?? [])];
    this.#later = undefined;
    for (const chunk of chunks) if (chunk.length > 0) this.takeChunk(chunk);
    if (this.#endsLater) this.#end();
  }

  takeChunk(chunk: Buffer): void {
    if (this.#later !== undefined) {
      this.#later.push(chunk);
      return;
    }
    this.#queue.push(chunk);
    const { length } = this.#queue;
    if (length > this.limitBytes) return this.#overflow(length);
    const waiting = this.#waiting;
    if (waiting !== undefined && length >= waiting.least) this.#settleSoon();
    else if (waiting === undefined && length > SOCKET_PAUSE_BYTES) this.#pause(length);
  }

  takeMessage(): void {}

  takeSign(): void {}

  takeEnd(): void {
    this.#end();
  }

  takeClose(): void {
    this.#end();
  }

  takeWarning(unsentBytes: number): void {
    const size = Math.ceil(unsentBytes / 1024);
    const { id } = this.#link;
    const onWarning = this.#onWarning;
    if (onWarning !== undefined) this.#owner.wakeProgram(() => onWarning.run(id, size));
    else if (size > 0) {
      this.#owner.tell(`WARNING: ${size} K bytes need to send out (fd = ${id})`, LEVEL.warn);
    }
  }

  /** Reads exactly that many bytes; undefined if the connection ends before. */
  read(count: number): Promise<Buffer | undefined> {
    if (count > this.limitBytes) {
      const why = `${count} bytes can't be read at once, the limit is ${this.limitBytes}`;
      throw new SnaxError("ERR_ARGUMENT", why);
    }
    const take = (): unknown => (this.#queue.length >= count ? this.#queue.take(count) : undefined);
    return this.#wait(take, count) as Promise<Buffer | undefined>;
  }

  /** Reads what there is, at least one byte; undefined at the end. */
  readSome(): Promise<Buffer | undefined> {
    const take = (): unknown => (this.#queue.length > 0 ? this.#queue.takeAll() : undefined);
    return this.#wait(take, 1) as Promise<Buffer | undefined>;
  }

  /** Reads up to a separator, which is dropped; undefined if the connection ends before. */
  readLine(separator: string): Promise<string | undefined> {
    const take = (): unknown => this.#queue.takeLine(separator)?.toString();
    return this.#wait(take, 1) as Promise<string | undefined>;
  }

  /** Reads everything until the connection ends. */
  readAll(): Promise<Buffer> {
    const take = (): unknown => (this.isEnded ? this.#queue.takeAll() : undefined);
    return this.#wait(take, Infinity) as Promise<Buffer>;
  }

  /** Waits until something can be read; false at the end. */
  block(): Promise<boolean> {
    const take = (): unknown => this.#queue.length > 0 || undefined;
    return this.#wait(take, 1).then((value) => value === true);
  }

  /** Reads no further until a call wants something. */
  hold(): void {
    this.#isHeld = true;
    this.#stop();
  }

  /**
   * Ends the reading here: a waiting reader gets undefined.
   *
   * @returns what came and was not read.
   */
  handOver(): ByteQueue {
    const queue = this.#queue;
    this.#queue = new ByteQueue();
    this.isEnded = true;
    this.#settle();
    return queue;
  }

  #wait(take: () => unknown, least: number): Promise<unknown> {
    if (this.#waiting !== undefined) {
      const why = `other code of this service reads socket ${this.#link.id} already`;
      throw new SnaxError("ERR_SOCKET", why);
    }
    const value = take();
    if (value !== undefined || this.isEnded) {
      this.#resumeIfRead();
      return Promise.resolve(value);
    }
    const { runtime, service } = this.#owner.context;
    const { origin } = runtime.kernel;
    const { commitments } = runtime;
    const endWait = this.isOfRuntime
      ? commitments.wait(origin, service)
      : commitments.waitOutside(origin, service);
    const promise = new Promise((resolve) => {
      this.#waiting = { take, least, resolve, origin, endWait };
    });
    this.#isHeld = false;
    this.#go();
    return promise;
  }

  #settleSoon(): void {
    if (this.#isSettling || this.#waiting === undefined) return;
    this.#isSettling = true;
    this.#owner.wake(() => this.#settle(), this.#waiting.origin);
  }

  #settle(): void {
    this.#isSettling = false;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const value = waiting.take();
    if (value === undefined && !this.isEnded) return;
    this.#waiting = undefined;
    waiting.endWait();
    this.#resumeIfRead();
    waiting.resolve(value);
  }

  #end(): void {
    if (this.#later !== undefined) {
      this.#endsLater = true;
      return;
    }
    if (this.isEnded) return;
    this.isEnded = true;
    this.#settleSoon();
    const onClose = this.#onClose;
    const { id } = this.#link;
    this.#onWarning?.end();
    if (onClose === undefined) return;
    this.#owner.wakeProgram(() => {
      onClose.end();
      return onClose.run(id);
    });
  }

  #overflow(length: number): void {
    const { id } = this.#link;
    this.#owner.tell(`socket buffer overflow: fd=${id} size=${length}`, LEVEL.warn);
    const why = `${length} unread bytes exceed the limit of ${this.limitBytes}`;
    this.#link.destroy(new SnaxError("ERR_OVERFLOW", why));
  }

  #pause(length: number): void {
    if (this.#isPaused) return;
    this.#owner.tell(`Pause socket (${this.#link.id}) size : ${length}`);
    this.#stop();
  }

  #resumeIfRead(): void {
    const { length } = this.#queue;
    if (!this.#isPaused || this.#isHeld || length > SOCKET_PAUSE_BYTES) return;
    this.#owner.tell(`Resume socket (${this.#link.id})`);
    this.#go();
  }

  #stop(): void {
    this.#isPaused = true;
    this.#link.pause();
  }

  #go(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#link.resume();
  }
}
