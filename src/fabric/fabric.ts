/**
 * One thread's part of a node of several threads: where its messages to the others go, and where theirs come in.
 *
 *     Kernel.send -> deliver -> directory: which thread -> RecordWriter -> ring -> published when the turn ends
 *     ring -> receive, when a turn begins -> decoded -> Kernel.arrive
 *
 * Beside messages it carries words between the threads themselves (`tell`), in order with the messages of the same pair
 * of threads. What they mean is for higher layers to say.
 *
 * Hot path (bench: thread).
 */

import { SnaxError } from "../base/error.ts";
import { formatAddress, harborOf } from "../kernel/service.ts";
import { bereave } from "../kernel/death.ts";
import type { Elsewhere } from "../kernel/kernel-options.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Message, REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import { ThreadDecoder } from "../wire/codec-decoder.ts";
import { ThreadEncoder } from "../wire/codec-encoder.ts";
import { CodecMemory, NO_MEMORY } from "../wire/codec-memory.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import type { Directory } from "./directory.ts";
import { isForeign } from "./harbor-door.ts";
import { HEAD_BYTES, KIND, RecordHead, RecordWriter } from "./record.ts";
import type { Exchange, Rest, ThreadLink } from "./ring-exchange.ts";
import type { Incoming } from "./ring-inbox.ts";
import { epochOf } from "./ring-memory.ts";

/** What a fabric is made of. */
export interface FabricOptions {
  /** This thread's number. */
  readonly thread: number;
  readonly directory: Directory;
  /** The kinds of portable objects; the same on every thread. */
  readonly portables: PortableTable;
  /** This node's id in a harbor network. */
  readonly harbor: number;
  /** Most messages that wait for room on the way to one thread; 0 = no bound. */
  readonly waitingLimit: number;
  /** Gets each word that another thread's fabric was told to say. */
  readonly onWord: (thread: number, values: readonly unknown[]) => void;
  /** A handle's thread is not known here: perhaps news of it are somewhere unread. @defaultValue there are none */
  readonly onUnknown?: () => void;
  /** What another thread sent can't be read: a bug, and nothing of that thread can be trusted any more. */
  readonly onMalformed: (thread: number, error: unknown) => void;
}

/** Both directions between this thread and one other. */
class Peer {
  readonly encoder: ThreadEncoder;
  readonly decoder: ThreadDecoder;
  readonly writer: RecordWriter;
  /** Of the record that came last. */
  readonly head = new RecordHead();
  /** Records that getters of a message sent while it was being written; they go behind it. */
  readonly nested: RecordWriter[] = [];
  /** The ring's memory, as the codec sees it. */
  incoming: CodecMemory = NO_MEMORY;

  constructor(portables: PortableTable) {
    this.encoder = new ThreadEncoder(portables);
    this.decoder = new ThreadDecoder(portables);
    this.writer = new RecordWriter(this.encoder);
  }
}

type Retarget = Pick<RecordHead, "target" | "source" | "session">;

/** The fabric of one thread. */
export class Fabric implements Elsewhere {
  readonly thread: number;
  readonly #options: FabricOptions;
  readonly #peers: (Peer | undefined)[] = [];
  #kernel: Kernel | undefined = undefined;
  #exchange: Exchange | undefined = undefined;
  /** What waits until all that was sent to a thread before is published. */
  #late: { readonly thread: number; readonly send: () => void }[] = [];

  constructor(options: FabricOptions) {
    this.thread = options.thread;
    this.#options = options;
  }

  /** Says which kernel gets the messages, and which exchange carries them; once, before anything else. */
  attach(kernel: Kernel, exchange: Exchange): void {
    this.#kernel = kernel;
    this.#exchange = exchange;
  }

  /**
   * Joins this thread to another, in place of the one that had its number before.
   *
   * @returns false if it was joined to that incarnation or a later one already; then the link's port is closed.
   */
  connect(link: ThreadLink): boolean {
    const exchange = this.#exchange as Exchange;
    if (epochOf(link.outgoing) <= exchange.epoch(link.thread)) {
      link.port.close();
      return false;
    }
    this.disconnect(link.thread);
    this.#peers[link.thread] = new Peer(this.#options.portables);
    return exchange.connect(link);
  }

  /** Parts from a thread that has died: what it published is taken in, what waited for it is dropped. */
  disconnect(thread: number): void {
    this.#exchange?.disconnect(thread);
    this.#peers[thread] = undefined;
    if (this.#late.length > 0) this.#sendLate();
  }

  lives(handle: number): boolean {
    if (isForeign(handle, this.#options.harbor)) return true;
    const thread = this.threadOf(handle);
    return thread !== undefined && thread !== this.thread;
  }

  /** Returns the thread that a handle's service lives on; undefined if no service of this node lives there. */
  threadOf(handle: number): number | undefined {
    if (handle >>> 0 !== handle || harborOf(handle) !== this.#options.harbor) return undefined;
    return this.#options.directory.threadOf(handle);
  }

  /** Whether the service that lived under a handle of this node will answer no more, because its thread has died: see Directory. */
  isLost(handle: number): boolean {
    return harborOf(handle) === this.#options.harbor && this.#options.directory.isLost(handle);
  }

  deliver(target: number, message: Message): boolean {
    // The main thread holds the connections to other harbors.
    const thread =
      this.threadOf(target) ?? (isForeign(target, this.#options.harbor) ? 0 : undefined);
    if (thread === undefined || thread === this.thread) return false;
    const isAnswer = message.type === PTYPE.response || message.type === PTYPE.error;
    if (!isAnswer) this.#checkRoom(thread, target);
    return this.#send(thread, target, message);
  }

  retarget(source: number, session: number, handle: number, from: number): void {
    const home = this.threadOf(source);
    if (home === undefined || home === this.thread) return;
    const message = new Message(PTYPE.system, source, session, 0, [from]);
    const thread = this.threadOf(handle) ?? this.thread;
    // Order: the request first. A thread that dies between the two would leave a call that waits for a service that has
    // never heard of it. test/sim/fabric.test.ts
    this.#late.push({ thread, send: () => void this.#send(home, handle, message, KIND.retarget) });
    this.#sendLate();
  }

  /** Sends what goes behind a request to another thread, as far as that request is published. */
  #sendLate(): void {
    this.#exchange?.publish();
    const late = this.#late;
    this.#late = [];
    for (const word of late) {
      if ((this.#exchange?.waiting(word.thread) ?? 0) > 0) this.#late.push(word);
      else word.send();
    }
  }

  /**
   * Says something to another thread's fabric, in order with the messages to its services.
   *
   * @returns false if that thread is dead.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   */
  tell(thread: number, ...values: readonly unknown[]): boolean {
    return this.#send(thread, 0, new Message(PTYPE.system, 0, 0, 0, values), KIND.control);
  }

  /**
   * Says something to the main thread that it can see at once, although it is not woken for that before the turn ends.
   *
   * @returns false if the main thread is gone, or more than `waitingLimit` records wait for it.
   */
  show(...values: readonly unknown[]): boolean {
    const { waitingLimit } = this.#options;
    const exchange = this.#exchange as Exchange;
    if (waitingLimit > 0 && exchange.waiting(0) >= waitingLimit) return false;
    const message = new Message(PTYPE.system, 0, 0, 0, values);
    if (!this.#send(0, 0, message, KIND.aside)) return false;
    exchange.show(0);
    return true;
  }

  /** Takes in what the other threads have published, outside turns: see Exchange.takeAll. */
  catchUp(): void {
    this.#exchange?.takeAll();
  }

  /** Says something to the fabrics of all other threads, those included of which only the news has come. */
  tellAll(...values: readonly unknown[]): void {
    this.#options.onUnknown?.();
    for (const thread of this.#peers.keys()) {
      if (this.#peers[thread] !== undefined) this.tell(thread, ...values);
    }
  }

  /** The other threads that this one is joined to. */
  get threads(): number[] {
    return [...this.#peers.keys()].filter((thread) => this.#peers[thread] !== undefined);
  }

  #checkRoom(thread: number, target: number): void {
    const { waitingLimit } = this.#options;
    if (waitingLimit === 0) return;
    const waiting = this.#exchange?.waiting(thread) ?? 0;
    if (waiting < waitingLimit) return;
    throw new SnaxError(
      "ERR_MAILBOX_FULL",
      `${waiting} messages wait on their way to the thread of ${formatAddress(target)}, the limit is ${waitingLimit}`,
    );
  }

  #send(thread: number, target: number, message: Message, kind?: number): boolean {
    const before = this.#peers[thread];
    if (this.#sendTo(thread, target, message, kind)) return true;
    // Race: a thread that ended may have a successor already, known to the thread that sent us here and not to us: the news of it
    // is unread. test/unit/fabric/fabric-death.test.ts
    this.#options.onUnknown?.();
    return this.#peers[thread] !== before && this.#sendTo(thread, target, message, kind);
  }

  #sendTo(thread: number, target: number, message: Message, kind: number | undefined): boolean {
    const peer = this.#peers[thread];
    if (peer === undefined) return false;
    if (peer.writer.isBusy) return keepNested(peer, target, message, kind);
    peer.writer.load(target, message, kind);
    try {
      return (this.#exchange as Exchange).send(thread, peer.writer);
    } finally {
      // Also if it was refused: what its getters sent was not.
      peer.writer.unload();
      if (peer.nested.length > 0) this.#sendNested(thread, peer);
    }
  }

  readonly #recover = (peer: Peer | undefined, thread: number): void => {
    if (peer === undefined) return;
    peer.encoder.recover();
    if (peer.nested.length > 0) this.#sendNested(thread, peer);
  };

  #sendNested(thread: number, { nested }: Peer): void {
    for (let inner = nested.shift(); inner !== undefined; inner = nested.shift()) {
      this.#exchange?.send(thread, inner);
    }
  }

  /** Takes in what the other threads have published; a turn begins with it. */
  receive(): void {
    // A handler may have been cut off in a getter of what it sent.
    this.#peers.forEach(this.#recover);
    this.#exchange?.receive();
  }

  /** Lets the other threads see what was sent so far. */
  publish(): void {
    this.#exchange?.publish();
  }

  /** Says that more will come from another thread at once. */
  expectMore(): void {
    this.#exchange?.expectMore();
  }

  /** Wakes a thread for what this one sends it soon. */
  rouse(thread: number): void {
    this.#exchange?.rouse(thread);
  }

  /** Ends a turn: see Exchange.rest. */
  rest(): Rest {
    if (this.#late.length > 0) this.#sendLate();
    return this.#exchange?.rest() ?? "asleep";
  }

  /** Gets a record from the exchange; see ExchangeOptions. */
  take(thread: number, record: Incoming): boolean {
    const peer = this.#peers[thread];
    if (peer === undefined) return false;
    let payload: unknown;
    try {
      payload = this.#read(peer, record);
    } catch (error) {
      this.#options.onMalformed(thread, error);
      return false;
    }
    const isAside = peer.head.kind === KIND.aside;
    this.#hand(thread, peer.head, payload);
    return !isAside;
  }

  #read(peer: Peer, { bytes, start, end, attachments }: Incoming): unknown {
    if (peer.incoming.bytes.buffer !== bytes.buffer) peer.incoming = new CodecMemory(bytes);
    const { incoming: memory, head, decoder } = peer;
    head.read(memory, start);
    // Every record is decoded, also if its receiver is gone: a later one may be written in its terms.
    const receiver = this.#kernel?.services.get(head.target);
    const isOne = head.kind === KIND.value;
    const at = start + HEAD_BYTES;
    if (attachments.length > 0) {
      const parcel = { bytes: bytes.subarray(at, end), shared: attachments as SharedArrayBuffer[] };
      return isOne
        ? decoder.decodeResultApart(parcel, receiver)
        : decoder.decodeArgumentsApart(parcel, receiver);
    }
    return isOne
      ? decoder.decodeResult(memory, at, end, receiver)
      : decoder.decodeArguments(memory, at, end, receiver);
  }

  /** The head is read before anything is called: what is called may take in the next record. */
  #hand(
    thread: number,
    { kind, target, type, source, session, method }: RecordHead,
    payload: unknown,
  ): void {
    if (kind === KIND.control || kind === KIND.aside) {
      this.#options.onWord(thread, payload as unknown[]);
    } else if (kind === KIND.retarget) {
      this.#takeRetarget({ target, source, session }, payload as [from: number]);
    } else {
      const message = new Message(type, source, session, method, payload);
      if (kind === KIND.value || kind === KIND.posted) message.reply = REPLY.none;
      this.#kernel?.arrive(target, message);
    }
  }

  #takeRetarget({ target, source, session }: Retarget, [from]: [number]): void {
    const kernel = this.#kernel;
    const answerer = kernel?.retarget(source, session, target, from);
    // Race: the thread of the service that answers from now on may have died, and its calls have been failed, before this word
    // came. test/unit/fabric/fabric-death.test.ts
    if (kernel === undefined || answerer === undefined || !this.isLost(answerer)) return;
    bereave(kernel, (handle) => handle === answerer);
  }
}

function keepNested(peer: Peer, target: number, message: Message, kind?: number): true {
  const writer = new RecordWriter(peer.encoder);
  writer.load(target, message, kind);
  writer.settle();
  peer.nested.push(writer);
  return true;
}
