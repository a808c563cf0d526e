/**
 * One message, and the list in which messages wait.
 *
 * A message is its own list node: a mailbox is two pointers and a count, so an idle service owns no queue, and
 * taking a message in or out allocates nothing.
 */

/** What is known of the answer to a request. */
export const REPLY = {
  /** No answer is awaited: a post, or the session was given up by `ignoreret`. */
  none: 0,
  /** The handler still owes the answer. */
  owed: 1,
  /** Answered; a second answer is an error. */
  done: 2,
  /** Owed by a detached response: what the handler returns is no answer. */
  detached: 3,
} as const;

/** What a sender says about its message. One envelope is good for one message. */
export interface Envelope {
  readonly type: number;
  /** The method's number in a snax message, otherwise 0. */
  readonly method: number;
  /** The arguments, in an array that becomes the message's own: the kernel puts their copies into it. */
  readonly values: unknown[];
}

// Most bytes of a flood are messages, and its greatest cost is to collect them: the small numbers share one field.
//   bits 0..1 reply, 2..10 type, 11..30 method
const REPLY_BITS = 3;
const TYPE_SHIFT = 2;
const TYPE_BITS = 0x1ff;
const METHOD_SHIFT = 11;

/** A message on its way to, or inside, a mailbox. */
export class Message {
  /** The sender's handle; 0 stands for the runtime itself. */
  readonly source: number;
  /** What the sender calls this request; 0 = no answer is awaited. For PTYPE client the connection. */
  readonly session: number;
  /** Arguments, a result, an error, a timer, or raw bytes: what it is follows from the type. */
  readonly payload: unknown;
  /** The message behind this one in the list where it waits; owned by that list. */
  next: Message | undefined = undefined;
  /** The reply, the type and the method. */
  #bits: number;

  /**
   * @param type - 0..511: a number of PTYPE or of a protocol that a program registered.
   * @param method - 0..1,048,575: the method's number in a snax message, otherwise 0.
   */
  // oxlint-disable-next-line max-params -- hot path: one object per message; an options object would be a second one
  constructor(type: number, source: number, session: number, method: number, payload: unknown) {
    this.source = source;
    this.session = session;
    this.payload = payload;
    const reply = session === 0 ? REPLY.none : REPLY.owed;
    this.#bits = (method << METHOD_SHIFT) | (type << TYPE_SHIFT) | reply;
  }

  /** A number of {@link PTYPE} or of a protocol that a program registered. */
  get type(): number {
    return (this.#bits >>> TYPE_SHIFT) & TYPE_BITS;
  }

  /** The method's number in a snax message, otherwise 0. */
  get method(): number {
    return this.#bits >>> METHOD_SHIFT;
  }

  /** One of {@link REPLY}; only the kernel changes it. */
  get reply(): number {
    return this.#bits & REPLY_BITS;
  }

  set reply(reply: number) {
    this.#bits = (this.#bits & ~REPLY_BITS) | reply;
  }
}

/** Messages in the order in which they came. */
export class MessageList {
  /** The message that came first. */
  head: Message | undefined = undefined;
  #tail: Message | undefined = undefined;
  /** How many messages wait. */
  length = 0;

  /** Adds a message at the end. */
  push(message: Message): void {
    if (this.#tail === undefined) this.head = message;
    else this.#tail.next = message;
    this.#tail = message;
    this.length += 1;
  }

  /** Puts all messages of another list, which is empty afterwards, before those of this one. */
  prepend(other: MessageList): void {
    if (other.#tail === undefined) return;
    other.#tail.next = this.head;
    this.head = other.head;
    this.#tail ??= other.#tail;
    this.length += other.length;
    other.head = other.#tail = undefined;
    other.length = 0;
  }

  /** Takes the first message out. */
  shift(): Message | undefined {
    const message = this.head;
    if (message === undefined) return undefined;
    this.head = message.next;
    if (this.head === undefined) this.#tail = undefined;
    message.next = undefined;
    this.length -= 1;
    return message;
  }
}
