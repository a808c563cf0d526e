/**
 * Work on texts that a thread with services must not do itself, on a thread of its own:
 * transforming what blanking can't turn into JavaScript, and compiling what is large.
 *
 *     requestImage   -> asked, the thread goes on; takeImage finds the image
 *     now            -> asked, the caller sleeps until it is there: for texts that come without warning
 *
 * The project's compilers are large and slow, and a text may break them or never end. So the other
 * thread has a time limit for each text, it is ended then and when it has been idle, and an answer
 * is kept as long as its file has that text.
 */

/* oxlint-disable no-restricted-globals -- a compiler's time is the machine's, whatever the kernel's clock says */

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { SnaxError } from "../../base/error.ts";
import { TRANSFORM_IDLE_MS, TRANSFORM_LIMIT_MS, TRANSFORMS_KEPT_MAX } from "../../base/limits.ts";
import type { ImageData } from "../weave/image.ts";
import { createPlacedError } from "../text/position.ts";
import type { Stripped } from "../typescript/strip.ts";
import type { TransformOrder } from "../typescript/transform-need.ts";
import type {
  CompileAnswer,
  CompileMessage,
  CompileThreadData,
  ImageOrder,
} from "./transform-worker.ts";

/** How long a text may take, and how long the thread waits for the next one. */
export interface TransformerOptions {
  /** @defaultValue TRANSFORM_LIMIT_MS */
  readonly limitMs?: number;
  /** @defaultValue TRANSFORM_IDLE_MS */
  readonly idleMs?: number;
}

/** A text of which the image is wanted. */
export type ImageWish = Omit<ImageOrder, "known">;

type Order = TransformOrder | ImageOrder;

interface Job {
  readonly order: Order;
  /** Set once the order has been sent. */
  deadline: number;
  answer: CompileAnswer | undefined;
  readonly settle: (() => void)[];
}

/** The other thread, as this one holds it. */
interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly answered: Int32Array;
}

/** The transformer of one thread. */
export class Transformer {
  readonly #limitMs: number;
  readonly #idleMs: number;
  /** Answers and open orders, by kind and file. */
  readonly #jobs = new Map<string, Job>();
  /** Those whose answers have been used, the oldest first. */
  readonly #used = new Set<string>();
  /** Images that have come without being asked for, by file. */
  readonly #early = new Map<string, ImageData>();
  /** Orders that have not been sent. */
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #helper: Helper | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({
    limitMs = TRANSFORM_LIMIT_MS,
    idleMs = TRANSFORM_IDLE_MS,
  }: TransformerOptions = {}) {
    this.#limitMs = limitMs;
    this.#idleMs = idleMs;
  }

  /**
   * Returns what a text is transformed to.
   *
   * @throws {ERR_SYNTAX} if it is not valid, or nothing that is installed can transform it.
   */
  now(order: TransformOrder): Stripped {
    const job = this.#find(order) ?? this.#add(order, true);
    while (job.answer === undefined) this.#listen();
    return this.#read(job, job.answer) as Stripped;
  }

  /**
   * Returns the image of a text that has been asked for, or has come without, with V8's cached
   * code; once.
   *
   * @returns undefined if there is none yet.
   * @throws {ERR_SYNTAX} or {ERR_MODULE} if there can be none.
   */
  takeImage({ file, text }: Pick<ImageOrder, "file" | "text">): ImageData | undefined {
    const early = this.#early.get(file);
    this.#early.delete(file);
    if (early?.text === text) return early;
    const key = `image ${file}`;
    const job = this.#jobs.get(key);
    if (job?.answer === undefined || job.order.text !== text) return undefined;
    const image = this.#read(job, job.answer) as ImageData;
    this.#jobs.delete(key);
    return image;
  }

  /**
   * Has an image made; the promise is settled when {@link Transformer.takeImage} can tell.
   *
   * @param known - lists the files whose images are there already.
   */
  requestImage(wish: ImageWish, known: () => Iterable<string>): Promise<void> {
    // The worker has been told.
    const order = { ...wish, known: this.#current === undefined ? [...known()] : [] };
    const job = this.#find(order) ?? this.#add(order, false);
    return new Promise((resolve) => job.settle.push(resolve));
  }

  /** Forgets the text of a file, or all. */
  forget(file?: string): void {
    if (file === undefined) this.#early.clear();
    else this.#early.delete(file);
    for (const [key, job] of this.#jobs) {
      const { order } = job;
      const home = "home" in order ? order.home : order.file;
      if (file === undefined || home === file) this.#jobs.delete(key);
    }
  }

  #find(order: Order): Job | undefined {
    const job = this.#jobs.get(keyOf(order));
    return job?.order.text === order.text ? job : undefined;
  }

  #add(order: Order, isUrgent: boolean): Job {
    const job: Job = { order, deadline: Infinity, answer: undefined, settle: [] };
    this.#jobs.set(keyOf(order), job);
    if (isUrgent) this.#waiting.unshift(job);
    else this.#waiting.push(job);
    this.#sendNext();
    return job;
  }

  #read({ order }: Job, answer: CompileAnswer): Stripped | ImageData {
    const { failure } = answer;
    if (failure === undefined) {
      this.#keep(keyOf(order));
      return answer.result;
    }
    // What was missing may be there at the next try.
    this.#jobs.delete(keyOf(order));
    const { code, message, data } = failure;
    throw new SnaxError(code, message, data === undefined ? {} : { data });
  }

  /** Answers that have not been used yet are kept in any case. */
  #keep(key: string): void {
    this.#used.delete(key);
    this.#used.add(key);
    if (this.#used.size <= TRANSFORMS_KEPT_MAX) return;
    const [oldest = ""] = this.#used;
    this.#used.delete(oldest);
    this.#jobs.delete(oldest);
  }

  #sendNext(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    clearTimeout(this.#timer);
    if (job === undefined) return this.#rest();
    const { worker, port } = (this.#helper ??= this.#start());
    worker.ref();
    port.ref();
    this.#current = job;
    job.deadline = performance.now() + this.#limitMs;
    this.#timer = setTimeout(() => this.#giveUp(), this.#limitMs);
    port.postMessage(job.order);
  }

  /**
   * Nothing is asked for the moment: the thread holds up the end of no node, and it ends by itself
   * after a while.
   */
  #rest(): void {
    this.#helper?.worker.unref();
    this.#helper?.port.unref();
    this.#timer = setTimeout(() => this.#end(), this.#idleMs).unref();
  }

  #start(): Helper {
    const { port1: port, port2 } = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const data: CompileThreadData = { port: port2, answered };
    // What the process was started with, such as a debugger's port, is not meant for this thread.
    const worker = new Worker(new URL("./transform-worker.js", import.meta.url), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
      name: "snax transformer",
    });
    const helper = { worker, port, answered };
    worker.on("error", (error) => this.#lose(helper, error.message));
    worker.on("exit", () => this.#lose(helper, "its thread has ended"));
    port.on("message", (message: CompileMessage) => this.#hear(helper, message));
    return helper;
  }

  /** Sleeps until the other thread answers. */
  #listen(): void {
    const helper = this.#helper;
    const job = this.#current;
    if (helper === undefined || job === undefined) return this.#sendNext();
    const { port, answered } = helper;
    const before = Atomics.load(answered, 0);
    const received = receiveMessageOnPort(port) as { message: CompileMessage } | undefined;
    if (received !== undefined) return this.#hear(helper, received.message);
    const leftMs = job.deadline - performance.now();
    if (leftMs <= 0) this.#giveUp();
    else Atomics.wait(answered, 0, before, leftMs);
  }

  #hear(helper: Helper, message: CompileMessage): void {
    if ("answer" in message) return this.#settle(helper, message.answer);
    const { early } = message;
    const job = this.#jobs.get(`image ${early.file}`);
    // The order for it may be on its way, and is answered, too.
    if (job === undefined) this.#early.set(early.file, early);
    else if (job !== this.#current) this.#give(job, { result: early });
  }

  /** Answers an order that has not been sent. */
  #give(job: Job, answer: CompileAnswer): void {
    const at = this.#waiting.indexOf(job);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    job.answer = answer;
    for (const settle of job.settle.splice(0)) settle();
  }

  #settle(helper: Helper, answer: CompileAnswer): void {
    const job = this.#current;
    if (helper !== this.#helper || job === undefined) return;
    this.#current = undefined;
    if (answer.failure?.isMissing === true) this.#end();
    job.answer = answer;
    for (const settle of job.settle.splice(0)) settle();
    this.#sendNext();
  }

  #giveUp(): void {
    this.#lose(
      this.#helper,
      `it was not transformed within ${this.#limitMs} ms (TRANSFORM_LIMIT_MS): a part of it may be too large for the compiler`,
    );
  }

  /** The thread is no good any more; its order fails, and the next one gets another. */
  #lose(helper: Helper | undefined, why: string): void {
    if (helper === undefined || helper !== this.#helper) return;
    const text = this.#current === undefined ? "" : `the compiler did not finish: ${why}`;
    this.#end();
    const job = this.#current;
    if (job === undefined) return;
    this.#current = undefined;
    const { file } = job.order;
    const { code, message, data } = createPlacedError(
      "ERR_SYNTAX",
      { file, line: 1, column: 1 },
      text,
    );
    job.answer = { failure: { code, message, data, isMissing: false } };
    for (const settle of job.settle.splice(0)) settle();
    this.#sendNext();
  }

  #end(): void {
    this.#early.clear();
    const helper = this.#helper;
    this.#helper = undefined;
    helper?.port.close();
    void helper?.worker.terminate();
  }
}

/** The transformer of this thread. */
export const transformer: Transformer = new Transformer();

/** Transforms a text while the caller sleeps. */
export function transformNow(order: TransformOrder): Stripped {
  return transformer.now(order);
}

function keyOf(order: Order): string {
  return `${"injected" in order ? "image" : "text"} ${order.file}`;
}
