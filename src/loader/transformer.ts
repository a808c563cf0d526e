/**
 * Texts that blanking can't turn into JavaScript, by the compiler of the user's project, on a thread of its own.
 *
 *     later(order)  -> asked, the thread goes on; now(order) finds the answer
 *     now(order)    -> asked, the caller sleeps until it is there: for texts that come without warning
 *
 * The compilers are large and slow, and a text may break them or never end. So the other thread has a time limit for each
 * text, it is ended then and when it has been idle, and an answer is kept as long as its file has that text.
 */

/* oxlint-disable no-restricted-globals -- a compiler's time is the machine's, whatever the kernel's clock says */

import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { TRANSFORM_IDLE_MS, TRANSFORM_LIMIT_MS, TRANSFORMS_KEPT_MAX } from "../base/limits.ts";
import { createPlacedError } from "./position.ts";
import type { Stripped } from "./strip.ts";
import type { TransformAnswer, TransformOrder, TransformThreadData } from "./transform-worker.ts";

/** How long a text may take, and how long the thread waits for the next one. */
export interface TransformerOptions {
  /** @defaultValue TRANSFORM_LIMIT_MS */
  readonly limitMs?: number;
  /** @defaultValue TRANSFORM_IDLE_MS */
  readonly idleMs?: number;
}

interface Job {
  readonly order: TransformOrder;
  /** Set once the order has been sent. */
  deadline: number;
  answer: TransformAnswer | undefined;
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
  /** Answers and open orders, by file. */
  readonly #jobs = new Map<string, Job>();
  /** Files whose answers have been used, the oldest first. */
  readonly #used = new Set<string>();
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
    return this.#read(job);
  }

  /** Has a text transformed, so that `now` answers at once; returns undefined if it does so already. */
  later(order: TransformOrder): Promise<void> | undefined {
    const job = this.#find(order) ?? this.#add(order, false);
    if (job.answer !== undefined) return undefined;
    return new Promise((resolve) => job.settle.push(resolve));
  }

  /** Forgets the text of a file, or all. */
  forget(file?: string): void {
    for (const [key, job] of this.#jobs) {
      if (file === undefined || job.order.home === file) this.#jobs.delete(key);
    }
  }

  #find(order: TransformOrder): Job | undefined {
    const job = this.#jobs.get(order.file);
    return job?.order.text === order.text ? job : undefined;
  }

  #add(order: TransformOrder, isUrgent: boolean): Job {
    const job: Job = { order, deadline: Infinity, answer: undefined, settle: [] };
    this.#jobs.set(order.file, job);
    if (isUrgent) this.#waiting.unshift(job);
    else this.#waiting.push(job);
    this.#sendNext();
    return job;
  }

  #read({ order, answer }: Job): Stripped {
    if (answer === undefined) throw new Error("there is no answer yet");
    if (answer.why === undefined) {
      this.#keep(order.file);
      return answer;
    }
    // What was missing may be there at the next try.
    this.#jobs.delete(order.file);
    const { why, line, column } = answer;
    throw createPlacedError("ERR_SYNTAX", { file: order.file, line, column }, why);
  }

  /** Answers that nobody has used yet are kept in any case. */
  #keep(file: string): void {
    this.#used.delete(file);
    this.#used.add(file);
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

  /** Nothing is asked for the moment: nobody's end is held up by the thread, and it ends by itself after a while. */
  #rest(): void {
    this.#helper?.worker.unref();
    this.#helper?.port.unref();
    this.#timer = setTimeout(() => this.#end(), this.#idleMs).unref();
  }

  #start(): Helper {
    const { port1: port, port2 } = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const data: TransformThreadData = { port: port2, answered };
    // What the process was started with, a debugger's port for one, is not meant for this thread.
    const worker = new Worker(new URL("./transform-worker.js", import.meta.url), {
      workerData: data,
      transferList: [port2],
      execArgv: [],
      name: "snax transformer",
    });
    const helper = { worker, port, answered };
    worker.on("error", (error) => this.#lose(helper, error.message));
    worker.on("exit", () => this.#lose(helper, "its thread has ended"));
    port.on("message", (answer: TransformAnswer) => this.#settle(helper, answer));
    return helper;
  }

  /** Sleeps until the other thread answers. */
  #listen(): void {
    const helper = this.#helper;
    const job = this.#current;
    if (helper === undefined || job === undefined) return this.#sendNext();
    const { port, answered } = helper;
    const before = Atomics.load(answered, 0);
    const received = receiveMessageOnPort(port) as { message: TransformAnswer } | undefined;
    if (received !== undefined) return this.#settle(helper, received.message);
    const leftMs = job.deadline - performance.now();
    if (leftMs <= 0) this.#giveUp();
    else Atomics.wait(answered, 0, before, leftMs);
  }

  #settle(helper: Helper, answer: TransformAnswer): void {
    const job = this.#current;
    if (helper !== this.#helper || job === undefined) return;
    this.#current = undefined;
    if (answer.why !== undefined && answer.isMissing === true) this.#end();
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
    job.answer = { why: text, line: 1, column: 1 };
    for (const settle of job.settle.splice(0)) settle();
    this.#sendNext();
  }

  #end(): void {
    const helper = this.#helper;
    this.#helper = undefined;
    helper?.port.close();
    void helper?.worker.terminate();
  }
}

/** Thrown where a text can't be read at once: its transformer has been asked. */
export class TransformPending extends Error {
  override name = "TransformPending";
  /** Resolves when the text can be read. */
  readonly ready: Promise<void>;

  constructor(ready: Promise<void>) {
    super("the text is being transformed");
    this.ready = ready;
  }
}

/** The transformer of this thread. */
export const transformer: Transformer = new Transformer();

/** Transforms a text while the caller sleeps. */
export function transformNow(order: TransformOrder): Stripped {
  return transformer.now(order);
}

/**
 * Returns what has been transformed already.
 *
 * @throws TransformPending otherwise.
 */
export function transformSoon(order: TransformOrder): Stripped {
  const ready = transformer.later(order);
  if (ready !== undefined) throw new TransformPending(ready);
  return transformer.now(order);
}
