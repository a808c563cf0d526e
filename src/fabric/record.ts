/**
 * A message between two threads, as bytes: a head of four words, then what the codec writes.
 *
 *     | to whom | from whom | session | kind, type, method | arguments, or one value |
 *
 * Hot path (bench: thread).
 */

import type { Message } from "../kernel/message.ts";
import { REPLY } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Parcel, ThreadEncoder } from "../wire/codec-encoder.ts";
import { CodecMemory, NO_MEMORY } from "../wire/codec-memory.ts";
import type { Outgoing } from "./ring-outbox.ts";

/** What a record is. */
export const KIND = {
  /** A message whose payload is a list of arguments. */
  values: 0,
  /** A message whose payload is one value: an answer. */
  value: 1,
  /** A word between the fabrics themselves: a list of values, to no service. */
  control: 2,
  /** Another service answers a waiting call: see Kernel.retarget. */
  retarget: 3,
  /** A word that no caller waits for: the thread that takes it in need not look for more. */
  aside: 4,
  /** As values, and no answer is awaited although it carries a session: the message of a client. */
  posted: 5,
} as const;

/** Bytes of the head. */
export const HEAD_BYTES = 16;

const TYPE_BITS = 9;
const TYPE_MASK = (1 << TYPE_BITS) - 1;
const METHOD_SHIFT = TYPE_BITS;
const METHOD_MASK = 0xfffff;
const KIND_SHIFT = 29;

const NO_SHARED: readonly SharedArrayBuffer[] = [];

/** Writes messages; one object serves all that a thread sends to one other. */
export class RecordWriter implements Outgoing {
  attachments: readonly unknown[] = NO_SHARED;
  readonly #encoder: ThreadEncoder;
  #memory: CodecMemory = NO_MEMORY;
  #target = 0;
  #source = 0;
  #session = 0;
  #bits = 0;
  #payload: unknown = undefined;
  /** The message, if it had to be encoded in memory of its own. */
  #parcel: Parcel | undefined = undefined;

  constructor(encoder: ThreadEncoder) {
    this.#encoder = encoder;
  }

  /** A getter of the message that is being written runs: this object is in use. */
  get isBusy(): boolean {
    return this.#encoder.isBusy;
  }

  /** Says what is written next. */
  load(target: number, message: Message, kind?: number): void {
    const { type, method } = message;
    const what = kind ?? kindOf(message);
    this.#target = target;
    this.#source = message.source;
    this.#session = message.session;
    this.#bits = (what << KIND_SHIFT) | (method << METHOD_SHIFT) | type;
    this.#payload = message.payload;
    this.#parcel = undefined;
    this.attachments = NO_SHARED;
  }

  /** Forgets the message, so that it can be collected. */
  unload(): void {
    this.#payload = undefined;
    this.#parcel = undefined;
    this.attachments = NO_SHARED;
  }

  /** Encodes the message now, in terms that depend on no other message: it may be sent later. */
  settle(): void {
    this.#parcel = this.#encodeApart();
    this.attachments = this.#parcel.shared;
  }

  write(bytes: Uint8Array, start: number, end: number): number {
    const at = start + HEAD_BYTES;
    if (at > end) return -(HEAD_BYTES * 4);
    if (this.#memory.bytes.buffer !== bytes.buffer) this.#memory = new CodecMemory(bytes);
    this.#writeHead(start);
    if (this.#parcel !== undefined) return this.#copyParcel(this.#parcel, bytes, start, end);
    const last = this.#encode(at, end);
    if (last >= 0) return last - start;
    if (last === Number.NEGATIVE_INFINITY) {
      const parcel = this.#encodeApart();
      this.#parcel = parcel;
      this.attachments = parcel.shared;
      return this.#copyParcel(parcel, bytes, start, end);
    }
    return -Math.max(HEAD_BYTES - last, end - start + 1);
  }

  #writeHead(start: number): void {
    const { view } = this.#memory;
    view.setUint32(start, this.#target, true);
    view.setUint32(start + 4, this.#source, true);
    view.setUint32(start + 8, this.#session, true);
    view.setUint32(start + 12, this.#bits >>> 0, true);
  }

  /** Whether the payload is one value; else it is a list. */
  get #isOne(): boolean {
    return this.#bits >>> KIND_SHIFT === KIND.value;
  }

  #encode(at: number, end: number): number {
    const encoder = this.#encoder;
    return this.#isOne
      ? encoder.encodeResult(this.#payload, this.#memory, at, end)
      : encoder.encodeArguments(this.#payload as unknown[], this.#memory, at, end);
  }

  #encodeApart(): Parcel {
    const encoder = this.#encoder;
    return this.#isOne
      ? encoder.encodeResultApart(this.#payload)
      : encoder.encodeArgumentsApart(this.#payload as unknown[]);
  }

  #copyParcel(parcel: Parcel, bytes: Uint8Array, start: number, end: number): number {
    const length = HEAD_BYTES + parcel.bytes.length;
    if (start + length > end) return -length;
    bytes.set(parcel.bytes, start + HEAD_BYTES);
    return length;
  }
}

function kindOf({ type, session, reply }: Message): number {
  if (type === PTYPE.response || type === PTYPE.error) return KIND.value;
  return session !== 0 && reply === REPLY.none ? KIND.posted : KIND.values;
}

/** A record's head, as it was read; one object serves all that come from one other thread. */
export class RecordHead {
  kind = 0;
  target = 0;
  source = 0;
  session = 0;
  type = 0;
  method = 0;

  /** Reads the head that begins there. */
  read({ view }: CodecMemory, start: number): void {
    const bits = view.getUint32(start + 12, true);
    this.kind = bits >>> KIND_SHIFT;
    this.target = view.getUint32(start, true);
    this.source = view.getUint32(start + 4, true);
    this.session = view.getUint32(start + 8, true);
    this.type = bits & TYPE_MASK;
    this.method = (bits >>> METHOD_SHIFT) & METHOD_MASK;
  }
}
